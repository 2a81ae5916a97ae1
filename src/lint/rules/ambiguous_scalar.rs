//! F104: a value that is written like a text and is none.

use goyaml::{Mapping, Value};

use super::{Rule, dotted};
use crate::document::{Document, Format, Step};
use crate::finding::{Finding, Fix, Level};
use crate::lint::subject::{OwnConfig, Subject};

pub(super) const RULE: Rule = Rule {
    code: "F104",
    name: "ambiguous-scalar",
    level: Some(Level::Warning),
    about: "A value means to everybody what is written",
    help: "Put it in quotes if it is a text, or write true, false or a plain number",
    explanation: "Helm reads YAML 1.1, in which `yes`, `no`, `on` and `off` are true and false, `012` is 10, `1e3` is \
                  1000, and `1.10` is the number 1.1:\n\n    config:\n      country: no        # false\n      tag: \
                  1.10          # 1.1\n\nWhere the chart has true or false, or a number, as its default, that is what is \
                  meant, and nothing is said. Where it has a text, `--fix` puts the value in quotes.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for config in subject.configs().iter().filter(|config| config.is_wanted()) {
        let document = &config.say.layer().document;
        if document.format == Format::Yaml && may_be_ambiguous(&document.text) {
            in_map(config, config.values, &mut Vec::new(), &mut found);
        }
    }
    found
}

/// Looks through a map below `keys`.
fn in_map(config: &OwnConfig<'_>, map: &Mapping, keys: &mut Vec<String>, found: &mut Vec<Finding>) {
    for (key, value) in map {
        keys.push(key.clone());
        in_value(config, value, keys, &mut config.say.steps_to(keys), found);
        keys.pop();
    }
}

/// Looks through a value; inside lists only the steps go on, as charts have no defaults there.
fn in_value(
    config: &OwnConfig<'_>,
    value: &Value,
    keys: &mut Vec<String>,
    steps: &mut Vec<Step>,
    found: &mut Vec<Finding>,
) {
    match value {
        Value::Mapping(map) if steps.iter().all(|step| matches!(step, Step::Key(_))) => {
            in_map(config, map, keys, found);
        }
        Value::Mapping(map) => {
            for (key, value) in map {
                steps.push(Step::Key(key.clone()));
                in_value(config, value, keys, steps, found);
                steps.pop();
            }
        }
        Value::Sequence(items) => {
            for (at, item) in items.iter().enumerate() {
                steps.push(Step::Index(at));
                in_value(config, item, keys, steps, found);
                steps.pop();
            }
        }
        Value::Null | Value::String(_) => {}
        Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) => {
            found.extend(finding(config, value, keys, steps));
        }
    }
}

fn finding(config: &OwnConfig<'_>, value: &Value, keys: &[String], steps: &[Step]) -> Option<Finding> {
    let document: &Document = &config.say.layer().document;
    let written = document.scalar(steps)?;
    let meaning = meaning(written, value)?;
    let is_item = steps.iter().any(|step| matches!(step, Step::Index(_)));
    let default = config.default(keys).filter(|_| !is_item);
    match (value, default) {
        (Value::Bool(_), Some(Value::Bool(_))) => return None,
        (
            Value::Int(_) | Value::Uint(_) | Value::Float(_),
            Some(Value::Int(_) | Value::Uint(_) | Value::Float(_)),
        ) => return None,
        _ => {}
    }
    let is_text = matches!(default, Some(Value::String(_)));
    let hint = if is_text {
        format!("the chart has a text there: write \"{written}\"")
    } else {
        format!("write \"{written}\" if it is a text, and {meaning} if it is not")
    };
    let message = format!("`{}: {written}` means {meaning}", dotted(keys));
    Some(Finding {
        hint: Some(hint),
        fix: is_text.then(|| Fix::Replace(Value::from(written))),
        path: crate::lint::subject::path(steps),
        place: document.place(steps),
        ..config.finding(&RULE, keys, message)
    })
}

/// Returns what a value is to Helm, if that is not what is written.
fn meaning(written: &str, value: &Value) -> Option<String> {
    let plain = goyaml::to_string(value).ok()?.trim_end().to_owned();
    let is_same =
        written.eq_ignore_ascii_case(&plain) || written.starts_with(['*', '"', '\'', '|', '>', '[', '{']);
    (!is_same).then_some(plain)
}

/// Returns whether a text has a word that may stand for something else, so that not every value is looked up.
fn may_be_ambiguous(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '_' | '+'));
    words.into_iter().any(|word| {
        let is_word =
            ["yes", "no", "on", "off", "y", "n"].iter().any(|known| word.eq_ignore_ascii_case(known));
        let is_number = word.trim_start_matches(['+', '.']).starts_with(|c: char| c.is_ascii_digit());
        is_word || is_number && word.parse::<u64>().map_or(true, |number| number.to_string() != word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, want: Option<&str>) {
        let text = format!("a: {written}\n");
        let value: Value = goyaml::from_str(&text).unwrap();
        assert_eq!(meaning(written, value.get("a").unwrap()).as_deref(), want, "{written}");
    }

    #[test]
    fn yaml_1_1_reads_some_texts_as_something_else() {
        check("yes", Some("true"));
        check("Off", Some("false"));
        check("012", Some("10"));
        check("0x1F", Some("31"));
        check("1_000", Some("1000"));
        check("1e3", Some("1000"));
        check("1.10", Some("1.1"));
        check("1.0", Some("1"));
    }

    #[test]
    fn what_everybody_reads_alike_is_fine() {
        for written in ["true", "False", "0", "-3", "8080", "1.5", "0.25"] {
            check(written, None);
        }
    }
}
