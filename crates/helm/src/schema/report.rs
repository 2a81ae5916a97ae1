//! Validation errors in the words and the layout of santhosh-tekuri/jsonschema v6.
//!
//! That library reports a tree that follows the schema: `allOf` and its kin hold
//! what failed below them, several failures of one schema are a group, a failed
//! `type` hides all else. The `jsonschema` crate reports a flat list, but each item
//! tells the path of keywords by which it was reached, from which the tree is
//! rebuilt here.

use std::borrow::Cow;

use gotmpl::strconv::{format_float, quote as go_quote};
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value as Json;

/// An error with its paths taken apart.
struct Item<'e> {
    error: &'e ValidationError<'e>,
    /// Keywords and names, through references.
    steps: Vec<String>,
    /// Path to the value.
    path: Vec<String>,
}

/// What failed at one place.
#[derive(Debug)]
struct Failure {
    rank: usize,
    pointer: String,
    text: String,
    causes: Vec<Failure>,
    /// Whether this stands for several failures of a schema and nothing else.
    is_group: bool,
}

/// Returns a line for each failure, indented by depth, without a final newline.
pub(super) fn lines(errors: &[ValidationError<'_>], schema: &Json) -> String {
    lines_below(0, errors, schema)
}

/// Returns the lines of errors whose first steps, so many, led to the schema.
pub(super) fn lines_below(depth: usize, errors: &[ValidationError<'_>], schema: &Json) -> String {
    let items: Vec<Item<'_>> = errors.iter().map(Item::new).collect();
    let items: Vec<&Item<'_>> = items.iter().collect();
    let mut failures = Report { schema }.node(&items, depth, 0);
    // A single group at the top is not shown as one.
    if failures.len() == 1 && failures[0].is_group {
        failures = std::mem::take(&mut failures[0].causes);
    }
    let mut lines = Vec::new();
    failures.iter().for_each(|failure| failure.print(0, &mut lines));
    lines.join("\n")
}

/// Returns the keys of the values that an error is about.
pub(super) fn refused(error: &ValidationError<'_>) -> Vec<Vec<String>> {
    let path = tokens(error.instance_path().as_str());
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().map(|name| [path.as_slice(), std::slice::from_ref(name)].concat()).collect()
        }
        _ => vec![path],
    }
}

impl Failure {
    fn new(keyword: &str, path: &[String], text: impl Into<String>, causes: Vec<Failure>) -> Self {
        Failure { rank: rank(keyword), pointer: pointer(path), text: text.into(), causes, is_group: false }
    }

    fn print(&self, depth: usize, lines: &mut Vec<String>) {
        lines.push(format!("{}- at {}: {}", "  ".repeat(depth), quote(&self.pointer), self.text));
        self.causes.iter().for_each(|cause| cause.print(depth + 1, lines));
    }
}

impl<'e> Item<'e> {
    fn new(error: &'e ValidationError<'e>) -> Self {
        let (steps, path) =
            (tokens(error.evaluation_path().as_str()), tokens(error.instance_path().as_str()));
        Item { error, steps, path }
    }

    fn step(&self, depth: usize) -> &str {
        self.steps.get(depth).map_or("", String::as_str)
    }

    /// Returns so many parts of the path to the value.
    fn value_path(&self, parts: usize) -> &[String] {
        self.path.get(..parts).unwrap_or(&self.path)
    }

    /// Returns whether the keyword at this depth is the one that failed.
    fn is_leaf(&self, depth: usize) -> bool {
        !matches!(self.error.kind(), Kind::FalseSchema) && self.steps.len() == depth + 1
    }
}

struct Report<'s> {
    schema: &'s Json,
}

