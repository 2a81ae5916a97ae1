//! TOML as BurntSushi's library 1.6 reads and writes it.
//!
//! Written are the keys of a table in byte order, plain values before
//! sub-tables, two blanks of indentation a level, an empty line before each table
//! at the top. Nil values are left out of tables and are an error in lists.

use gotmpl::{List, Map, Type, Value};
use sprig::time::{Time, Zone};

const NIL_IN_LIST: &str = "toml: cannot encode array with nil element";
const LIST_AT_TOP: &str = "toml: top-level values must be Go maps or structs";

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
    match value {
        Value::Nil => Ok(Shape::Nil),
        Value::Complex128(..) => Err("unsupported type: complex128".to_owned()),
        Value::List(list) if list.is_nil() => Ok(Shape::Nil),
        Value::List(list) => list_shape(list),
        Value::Map(map) => Ok(if map.is_nil() { Shape::Nil } else { Shape::Table }),
        Value::Object(_) => match plain(value)? {
            Value::Object(_) => Ok(Shape::Plain),
            plain => shape(&plain),
        },
        _ => Ok(Shape::Plain),
    }
}

fn list_shape(list: &List) -> Result<Shape, String> {
    let items = list.items();
    let mut tables = !items.is_empty();
    for item in items.iter() {
        match shape(item)? {
            Shape::Nil => return Err(NIL_IN_LIST.to_owned()),
            Shape::Table => {}
            Shape::Plain | Shape::Tables => tables = false,
        }
    }
    Ok(if tables { Shape::Tables } else { Shape::Plain })
}

/// Returns the map, list or text that an object is written as; a time, whose
/// text has no quotes, stays what it is.
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
    let fields = object.fields();
    if fields.is_empty() { object.json() } else { Ok(Value::map(fields)) }
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
            (Shape::Nil, _) => Ok(()),
            (Shape::Table, Value::Map(map)) => self.table(key, &map),
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

    fn table(&mut self, key: &[&str], map: &Map) -> Result<(), String> {
        if key.len() == 1 {
            self.newline();
        }
        if !key.is_empty() {
            self.header(key, "[", "]");
        }
        self.entries(key, map)
    }

    fn tables(&mut self, key: &[&str], list: &List) -> Result<(), String> {
        if key.is_empty() {
            return Err(LIST_AT_TOP.to_owned());
        }
        for item in list.items().iter() {
            if let Some(map) = plain(item)?.as_map() {
                self.newline();
                self.header(key, "[[", "]]");
                self.entries(key, &map)?;
            }
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

    fn entries(&mut self, key: &[&str], map: &Map) -> Result<(), String> {
        for (name, value) in plain_first(map)? {
            let mut path = key.to_vec();
            path.push(&name);
            self.entry(&path, &value)?;
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
            Value::List(list) => return self.inline_list(list),
            Value::Map(map) => return self.inline_table(map),
            Value::Object(object) if is_time(value) => {
                self.out.push_str(&object.json()?.as_str().map(|text| text.to_text()).unwrap_or_default());
            }
            Value::Object(_) => match plain(value)? {
                Value::Object(object) => return Err(format!("unexpected type: {}", object.go_type())),
                plain => return self.element(&plain),
            },
        }
        Ok(())
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

    fn inline_table(&mut self, map: &Map) -> Result<(), String> {
        self.out.push('{');
        let entries = plain_first(map)?;
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
fn plain_first(map: &Map) -> Result<Vec<(String, Value)>, String> {
    let mut lines = Vec::new();
    let mut tables = Vec::new();
    for (name, value) in map.entries().iter() {
        let entry = (name.to_text().into_owned(), value.clone());
        if shape(value)?.is_table() { tables.push(entry) } else { lines.push(entry) }
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
/// What is wrong and where.
pub(super) fn decode(text: &str) -> Result<Value, String> {
    let document: toml_edit::DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        format!("toml: line {line}: {}", error.message())
    })?;
    Ok(read_table(document.as_table()))
}

fn read_table(table: &dyn toml_edit::TableLike) -> Value {
    Value::map(table.iter().map(|(key, item)| (key, read_item(item))))
}

fn read_item(item: &toml_edit::Item) -> Value {
    match item {
        toml_edit::Item::None => Value::Nil,
        toml_edit::Item::Value(value) => read_value(value),
        toml_edit::Item::Table(table) => read_table(table),
        toml_edit::Item::ArrayOfTables(tables) => Value::List(List::new(
            Type::Slice(&Type::MAP),
            tables.iter().map(|table| read_table(table)).collect(),
        )),
    }
}

fn read_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::str(text.value().as_str()),
        toml_edit::Value::Integer(number) => Value::Int64(*number.value()),
        toml_edit::Value::Float(number) => Value::Float64(*number.value()),
        toml_edit::Value::Boolean(truth) => Value::Bool(*truth.value()),
        toml_edit::Value::Datetime(time) => read_time(time.value()),
        toml_edit::Value::Array(items) => Value::list(items.iter().map(read_value).collect()),
        toml_edit::Value::InlineTable(table) => read_table(table),
    }
}

/// Returns a date, a time or both. Those without an offset lie in zones of their
/// own in BurntSushi's library, which show when they are printed.
fn read_time(time: &toml_edit::Datetime) -> Value {
    let (date, clock) = (time.date, time.time);
    let zone = match (time.offset, date, clock) {
        (Some(toml_edit::Offset::Z), ..) => Zone::Utc,
        (Some(toml_edit::Offset::Custom { minutes: 0 }), ..) => Zone::Utc,
        (Some(toml_edit::Offset::Custom { minutes }), ..) => {
            Zone::Fixed { name: String::new(), offset: i32::from(minutes) * 60 }
        }
        (None, Some(_), Some(_)) => local_zone("datetime-local"),
        (None, Some(_), None) => local_zone("date-local"),
        (None, None, _) => local_zone("time-local"),
    };
    let offset = if let Zone::Fixed { offset, .. } = &zone { i64::from(*offset) } else { 0 };
    let days = match date {
        Some(date) => days_from_1970(i64::from(date.year), i64::from(date.month), i64::from(date.day)),
        None => days_from_1970(0, 1, 1),
    };
    let (seconds, nanos) = match clock {
        Some(clock) => {
            let minutes = i64::from(clock.hour) * 60 + i64::from(clock.minute);
            (minutes * 60 + i64::from(clock.second), clock.nanosecond)
        }
        None => (0, 0),
    };
    Time::at(days * 86_400 + seconds - offset, nanos, zone).into_value()
}

fn local_zone(name: &str) -> Zone {
    Zone::Fixed { name: name.to_owned(), offset: 0 }
}

/// Counts days in the Gregorian calendar, in years that begin in March so that a
/// leap day is the last one.
fn days_from_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}
