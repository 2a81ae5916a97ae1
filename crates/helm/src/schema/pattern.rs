//! The keyword `pattern` with Go's regular expressions.
//!
//! The `jsonschema` crate takes those of JavaScript: it refuses `(?i)` or `[\w-.]`,
//! which charts use, and has other white space. So schemas are compiled with another
//! keyword in place of `pattern`, which the check of the schema itself lets pass.

use jsonschema::paths::Location;
use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Value as Json};

use super::report::quote;

/// Stands for `pattern`.
pub(super) const KEYWORD: &str = "goPattern";

/// A compiled pattern.
struct GoPattern {
    text: String,
    is_match: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

/// Compiles the keyword.
pub(super) fn compile<'s>(
    _: &'s Map<String, Json>,
    pattern: &'s Json,
    _: Location,
) -> Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'s>> {
    let text = pattern.as_str().unwrap_or_default().to_owned();
    let is_match = sprig::matcher(&text).map_err(ValidationError::custom)?;
    Ok(Box::new(GoPattern { text, is_match: Box::new(is_match) }))
}

impl<'i> Keyword<'i> for GoPattern {
    fn validate(&self, instance: &'i Json) -> Result<(), ValidationError<'i>> {
        match instance.as_str() {
            Some(text) if !(self.is_match)(text) => {
                let message = format!("{} does not match pattern {}", quote(text), quote(&self.text));
                Err(ValidationError::custom(message))
            }
            _ => Ok(()),
        }
    }

    fn is_valid(&self, instance: &'i Json) -> bool {
        instance.as_str().is_none_or(&self.is_match)
    }
}

/// Returns the schema with the other keyword; what is data in it stays as it is.
pub(super) fn with_go_patterns(schema: &Json) -> Json {
    match schema {
        Json::Object(map) => map.iter().map(keyword).collect(),
        Json::Array(items) => items.iter().map(with_go_patterns).collect(),
        scalar => scalar.clone(),
    }
}

fn keyword((name, value): (&String, &Json)) -> (String, Json) {
    match name.as_str() {
        "pattern" if value.is_string() => (KEYWORD.to_owned(), value.clone()),
        "const" | "enum" | "default" | "examples" => (name.clone(), value.clone()),
        _ => (name.clone(), with_go_patterns(value)),
    }
}
