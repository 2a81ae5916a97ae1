//! Paths with slashes, as Go's `path` and (on Unix) `path/filepath` take them.

use gotmpl::Type::{Bool, String as Text};
use gotmpl::{Function, Value};

use crate::args::{bytes, function};

pub(crate) const FUNCTIONS: &[Function] = &[
    function("base", &[Text], Text, |_, args| Ok(Value::str(base(bytes(args, 0))))),
    function("dir", &[Text], Text, |_, args| Ok(Value::str(dir(bytes(args, 0))))),
    function("clean", &[Text], Text, |_, args| Ok(Value::str(clean(bytes(args, 0))))),
    function("ext", &[Text], Text, |_, args| Ok(Value::str(ext(bytes(args, 0))))),
    function("isAbs", &[Text], Bool, |_, args| Ok(Value::Bool(bytes(args, 0).starts_with(b"/")))),
    function("osBase", &[Text], Text, |_, args| Ok(Value::str(base(bytes(args, 0))))),
    function("osDir", &[Text], Text, |_, args| Ok(Value::str(dir(bytes(args, 0))))),
    function("osClean", &[Text], Text, |_, args| Ok(Value::str(clean(bytes(args, 0))))),
    function("osExt", &[Text], Text, |_, args| Ok(Value::str(ext(bytes(args, 0))))),
    function("osIsAbs", &[Text], Bool, |_, args| Ok(Value::Bool(bytes(args, 0).starts_with(b"/")))),
];

/// Returns the last element: `.` of an empty path, `/` of slashes alone.
fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    match path[..end].rsplit(|byte| *byte == b'/').next() {
        Some(last) if !last.is_empty() => last,
        _ => b"/",
    }
}

/// Returns the path without its last element, cleaned.
fn dir(path: &[u8]) -> Vec<u8> {
    let end = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    clean(&path[..end])
}

/// Returns the shortest path that means the same by its text alone.
pub(crate) fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if rooted => {}
            _ => parts.push(part),
        }
    }
    let mut out = if rooted { b"/".to_vec() } else { Vec::new() };
    out.extend(parts.join(&b'/'));
    if out.is_empty() { b".".to_vec() } else { out }
}

/// Returns the suffix of the last element from its last dot on.
fn ext(path: &[u8]) -> &[u8] {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    name.iter().rposition(|byte| *byte == b'.').map_or(b"", |at| &name[at..])
}
