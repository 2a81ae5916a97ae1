//! YAML in, YAML out and in again, and YAML changed.

use goyaml::{EditStyle, PathSegment, Value};

/// No bytes make goyaml panic, and what it cuts into documents is still all there.
pub fn yaml_read(bytes: &[u8]) {
    let read = goyaml::from_slice::<Value>(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Only the depth of a `Value` is bounded more tightly.
    let fits = |result: &goyaml::Result<Value>| match result {
        Ok(_) => true,
        Err(err) => err.to_string() == "exceeded max depth of 500",
    };
    assert_eq!(goyaml::check(text).is_ok(), fits(&read));
    if let Ok(documents) = goyaml::documents(text) {
        let joined: String = documents.iter().map(|document| document.text).collect();
        assert!(documents.is_empty() || joined == text);
    }
    if let Ok(Value::Mapping(entries)) = read {
        for key in entries.keys().take(8) {
            let span = goyaml::locate(text, &[PathSegment::Key(key)]).expect("what was read is somewhere");
            assert!(text.get(span.value.range).is_some());
        }
    }
}

/// What goyaml writes, it reads and writes again as the same text.
pub fn yaml_round_trip(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Two faults of go-yaml are kept: a key `<<` comes back as a merge, and LS
    // and PS break lines that nothing indents.
    if text.contains("<<") || text.contains(['\u{2028}', '\u{2029}']) || text.contains("\\u202") {
        return;
    }
    let Ok(value) = goyaml::from_str::<Value>(text) else { return };
    let Ok(written) = goyaml::to_string(&value) else { return };
    let again = goyaml::from_str::<Value>(&written).expect("what was written can be read");
    assert_eq!(goyaml::to_string(&again).as_deref(), Ok(written.as_str()));
}

/// A change of a text gives the data that are asked for and leaves the lines around it, or there is none; and what is
/// new can be taken away again.
pub fn yaml_edit(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(Value::Mapping(entries)) = goyaml::from_str_with_literal_keys::<Value>(text) else { return };
    let style = EditStyle::default();
    let (new, value) = ("fab: new", Value::from("12e5 # \"'\n"));
    let mut paths = vec![vec![PathSegment::Key(new)]];
    for (key, below) in entries.iter().take(8) {
        let key = PathSegment::Key(key);
        paths.push(vec![key]);
        match below {
            Value::Mapping(_) => paths.push(vec![key, PathSegment::Key(new)]),
            Value::Sequence(items) => paths.push(vec![key, PathSegment::Index(items.len())]),
            _ => {}
        }
    }
    for path in paths {
        let Ok(changed) = goyaml::set_in_text(text, &path, &value, style) else { continue };
        let read: Value = goyaml::from_str_with_literal_keys(&changed).expect("what was changed can be read");
        let found = path.iter().try_fold(&read, |value, segment| match segment {
            PathSegment::Key(key) => value.get(key),
            PathSegment::Index(at) => value.as_sequence()?.get(*at),
        });
        assert_eq!(found, Some(&value), "{path:?}");
        if path.len() == 1 && path[0] == PathSegment::Key(new) && changed.contains("\n'fab: new':") {
            let same = |pair: &(u8, u8)| pair.0 == pair.1;
            let ahead = text.bytes().zip(changed.bytes()).take_while(same).count();
            let behind = text.bytes().rev().zip(changed.bytes().rev()).take_while(same).count();
            assert!(ahead + behind >= text.len(), "a line of its own changes no other byte");
        }
        let removed = goyaml::unset_in_text(&changed, &path, style);
        if let Ok(removed) = removed {
            let read: Value =
                goyaml::from_str_with_literal_keys(&removed).expect("what was changed can be read");
            let gone = path.split_last().and_then(|(last, above)| match last {
                PathSegment::Key(key) if above.is_empty() => read.get(key).cloned(),
                _ => None,
            });
            assert_eq!(gone, None, "{path:?}");
        }
    }
}
