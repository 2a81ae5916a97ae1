//! What handlebars itself would let pass, refused before anything is rendered.
//!
//! The crate's strict mode knows plain `{{name}}` only: an absent name that is
//! given to a helper or to a partial is null there. So the parsed templates
//! are rewritten: every name that is passed on is wrapped into
//! [`REQUIRED`], and every expression that prints into [`PRINT`]. On the way,
//! helpers, their arguments and included templates are checked by name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use handlebars::Template;
use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, Subexpression, TemplateElement};
use serde_json::Value as Json;

use super::helpers::{DEFAULT, Form, HAS, PRINT, REQUIRED, SIGNATURES, Signature};
use super::{TemplateError, TemplateErrorKind, TemplateFile};
use kubeschema::closest;

/// Blocks and parentheses inside each other; parser and renderer are recursive.
const DEEPEST: usize = 100;
/// The name under which a partial sees the block that it was given.
const PARTIAL_BLOCK: &str = "@partial-block";

/// The parsed files, by the name under which they are included.
pub(super) type Templates<'a> = BTreeMap<&'a str, (&'a TemplateFile, Template)>;

/// Refuses a text whose blocks, branches and parentheses go deeper than the
/// stack is meant for. Nothing has to match here: what does not close is an
/// error of the parser's.
pub(super) fn check_depth(file: &TemplateFile) -> Result<(), TemplateError> {
    // The branches of every open block, and what is open inside a tag.
    let mut blocks: Vec<usize> = Vec::new();
    let mut brackets: Option<usize> = None;
    let mut start = 0;
    for (index, byte) in file.text.bytes().enumerate() {
        let rest = &file.text.as_bytes()[index..];
        match (byte, brackets) {
            (b'{', None) if rest.starts_with(b"{{") => {
                (brackets, start) = (Some(0), index + 2);
                count_tag(&rest[2..], &mut blocks);
            }
            _ if index < start => {}
            (b'}', Some(_)) if rest.starts_with(b"}}") => brackets = None,
            (b'(' | b'[' | b'{', Some(open)) => brackets = Some(open + 1),
            (b')' | b']' | b'}', Some(open)) => brackets = Some(open.saturating_sub(1)),
            _ => {}
        }
        if blocks.iter().sum::<usize>() + brackets.unwrap_or(0) > DEEPEST {
            let kind = TemplateErrorKind::TooDeep { limit: DEEPEST };
            return Err(TemplateError::at(file, line_and_column(&file.text, index), kind));
        }
    }
    Ok(())
}

/// Counts the tag that begins with `rest`: a block's start, branch or end.
fn count_tag(rest: &[u8], blocks: &mut Vec<usize>) {
    let rest = rest.strip_prefix(b"~").unwrap_or(rest).trim_ascii_start();
    if rest.starts_with(b"#") {
        blocks.push(1);
    } else if rest.starts_with(b"/") {
        blocks.pop();
    } else if (rest.starts_with(b"else") || rest.starts_with(b"^"))
        && let Some(branches) = blocks.last_mut()
    {
        *branches += 1;
    }
}

fn line_and_column(text: &str, index: usize) -> (usize, usize) {
    let before = text.get(..index).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

/// Rewrites and checks every template; returns all that is wrong.
pub(super) fn check(templates: &mut Templates<'_>) -> Vec<TemplateError> {
    let mut names: BTreeSet<String> = templates.keys().map(|name| (*name).to_owned()).collect();
    for (_, template) in templates.values() {
        inline_names(template, &mut names);
    }
    let mut includes = Includes::new();
    let mut errors = Vec::new();
    for (name, (file, template)) in &mut *templates {
        Pass {
            file,
            names: &names,
            within: (*name).to_owned(),
            place: (1, 1),
            includes: &mut includes,
            errors: &mut errors,
        }
        .template(template);
    }
    errors.extend(cycle(&includes));
    errors
}

/// Collects the names of partials that are defined inside templates.
fn inline_names(template: &Template, names: &mut BTreeSet<String>) {
    for element in &template.elements {
        match element {
            TemplateElement::DecoratorBlock(inline) => {
                names.extend(inline_name(inline).map(str::to_owned));
                inline.template.iter().for_each(|inner| inline_names(inner, names));
            }
            TemplateElement::PartialBlock(partial) => {
                partial.template.iter().for_each(|inner| inline_names(inner, names));
            }
            TemplateElement::HelperBlock(block) => {
                block.template.iter().chain(&block.inverse).for_each(|inner| inline_names(inner, names));
            }
            _ => {}
        }
    }
}

fn inline_name(inline: &DecoratorTemplate) -> Option<&str> {
    match inline.params.first() {
        Some(Parameter::Literal(Json::String(name))) => Some(name),
        _ => None,
    }
}

/// Which template includes which, and where.
type Includes<'a> = BTreeMap<String, Vec<(String, &'a TemplateFile, (usize, usize))>>;

/// The way through one file.
struct Pass<'a, 'f> {
    file: &'f TemplateFile,
    /// Every name that can be included.
    names: &'a BTreeSet<String>,
    /// The template that is gone through: the file's, or one defined in it.
    within: String,
    /// Where the element begins that is gone through.
    place: (usize, usize),
    includes: &'a mut Includes<'f>,
    errors: &'a mut Vec<TemplateError>,
}

impl Pass<'_, '_> {
    fn template(&mut self, template: &mut Template) {
        for (index, element) in template.elements.iter_mut().enumerate() {
            if let Some(place) = template.mapping.get(index) {
                self.place = (place.0, place.1);
            }
            self.element(element);
        }
    }

    fn element(&mut self, element: &mut TemplateElement) {
        match element {
            TemplateElement::Expression(printed) | TemplateElement::HtmlExpression(printed) => {
                self.printed(printed);
            }
            TemplateElement::HelperBlock(block) => {
                self.call(block);
                for inner in block.template.iter_mut().chain(&mut block.inverse) {
                    self.template(inner);
                }
            }
            TemplateElement::PartialExpression(partial) | TemplateElement::PartialBlock(partial) => {
                self.partial(partial);
            }
            TemplateElement::DecoratorBlock(inline) => {
                let name = inline_name(inline).unwrap_or_default().to_owned();
                let outer = std::mem::replace(&mut self.within, name);
                inline.template.iter_mut().for_each(|inner| self.template(inner));
                self.within = outer;
            }
            _ => {}
        }
    }

    /// `{{name}}` or `{{helper …}}`.
    fn printed(&mut self, printed: &mut HelperTemplate) {
        let name = printed.name.as_name().unwrap_or_default().to_owned();
        let bare = printed.params.is_empty() && printed.hash.is_empty();
        let (value, shown) = if bare && find(&name).is_none() {
            let mut value = printed.name.clone();
            self.param(&mut value);
            (value, name)
        } else {
            self.call(printed);
            let params = std::mem::take(&mut printed.params);
            let value = Subexpression::new(printed.name.clone(), params, HashMap::new());
            (Parameter::Subexpression(value), format!("({name} …)"))
        };
        printed.name = Parameter::Name(PRINT.to_owned());
        printed.params = vec![value, Parameter::Literal(Json::String(shown))];
        printed.hash = HashMap::new();
    }

    /// A call of a helper, whatever its form.
    fn call(&mut self, call: &mut HelperTemplate) {
        let name = call.name.as_name().unwrap_or_default();
        let Some(Signature { name, arguments, form }) = find(name) else {
            let suggestion = closest(name, SIGNATURES.iter().map(|known| known.name)).map(str::to_owned);
            return self.error(TemplateErrorKind::UnknownHelper { name: name.to_owned(), suggestion });
        };
        if let Some(message) = match (call.block, form) {
            (true, Form::Function) => Some(format!("`{name}` is no block, it is written `{{{{{name} …}}}}`")),
            (false, Form::Block) => Some(format!("`{name}` is a block, it is written `{{{{#{name} …}}}}`")),
            _ => None,
        } {
            return self.error(TemplateErrorKind::Argument(message));
        }
        if call.params.len() != arguments || !call.hash.is_empty() {
            let found = call.params.len() + call.hash.len();
            let message = format!("`{name}` takes {arguments} unnamed arguments, not {found}");
            return self.error(TemplateErrorKind::Argument(message));
        }
        if name == HAS && !matches!(call.params.first(), Some(Parameter::Literal(Json::String(_)))) {
            let message = "`has` takes a name in quotes, as in `(has \"image.tag\")`".to_owned();
            return self.error(TemplateErrorKind::Argument(message));
        }
        for (index, param) in call.params.iter_mut().enumerate() {
            let optional = name == DEFAULT && index == 0 && matches!(param, Parameter::Path(_));
            if !optional {
                self.param(param);
            }
        }
    }

    /// Something that is passed on.
    fn param(&mut self, param: &mut Parameter) {
        match param {
            Parameter::Path(_) => {
                let required = Parameter::Name(REQUIRED.to_owned());
                *param = Parameter::Subexpression(Subexpression::new(
                    required,
                    vec![param.clone()],
                    HashMap::new(),
                ));
            }
            Parameter::Subexpression(inner) => {
                if let TemplateElement::Expression(call) = &mut *inner.element {
                    self.call(call);
                }
            }
            _ => {}
        }
    }

    /// `{{> name …}}`.
    fn partial(&mut self, partial: &mut DecoratorTemplate) {
        match partial.name.as_name() {
            None => self.error(TemplateErrorKind::ComputedPartial),
            Some(PARTIAL_BLOCK) => {}
            Some(name) if self.names.contains(name) => {
                let include = (name.to_owned(), self.file, self.place);
                self.includes.entry(self.within.clone()).or_default().push(include);
            }
            Some(name) => {
                let suggestion = closest(name, self.names.iter().map(String::as_str)).map(str::to_owned);
                let name = name.to_owned();
                self.error(TemplateErrorKind::UnknownPartial { name, suggestion });
            }
        }
        let mut hash: Vec<(String, Parameter)> = partial.hash.drain().collect();
        for param in partial.params.iter_mut().chain(hash.iter_mut().map(|(_, param)| param)) {
            self.param(param);
        }
        partial.hash.extend(hash);
        partial.template.iter_mut().for_each(|inner| self.template(inner));
    }

    fn error(&mut self, kind: TemplateErrorKind) {
        self.errors.push(TemplateError::at(self.file, self.place, kind));
    }
}

fn find(name: &str) -> Option<Signature> {
    SIGNATURES.iter().copied().find(|known| known.name == name)
}

/// Finds a template that includes itself, directly or by way of others.
fn cycle(includes: &Includes<'_>) -> Option<TemplateError> {
    let mut done = BTreeSet::new();
    includes.keys().find_map(|start| walk(includes, start, &mut vec![start], &mut done))
}

/// Follows the includes of the last template of `chain`.
fn walk<'a>(
    includes: &'a Includes<'_>,
    name: &'a str,
    chain: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Option<TemplateError> {
    for (target, file, place) in includes.get(name).into_iter().flatten() {
        if let Some(start) = chain.iter().position(|earlier| earlier == target) {
            let mut chain: Vec<String> = chain[start..].iter().map(|name| (*name).to_owned()).collect();
            chain.push(target.clone());
            return Some(TemplateError::at(file, *place, TemplateErrorKind::Cycle { chain }));
        }
        if !done.contains(target.as_str()) {
            chain.push(target);
            let found = walk(includes, target, chain, done);
            chain.pop();
            if found.is_some() {
                return found;
            }
        }
    }
    done.insert(name);
    None
}
