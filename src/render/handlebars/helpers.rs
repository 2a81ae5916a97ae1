//! The helpers that templates can use.
//!
//! Control flow and comparison are the handlebars crate's own; what they are
//! given is never absent (see [`super::strict`]). The functions that write
//! YAML are ours. Two more have names that nobody can type: every printed
//! expression goes through [`PRINT`], every name that is passed on through
//! [`REQUIRED`].

use handlebars::{
    Context, Handlebars, Helper, HelperDef, PathAndJson, RenderContext, RenderError, RenderErrorReason,
    ScopedJson, no_escape,
};
use serde_json::Value as Json;

use super::error::{NotSet, TemplateErrorKind};
use kubeschema::closest;

/// Prints what it is given, if that is text, a number or a truth value.
pub(super) const PRINT: &str = "(print)";
/// Returns what it is given, if that is set.
pub(super) const REQUIRED: &str = "(required)";
/// Returns its second argument if the first is not set; the one helper that
/// takes what is absent.
pub(super) const DEFAULT: &str = "default";

/// Tells whether a name is set, which it takes as text.
pub(super) const HAS: &str = "has";

/// How a helper may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As `{{#name …}}…{{/name}}` only.
    Block,
    /// As `(name …)` or `{{name …}}` only.
    Function,
    /// Both.
    Both,
}

/// What a template may call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) arguments: usize,
    pub(super) form: Form,
}

const fn signature(name: &'static str, arguments: usize, form: Form) -> Signature {
    Signature { name, arguments, form }
}

/// Every helper, in the order of their names.
pub(super) const SIGNATURES: [Signature; 21] = [
    signature("and", 2, Form::Both),
    signature(DEFAULT, 2, Form::Function),
    signature("each", 1, Form::Block),
    signature("eq", 2, Form::Both),
    signature("gt", 2, Form::Both),
    signature("gte", 2, Form::Both),
    signature(HAS, 1, Form::Function),
    signature("if", 1, Form::Block),
    signature("indent", 2, Form::Function),
    signature("json", 1, Form::Function),
    signature("len", 1, Form::Function),
    signature("lookup", 2, Form::Function),
    signature("lt", 2, Form::Both),
    signature("lte", 2, Form::Both),
    signature("ne", 2, Form::Both),
    signature("not", 1, Form::Both),
    signature("or", 2, Form::Both),
    signature("quote", 1, Form::Function),
    signature("unless", 1, Form::Block),
    signature("with", 1, Form::Block),
    signature("yaml", 1, Form::Function),
];

/// A registry with all helpers and no template.
pub(super) fn registry() -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(no_escape);
    registry.register_helper(PRINT, Box::new(Function(print)));
    registry.register_helper(REQUIRED, Box::new(Required));
    registry.register_helper(DEFAULT, Box::new(Default));
    registry.register_helper(HAS, Box::new(Has));
    registry.register_helper("indent", Box::new(Function(indent)));
    registry.register_helper("json", Box::new(Function(json)));
    registry.register_helper("lookup", Box::new(Function(lookup)));
    registry.register_helper("quote", Box::new(Function(quote)));
    registry.register_helper("yaml", Box::new(Function(yaml)));
    registry
}

type Answer = Result<Json, TemplateErrorKind>;

/// A helper that is a function of its arguments.
struct Function(fn(&[PathAndJson<'_>]) -> Answer);

impl HelperDef for Function {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        (self.0)(helper.params()).map(ScopedJson::Derived).map_err(thrown)
    }
}

/// See [`REQUIRED`].
struct Required;

impl HelperDef for Required {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        scope: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let param = argument(helper.params(), 0).map_err(thrown)?;
        if param.is_value_missing() {
            let name = param.relative_path().cloned().unwrap_or_default();
            let not_set = not_set(&name, context, scope).unwrap_or_default();
            return Err(thrown(TemplateErrorKind::NotSet(Box::new(NotSet { name, ..not_set }))));
        }
        Ok(scoped(param, context))
    }
}

/// See [`DEFAULT`].
struct Default;

impl HelperDef for Default {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let value = argument(helper.params(), 0).map_err(thrown)?;
        let absent = value.is_value_missing() || value.value().is_null();
        let chosen = if absent { argument(helper.params(), 1).map_err(thrown)? } else { value };
        Ok(scoped(chosen, context))
    }
}

/// See [`HAS`]; null is not set.
struct Has;

impl HelperDef for Has {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        scope: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let name = argument(helper.params(), 0).map_err(thrown)?;
        let found = scope.evaluate(context, name.value().as_str().unwrap_or_default())?;
        Ok(ScopedJson::Derived(Json::Bool(!found.is_missing() && !found.as_json().is_null())))
    }
}

/// An error of ours, as the crate passes it on.
fn thrown(kind: TemplateErrorKind) -> RenderError {
    RenderErrorReason::NestedError(Box::new(kind)).into()
}

fn argument<'a, 'rc>(
    params: &'a [PathAndJson<'rc>],
    index: usize,
) -> Result<&'a PathAndJson<'rc>, TemplateErrorKind> {
    params.get(index).ok_or_else(|| TemplateErrorKind::Argument(format!("argument {} is missing", index + 1)))
}

