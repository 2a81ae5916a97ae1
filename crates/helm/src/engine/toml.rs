//! TOML as BurntSushi's library 1.6 reads and writes it.
//!
//! Written are the keys of a table in byte order, plain values before
//! sub-tables, two blanks of indentation a level, an empty line before each table
//! at the top. Nil values are left out of tables and are an error in lists.

mod datetime;
mod read;
mod tables;

use gotmpl::{List, Type, Value};

const NIL_IN_LIST: &str = "toml: cannot encode array with nil element";
const LIST_AT_TOP: &str = "toml: top-level values must be Go maps or structs";

/// How deep values may nest. Go overflows its stack on a map that holds itself.
const MAX_DEPTH: usize = 1000;
const TOO_DEEP: &str = "toml: value nests too deeply";

/// Returns the text for a value.
///
/// # Errors
///
/// The library's own message, for values that TOML cannot express.
pub(super) fn encode(value: &Value) -> Result<String, String> {
    let mut encoder = Encoder::default();
    encoder.entry(&[], value)?;
    Ok(encoder.out)
}

#[derive(Default)]
struct Encoder {
    out: String,
    /// Lists and tables on one line that are open.
    depth: usize,
}

/// What a value is in TOML.
#[derive(PartialEq, Clone, Copy)]
enum Shape {
    Nil,
    Plain,
    Table,
    /// A list of which every item is a table.
    Tables,
}

impl Shape {
    fn is_table(self) -> bool {
        matches!(self, Shape::Table | Shape::Tables)
    }
}

fn shape(value: &Value) -> Result<Shape, String> {
    shape_at(value, 0)
}

/// Returns the shape of a value that lies in so many lists.
fn shape_at(value: &Value, depth: usize) -> Result<Shape, String> {
    match value {
        _ if depth > MAX_DEPTH => Err(TOO_DEEP.to_owned()),
        Value::Nil => Ok(Shape::Nil),
        Value::Complex128(..) => Err("unsupported type: complex128".to_owned()),
        Value::List(list) if list.is_nil() => Ok(Shape::Nil),
        Value::List(list) => gotmpl::deeper(|| list_shape(list, depth)),
        Value::Map(map) => Ok(if map.is_nil() { Shape::Nil } else { Shape::Table }),
        Value::Object(_) => match plain(value)? {
            Value::Object(_) if is_time(value) => Ok(Shape::Plain),
            Value::Object(_) => Ok(Shape::Table),
            plain => shape_at(&plain, depth),
        },
        _ => Ok(Shape::Plain),
    }
}

fn list_shape(list: &List, depth: usize) -> Result<Shape, String> {
    let items = list.items();
    let mut tables = !items.is_empty();
    for item in items.iter() {
        match shape_at(item, depth + 1)? {
            Shape::Nil => return Err(NIL_IN_LIST.to_owned()),
            Shape::Table => {}
            Shape::Plain | Shape::Tables => tables = false,
        }
    }
    Ok(if tables { Shape::Tables } else { Shape::Plain })
}

/// Returns the map, list or text that an object is written as; a struct, and a
/// time, whose text has no quotes, stays what it is.
fn plain(value: &Value) -> Result<Value, String> {
    let Value::Object(object) = value else {
        return Ok(value.clone());
    };
    if is_time(value) {
        return Ok(value.clone());
    }
    if let Some(plain) = object.plain() {
        return Ok(plain);
    }
    match object.json()? {
        text @ Value::Str(_) => Ok(text),
        other if object.fields().is_empty() => Ok(other),
        _ => Ok(value.clone()),
    }
}

/// Returns the entries of a table: keys of a map in their order, exported fields of
/// a struct in theirs.
fn entries(table: &Value) -> Vec<(String, Value)> {
    match table {
        Value::Object(object) => {
            let is_exported = |name: &str| name.starts_with(|c: char| c.is_ascii_uppercase());
            let fields = object.fields().into_iter().filter(|(name, _)| is_exported(name));
            fields.map(|(name, value)| (name.to_owned(), value)).collect()
        }
        other => {
            let map = other.as_map().unwrap_or_default();
            let entries = map.entries();
            entries.iter().map(|(name, value)| (name.to_text().into_owned(), value.clone())).collect()
        }
    }
}

fn is_time(value: &Value) -> bool {
    matches!(value.go_type(), Some(Type::Opaque("time.Time", _)))
}

impl Encoder {
    /// Writes a value under a key, as a line or as tables.
    fn entry(&mut self, key: &[&str], value: &Value) -> Result<(), String> {
        if key.is_empty() && matches!(value, Value::Complex128(..)) {
            return Err("unsupported type for key '': complex128".to_owned());
        }
        match (shape(value)?, plain(value)?) {
            // Only at the top is there nothing that could be left out.
            (Shape::Nil, Value::List(_)) if key.is_empty() => self.element(value),
            (Shape::Nil, _) => Ok(()),
            (Shape::Table, table) => self.table(key, entries(&table)),
            (Shape::Tables, Value::List(list)) => self.tables(key, &list),
            (_, plain) => self.line(key, &plain),
        }
    }

    fn line(&mut self, key: &[&str], value: &Value) -> Result<(), String> {
        let Some(name) = key.last() else {
            return self.element(value);
        };
        self.indent(key);
        self.key(name);
        self.out.push_str(" = ");
        self.element(value)?;
        self.out.push('\n');
        Ok(())
    }