impl Report<'_> {
    /// Returns what failed in one schema: that which `depth` steps lead to, applied
    /// to the value at the first `at` parts of the path.
    fn node(&self, items: &[&Item<'_>], depth: usize, at: usize) -> Vec<Failure> {
        let mut failures = Vec::new();
        let mut rest = items;
        while let Some((first, _)) = rest.split_first() {
            let end = rest.iter().position(|item| !is_same_application(first, item, depth, at));
            let (group, after) = rest.split_at(end.unwrap_or(rest.len()));
            rest = after;
            self.application(group, depth, at, &mut failures);
        }
        // These end the check of a schema, the first of them.
        if let Some(fatal) = failures.iter().filter(|failure| failure.rank < FATAL).map(|f| f.rank).min() {
            failures.retain(|failure| failure.rank == fatal);
        }
        failures.sort_by_key(|failure| failure.rank);
        failures
    }

    /// Adds the failures of one keyword, or of one schema that a keyword applies.
    fn application(&self, group: &[&Item<'_>], depth: usize, at: usize, failures: &mut Vec<Failure>) {
        let first = group[0];
        let keyword = first.step(depth);
        if first.steps.len() <= depth || first.is_leaf(depth) {
            self.leaves(group, at, failures);
            return;
        }
        if keyword == "allOf" {
            self.all_of(group, depth, at, failures);
            return;
        }
        if keyword == "propertyNames" {
            self.property_names(group, failures);
            return;
        }
        let next = first.step(depth + 1);
        let is_indexed = next.bytes().all(|byte| byte.is_ascii_digit()) && !next.is_empty();
        let (steps, parts) = match keyword {
            "properties" | "patternProperties" => (2, 1),
            "dependentSchemas" | "dependencies" => (2, 0),
            "items" | "prefixItems" if is_indexed => (2, 1),
            "items"
            | "prefixItems"
            | "additionalItems"
            | "contains"
            | "unevaluatedItems"
            | "additionalProperties"
            | "unevaluatedProperties" => (1, 1),
            _ => (1, 0),
        };
        let below = self.node(group, depth + steps, at + parts);
        failures.extend(grouped(below, first.value_path(at + parts), keyword));
    }

    fn all_of(&self, group: &[&Item<'_>], depth: usize, at: usize, failures: &mut Vec<Failure>) {
        let mut causes = Vec::new();
        for part in group.chunk_by(|a, b| a.step(depth + 1) == b.step(depth + 1)) {
            let below = self.node(part, depth + 2, at);
            causes.extend(grouped(below, part[0].value_path(at), ""));
        }
        failures.push(Failure::new("allOf", group[0].value_path(at), "'allOf' failed", causes));
    }

    /// A name is checked as if it were a document: without a path.
    fn property_names(&self, group: &[&Item<'_>], failures: &mut Vec<Failure>) {
        for item in group {
            let Kind::PropertyNames { error } = item.error.kind() else { continue };
            let name = error.instance().as_str().unwrap_or_default();
            let text = format!("invalid propertyName {}", quote(name));
            let cause = Failure::new("", &[], self.text(error), Vec::new());
            let known = failures.iter_mut().find(|failure| failure.text == text);
            match known {
                Some(failure) => failure.causes.push(cause),
                None => failures.push(Failure::new("propertyNames", &[], text, vec![cause])),
            }
        }
    }

    fn leaves(&self, group: &[&Item<'_>], at: usize, failures: &mut Vec<Failure>) {
        let first = group[0];
        let keyword = first.steps.last().map_or("", String::as_str);
        let path = first.value_path(at);
        let mut push = |path: &[String], text: String, causes: Vec<Failure>| {
            failures.push(Failure::new(keyword, path, text, causes));
        };
        match (first.error.kind(), keyword) {
            (Kind::Required { .. }, "required") => push(path, missing(group), Vec::new()),
            (Kind::Required { .. }, _) => {
                for text in self.dependents(first) {
                    push(path, text, Vec::new());
                }
            }
            (Kind::UnevaluatedProperties { unexpected }, _) => {
                for name in unexpected {
                    let mut path = path.to_vec();
                    path.push(name.clone());
                    push(&path, "false schema".to_owned(), Vec::new());
                }
            }
            (Kind::AnyOf { context } | Kind::OneOfNotValid { context }, _) => {
                let depth = first.steps.len() + 1;
                let causes =
                    context.iter().flat_map(|errors| self.alternative(errors, depth, path)).collect();
                push(path, self.text(first.error), causes);
            }
            _ => {
                for item in group {
                    push(path, self.text(item.error), Vec::new());
                }
            }
        }
    }

    fn alternative(&self, errors: &[ValidationError<'_>], depth: usize, path: &[String]) -> Option<Failure> {
        let items: Vec<Item<'_>> = errors.iter().map(Item::new).collect();
        let items: Vec<&Item<'_>> = items.iter().collect();
        grouped(self.node(&items, depth, path.len()), path, "")
    }

    /// Returns what is missing because of other properties. The error does not tell
    /// which these are, but the schema does.
    fn dependents(&self, item: &Item<'_>) -> Vec<String> {
        let (Some(rules), Some(instance)) = (
            self.schema.pointer(item.error.schema_path().as_str()).and_then(Json::as_object),
            item.error.instance().as_object(),
        ) else {
            return vec![self.text(item.error)];
        };
        let mut texts = Vec::new();
        for (property, needed) in rules.iter().filter(|(property, _)| instance.contains_key(*property)) {
            let needed = needed.as_array().into_iter().flatten().filter_map(Json::as_str);
            let missing: Vec<_> = needed.filter(|name| !instance.contains_key(*name)).map(quote).collect();
            if !missing.is_empty() {
                let missing = missing.join(", ");
                texts.push(format!("properties {missing} required, if {} exists", quote(property)));
            }
        }
        texts
    }

    /// Returns the words for one error.
    fn text(&self, error: &ValidationError<'_>) -> String {
        let instance: &Json = error.instance();
        let bound =
            |name: &str, limit: &Json| format!("{name}: got {}, want {}", number(instance), number(limit));
        let count = |name: &str, got: usize, limit: u64| {
            format!(
                "{name}: got {}, want {}",
                grouped_digits(&got.to_string()),
                grouped_digits(&limit.to_string())
            )
        };
        let items = || instance.as_array().map_or(0, Vec::len);
        let properties = || instance.as_object().map_or(0, serde_json::Map::len);
        let length = || instance.as_str().map_or(0, |text| text.chars().count());
        match error.kind() {
            Kind::Type { kind } => format!("got {}, want {}", type_of(instance), wanted(kind)),
            Kind::Enum { options } => one_of(options),
            Kind::Constant { expected_value } => match expected_value.as_ref() {
                Json::Array(_) | Json::Object(_) => "'const' failed".to_owned(),
                want => format!("value must be {}", display(want)),
            },
            Kind::Minimum { limit } => bound("minimum", limit),
            Kind::Maximum { limit } => bound("maximum", limit),
            Kind::ExclusiveMinimum { limit } => bound("exclusiveMinimum", limit),
            Kind::ExclusiveMaximum { limit } => bound("exclusiveMaximum", limit),
            Kind::MultipleOf { multiple_of } => bound("multipleOf", &Json::from(*multiple_of)),
            Kind::MinItems { limit } => count("minItems", items(), *limit),
            Kind::MaxItems { limit } => count("maxItems", items(), *limit),
            Kind::MinProperties { limit } => count("minProperties", properties(), *limit),
            Kind::MaxProperties { limit } => count("maxProperties", properties(), *limit),
            Kind::MinLength { limit } => count("minLength", length(), *limit),
            Kind::MaxLength { limit } => count("maxLength", length(), *limit),
            Kind::Pattern { pattern } => {
                let text = instance.as_str().unwrap_or_default();
                format!("{} does not match pattern {}", quote(text), quote(pattern))
            }
            Kind::Custom { message, .. } => message.clone(),
            Kind::Format { format } => {
                let why = instance.as_str().filter(|_| format == "regex").and_then(sprig::pattern_error);
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                format!("{} is not valid {format}{why}", display(instance))
            }
            Kind::AdditionalProperties { unexpected } => {
                let names: Vec<_> = unexpected.iter().map(|name| quote(name)).collect();
                format!("additional properties {} not allowed", names.join(", "))
            }
            Kind::AdditionalItems { limit } => {
                format!("last {} additionalItem(s) not allowed", items().saturating_sub(*limit))
            }
            Kind::Contains => "no items match contains schema".to_owned(),
            Kind::UniqueItems => duplicates(instance),
            Kind::Not { .. } => "'not' failed".to_owned(),
            Kind::AnyOf { .. } => "'anyOf' failed".to_owned(),
            Kind::OneOfNotValid { .. } => "'oneOf' failed, none matched".to_owned(),
            Kind::OneOfMultipleValid { context } => {
                let matched = context.iter().enumerate().filter(|(_, errors)| errors.is_empty());
                let matched: Vec<_> = matched.take(2).map(|(index, _)| index.to_string()).collect();
                format!("'oneOf' failed, subschemas {} matched", matched.join(", "))
            }
            Kind::FalseSchema => "false schema".to_owned(),
            Kind::Required { property } => format!("missing property {}", display(property)),
            // What remains is not checked by default, or has no counterpart in Go.
            _ => error.to_string(),
        }
    }
}

/// Returns whether two errors come from one keyword, or from one schema applied to one value.
fn is_same_application(a: &Item<'_>, b: &Item<'_>, depth: usize, at: usize) -> bool {
    if a.step(depth) != b.step(depth) || a.is_leaf(depth) != b.is_leaf(depth) {
        return false;
    }
    match a.step(depth) {
        "properties" | "patternProperties" | "dependentSchemas" | "dependencies" | "prefixItems" => {
            a.step(depth + 1) == b.step(depth + 1) && a.path.get(at) == b.path.get(at)
        }
        "items"
        | "additionalItems"
        | "additionalProperties"
        | "contains"
        | "unevaluatedItems"
        | "unevaluatedProperties" => a.path.get(at) == b.path.get(at),
        _ => true,
    }
}

/// Returns the failures of a schema, which a keyword applied, as one.
///
/// A reference takes the place of a group, even of one that lies further down.
fn grouped(mut failures: Vec<Failure>, path: &[String], keyword: &str) -> Option<Failure> {
    let is_reference = matches!(keyword, "$ref" | "$dynamicRef" | "$recursiveRef");
    if failures.len() > 1 {
        let group = Failure::new(keyword, path, "validation failed", failures);
        return Some(Failure { is_group: !is_reference, ..group });
    }
    let only = failures.pop()?;
    if is_reference && only.is_group {
        return Some(Failure::new(keyword, path, only.text, only.causes));
    }
    Some(Failure { rank: rank(keyword), ..only })
}

/// Ranks below this end the check of a schema.
const FATAL: usize = 4;

/// The order in which the Go library checks keywords.
const ORDER: [&str; 37] = [
    "type",
    "const",
    "enum",
    "format",
    "$ref",
    "minProperties",
    "maxProperties",
    "required",
    "dependencies",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "dependentSchemas",
    "dependentRequired",
    "minItems",
    "maxItems",
    "uniqueItems",
    "prefixItems",
    "items",
    "additionalItems",
    "contains",
    "minContains",
    "maxContains",
    "minLength",
    "maxLength",
    super::pattern::KEYWORD,
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "not",
    "allOf",
    "anyOf",
    "oneOf",
    "then",
];

fn rank(keyword: &str) -> usize {
    ORDER.iter().position(|known| *known == keyword).unwrap_or(ORDER.len())
}

fn missing(group: &[&Item<'_>]) -> String {
    let names: Vec<_> = group
        .iter()
        .filter_map(|item| match item.error.kind() {
            Kind::Required { property } => Some(display(property)),
            _ => None,
        })
        .collect();
    let noun = if names.len() == 1 { "property" } else { "properties" };
    format!("missing {noun} {}", names.join(", "))
}

fn one_of(options: &Json) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    if options.iter().any(|option| option.is_array() || option.is_object()) {
        return "'enum' failed".to_owned();
    }
    let shown: Vec<_> = options.iter().map(display).collect();
    match shown.as_slice() {
        [only] => format!("value must be {only}"),
        several => format!("value must be one of {}", several.join(", ")),
    }
}

fn duplicates(instance: &Json) -> String {
    let items = instance.as_array().map(Vec::as_slice).unwrap_or_default();
    for (second, item) in items.iter().enumerate() {
        if let Some(first) = items[..second].iter().position(|earlier| earlier == item) {
            return format!("items at {first} and {second} are equal");
        }
    }
    "items are equal".to_owned()
}

fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

fn wanted(kind: &TypeKind) -> String {
    const ORDER: [&str; 7] = ["null", "boolean", "number", "integer", "string", "array", "object"];
    let mut names: Vec<String> = match kind {
        TypeKind::Single(kind) => vec![kind.to_string()],
        TypeKind::Multiple(kinds) => kinds.iter().map(|kind| kind.to_string()).collect(),
    };
    names.sort_by_key(|name| ORDER.iter().position(|known| known == name));
    names.join(" or ")
}

/// Returns a scalar as Go prints it in these messages.
fn display(value: &Json) -> String {
    match value {
        Json::String(text) => quote(text),
        Json::Null => "<nil>".to_owned(),
        Json::Array(_) | Json::Object(_) => "value".to_owned(),
        Json::Bool(_) | Json::Number(_) => value.to_string(),
    }
}

/// Returns a number as Go's `x/text` prints it in English: `1,234.5`, `5×10⁰⁶`.
fn number(value: &Json) -> String {
    const SUPERSCRIPT: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let text = format_float(value.as_f64().unwrap_or_default(), b'g', None);
    let Some((mantissa, exponent)) = text.split_once('e') else { return grouped_digits(&text) };
    let raised = exponent.chars().filter_map(|c| match c {
        '-' => Some('⁻'),
        digit => digit.to_digit(10).and_then(|digit| SUPERSCRIPT.get(digit as usize)).copied(),
    });
    format!("{mantissa}×10{}", raised.collect::<String>())
}

/// Sets commas between thousands.
fn grouped_digits(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

/// Quotes as the Go library does: Go's escapes, but in single quotes.
pub(super) fn quote(text: &str) -> String {
    // A backslash at the end loses its own, as Go's closing quote is still there.
    let quoted = go_quote(text.as_bytes()).replace("\\\"", "\"").replace('\'', "\\'");
    format!("'{}'", &quoted[1..quoted.len() - 1])
}

fn pointer(path: &[String]) -> String {
    path.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect()
}

fn tokens(pointer: &str) -> Vec<String> {
    let decode = |part: &str| -> String {
        if part.contains('~') { Cow::from(part.replace("~1", "/").replace("~0", "~")) } else { part.into() }
            .into_owned()
    };
    pointer.split('/').skip(1).map(decode).collect()
}
