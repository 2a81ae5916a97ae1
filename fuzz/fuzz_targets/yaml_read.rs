//! No bytes make goyaml panic, and what it cuts into documents is still all there.

#![no_main]

use goyaml::{PathSegment, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = goyaml::from_slice::<Value>(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert_eq!(goyaml::check(text).is_ok(), read.is_ok());
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
});