    fn table(&mut self, key: &[&str], entries: Vec<(String, Value)>) -> Result<(), String> {
        if key.len() == 1 {
            self.newline();
        }
        if !key.is_empty() {
            self.header(key, "[", "]");
        }
        self.entries(key, entries)
    }

    fn tables(&mut self, key: &[&str], list: &List) -> Result<(), String> {
        if key.is_empty() {
            return Err(LIST_AT_TOP.to_owned());
        }
        for item in list.items().iter() {
            self.newline();
            self.header(key, "[[", "]]");
            self.entries(key, entries(&plain(item)?))?;
        }
        Ok(())
    }

    fn header(&mut self, key: &[&str], open: &str, close: &str) {
        self.indent(key);
        self.out.push_str(open);
        for (number, name) in key.iter().enumerate() {
            if number > 0 {
                self.out.push('.');
            }
            self.key(name);
        }
        self.out.push_str(close);
        self.out.push('\n');
    }

    fn entries(&mut self, key: &[&str], entries: Vec<(String, Value)>) -> Result<(), String> {
        for (name, value) in plain_first(entries)? {
            let mut path = key.to_vec();
            path.push(&name);
            if path.len() > MAX_DEPTH {
                return Err(TOO_DEEP.to_owned());
            }
            gotmpl::deeper(|| self.entry(&path, &value))?;
        }
        Ok(())
    }

    /// A value on one line.
    fn element(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Nil => return Err(NIL_IN_LIST.to_owned()),
            Value::Bool(truth) => self.out.push_str(if *truth { "true" } else { "false" }),
            Value::Int(n) | Value::Int64(n) => self.out.push_str(&n.to_string()),
            Value::Uint8(n) => self.out.push_str(&n.to_string()),
            Value::Uint32(n) => self.out.push_str(&n.to_string()),
            Value::Uint64(n) => self.out.push_str(&n.to_string()),
            Value::Float64(n) => self.out.push_str(&float(*n)),
            Value::Complex128(..) => return Err("unexpected type: complex128".to_owned()),
            Value::Str(text) => self.quoted(&text.to_text()),
            Value::List(list) => return self.nested(|encoder| encoder.inline_list(list)),
            Value::Map(_) => return self.nested(|encoder| encoder.inline_table(entries(value))),
            Value::Object(object) if is_time(value) => self.out.push_str(&datetime::text(object.as_ref())?),
            Value::Object(_) => match plain(value)? {
                Value::Object(_) => return self.nested(|encoder| encoder.inline_table(entries(value))),
                plain => return self.element(&plain),
            },
        }
        Ok(())
    }

    fn nested(&mut self, write: impl FnOnce(&mut Self) -> Result<(), String>) -> Result<(), String> {
        if self.depth == MAX_DEPTH {
            return Err(TOO_DEEP.to_owned());
        }
        self.depth += 1;
        let written = gotmpl::deeper(|| write(self));
        self.depth -= 1;
        written
    }

    fn inline_list(&mut self, list: &List) -> Result<(), String> {
        self.out.push('[');
        for (number, item) in list.items().iter().enumerate() {
            if number > 0 {
                self.out.push_str(", ");
            }
            self.element(item)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn inline_table(&mut self, entries: Vec<(String, Value)>) -> Result<(), String> {
        self.out.push('{');
        let entries = plain_first(entries)?;
        for (number, (name, value)) in entries.iter().enumerate() {
            if shape(value)? == Shape::Nil {
                continue;
            }
            self.key(name);
            self.out.push_str(" = ");
            self.element(value)?;
            if number + 1 < entries.len() {
                self.out.push_str(", ");
            }
        }
        self.out.push('}');
        Ok(())
    }

    fn key(&mut self, name: &str) {
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !name.is_empty() && name.chars().all(bare) {
            self.out.push_str(name);
        } else {
            self.quoted(name);
        }
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\u{8}' => self.out.push_str("\\b"),
                '\t' => self.out.push_str("\\t"),
                '\n' => self.out.push_str("\\n"),
                '\u{c}' => self.out.push_str("\\f"),
                '\r' => self.out.push_str("\\r"),
                '\0'..='\u{1f}' | '\u{7f}' => self.out.push_str(&format!("\\u{:04x}", u32::from(c))),
                plain => self.out.push(plain),
            }
        }
        self.out.push('"');
    }

    fn indent(&mut self, key: &[&str]) {
        for _ in 1..key.len() {
            self.out.push_str("  ");
        }
    }

    /// An empty line, but not at the beginning.
    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }
}

/// Returns the entries, those that are tables last.
fn plain_first(entries: Vec<(String, Value)>) -> Result<Vec<(String, Value)>, String> {
    let mut lines = Vec::with_capacity(entries.len());
    let mut tables = Vec::new();
    for entry in entries {
        if shape(&entry.1)?.is_table() { tables.push(entry) } else { lines.push(entry) }
    }
    lines.append(&mut tables);
    Ok(lines)
}

fn float(number: f64) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let text = gotmpl::strconv::format_float(number, b'g', None);
    if text.contains(['e', '.']) { text } else { text + ".0" }
}

/// Reads a document.
///
/// # Errors
///
/// The library's own message.
pub(super) fn decode(text: &[u8]) -> Result<Value, String> {
    read::document(text).map(Value::Map)
}

#[cfg(test)]
mod tests;
