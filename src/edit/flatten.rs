//! A file of values as assignments, as `fab set --file` takes it.
//!
//! Maps become paths; everything else becomes the text that Go prints for it,
//! which is what Fabrikate writes: `[1 2 map[a:b]]` for a list. Empty maps say
//! nothing.

use goyaml::{Mapping, Value};

/// Returns the paths and texts of a file. Dots in keys split.
pub(super) fn flatten(map: &Mapping) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    collect(map, "", &mut pairs);
    pairs
}

fn collect(map: &Mapping, above: &str, pairs: &mut Vec<(String, String)>) {
    for (key, value) in map {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value {
            Value::Mapping(map) => collect(map, &path, pairs),
            other => pairs.push((path, go_text(other))),
        }
    }
}

/// Returns a value as Go's `%v` prints it.
fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Float(_) => goyaml::to_string(value).unwrap_or_default().trim_end().to_owned(),
        Value::String(text) => text.clone(),
        Value::Sequence(items) => {
            format!("[{}]", items.iter().map(go_text).collect::<Vec<_>>().join(" "))
        }
        Value::Mapping(map) => {
            let entries = map.iter().map(|(key, value)| format!("{key}:{}", go_text(value)));
            format!("map[{}]", entries.collect::<Vec<_>>().join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_paths_and_texts() {
        let text = "this:\n  is: {my: {config: file}}\n  list: [1, 2, {a: b}]\n  num: 1.50\n  nul: ~\n  empty: {}\nit: x\n";
        let map: Mapping = goyaml::from_str(text).unwrap();
        let pairs = flatten(&map);
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let want = [
            ("it", "x"),
            ("this.is.my.config", "file"),
            ("this.list", "[1 2 map[a:b]]"),
            ("this.nul", "<nil>"),
            ("this.num", "1.5"),
        ];
        assert_eq!(pairs, want);
    }
}