/// The value of an argument, borrowed where it is part of the data.
fn scoped<'rc>(param: &PathAndJson<'rc>, context: &'rc Context) -> ScopedJson<'rc> {
    let borrowed = param.context_path().and_then(|path| {
        let value = path.iter().try_fold(context.data(), |value, key| match value {
            Json::Array(items) => items.get(key.parse::<usize>().ok()?),
            Json::Object(map) => map.get(key),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
        })?;
        Some(ScopedJson::Context(value, path.clone()))
    });
    borrowed.unwrap_or_else(|| ScopedJson::Derived(param.value().clone()))
}

/// What is known of a name that is not set: the longest part of it that is, the
/// key there that is closest to the next part, and where that is in the data.
fn not_set<'reg: 'rc, 'rc>(
    name: &str,
    context: &'rc Context,
    scope: &RenderContext<'reg, 'rc>,
) -> Option<NotSet> {
    let mut end = name.len();
    loop {
        let cut = name[..end].rfind(['.', '/']);
        let (prefix, start) = cut.map_or(("", 0), |cut| (&name[..cut], cut + 1));
        let parent = if prefix.is_empty() { "this" } else { prefix };
        // A prefix such as `..` need not be a name by itself.
        if let Ok(found) = scope.evaluate(context, parent)
            && let Some(map) = found.as_json().as_object()
        {
            let wrong = &name[start..end];
            let near = closest(wrong, map.keys().map(String::as_str));
            let suggestion = near.map(|key| format!("{}{key}{}", &name[..start], &name[end..]));
            let path = found.context_path().cloned();
            let known = path.as_ref().map_or(0, Vec::len);
            let rest = || name[start..].split(['.', '/']).map(str::to_owned);
            let keys = path.into_iter().flat_map(|path| path.into_iter().chain(rest())).collect();
            return Some(NotSet { suggestion, keys, known, ..NotSet::default() });
        }
        end = cut?;
    }
}

fn print(params: &[PathAndJson<'_>]) -> Answer {
    let param = argument(params, 0)?;
    let what = match param.value() {
        Json::Array(_) => "a list",
        Json::Object(_) => "a map",
        value @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => return Ok(value.clone()),
    };
    // The name is passed as text beside the value.
    let name = params.get(1).and_then(|name| name.value().as_str()).unwrap_or_default().to_owned();
    Err(TemplateErrorKind::NotText { name, what })
}

fn json(params: &[PathAndJson<'_>]) -> Answer {
    Ok(Json::String(argument(params, 0)?.value().to_string()))
}

/// Double quotes in JSON's way are double quotes in YAML's.
fn quote(params: &[PathAndJson<'_>]) -> Answer {
    let value = argument(params, 0)?.value();
    let text = match value {
        Json::String(_) => value.to_string(),
        Json::Null => "\"\"".to_owned(),
        Json::Bool(_) | Json::Number(_) => format!("\"{value}\""),
        Json::Array(_) | Json::Object(_) => {
            let message = "`quote` takes text, a number or a truth value; write lists and maps with `json`";
            return Err(TemplateErrorKind::Argument(message.to_owned()));
        }
    };
    Ok(Json::String(text))
}

fn yaml(params: &[PathAndJson<'_>]) -> Answer {
    let text = goyaml::to_string(argument(params, 0)?.value())
        .map_err(|err| TemplateErrorKind::Argument(format!("`yaml` cannot write this: {err}")))?;
    Ok(Json::String(text.trim_end_matches('\n').to_owned()))
}

/// Every line that is not blank, the first one too.
fn indent(params: &[PathAndJson<'_>]) -> Answer {
    const WIDEST: u64 = 200;
    let width = argument(params, 0)?.value().as_u64().filter(|width| *width <= WIDEST);
    let text = argument(params, 1)?.value();
    let (Some(width), Some(text)) = (width, text.as_str()) else {
        let message =
            format!("`indent` takes a number up to {WIDEST} and a text, as in `(indent 4 (yaml x))`");
        return Err(TemplateErrorKind::Argument(message));
    };
    let blanks = " ".repeat(width as usize);
    let mut out = String::with_capacity(text.len() + width as usize * 8);
    for line in text.split_inclusive('\n') {
        if !line.trim_end().is_empty() {
            out.push_str(&blanks);
        }
        out.push_str(line);
    }
    Ok(Json::String(out))
}

fn lookup(params: &[PathAndJson<'_>]) -> Answer {
    let (within, key) = (argument(params, 0)?.value(), argument(params, 1)?.value());
    let found = match within {
        Json::Array(items) => {
            key.as_u64().and_then(|index| items.get(usize::try_from(index).unwrap_or(usize::MAX)))
        }
        Json::Object(map) => key.as_str().and_then(|key| map.get(key)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    };
    found.cloned().ok_or_else(|| {
        let name = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
        let near = within.as_object().zip(key.as_str());
        let near = near.and_then(|(map, key)| closest(key, map.keys().map(String::as_str)));
        let path = params.first().and_then(PathAndJson::context_path);
        let keys = path.map_or_else(Vec::new, |path| [path.as_slice(), std::slice::from_ref(&name)].concat());
        let (suggestion, known) = (near.map(str::to_owned), keys.len().saturating_sub(1));
        TemplateErrorKind::NotSet(Box::new(NotSet { name, suggestion, keys, known, ..NotSet::default() }))
    })
}
