//! The grammar of `--set` and its relatives: `a.b[0]=x,c={1,2}`.
//!
//! One reader serves the five options; they differ in how a value is read. Helm's
//! reader consumes as it goes and treats the end of the text as success wherever
//! it comes, so `a` is an error, but `a[0]` sets an empty list; both are kept.
//!
//! Invariant: a key that is already there must be of the fitting kind. Go panics
//! where it is not, and Helm reports the panic; the words are kept.

use goyaml::{Mapping, Value};

use gotmpl::strconv::{quote, quote_rune};

/// How the values of an option are read.
#[derive(Clone, Copy)]
pub(crate) enum Reading<'a> {
    /// `--set`: `true`, `false`, `null` and integers are typed.
    Typed,
    /// `--set-string`: text.
    Text,
    /// `--set-json`: JSON.
    Json,
    /// `--set-literal`: text up to the end, without escapes.
    Literal,
    /// `--set-file`: the content of a file, from this reader.
    File(&'a dyn Fn(&str) -> Result<Vec<u8>, String>),
}

/// An assignment that cannot be read. The texts are those of Helm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// A key comes without `=`.
    #[error("key {0} has no value")]
    NoValue(String),
    /// A key is followed by a comma.
    #[error("key {0} has no value (cannot end with ,)")]
    EndsWithComma(String),
    /// A key with a dot comes without anything below it.
    #[error("key map {0} has no value")]
    EmptyMap(String),
    /// More dots than Helm allows.
    #[error("value name nested level is greater than maximum supported nested level of {MAX_NESTING}")]
    TooDeep,
    /// An index is no number.
    #[error("error parsing index: {0}")]
    BadIndex(IndexError),
    /// An index is below zero.
    #[error("negative {0} index not allowed")]
    NegativeIndex(i64),
    /// An index is larger than Helm allows.
    #[error("index of {0} is greater than maximum supported index of {MAX_INDEX}")]
    IndexTooLarge(usize),
    /// More indices in a row than this reader follows.
    #[error("more than {MAX_INDEX_DEPTH} indices in a row")]
    TooManyIndices,
    /// Something stands between `]` and the next sign.
    #[error("unexpected data at end of array index: {0}")]
    AfterIndex(String),
    /// A `{` has no `}`.
    #[error("list must terminate with '}}'")]
    OpenList,
    /// A key is there already and of another kind.
    #[error("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}")]
    WrongKind {
        /// Go's name of what is there.
        found: &'static str,
        /// Go's name of what the key asks for.
        wanted: &'static str,
    },
    /// The value is no JSON.
    #[error("{0}")]
    Json(String),
    /// The file cannot be read.
    #[error("{0}")]
    File(String),
}

/// Why an index is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// It is no decimal integer.
    #[error("strconv.Atoi: parsing {0}: invalid syntax")]
    Syntax(String),
    /// It does not fit 64 bits.
    #[error("strconv.Atoi: parsing {0}: value out of range")]
    Range(String),
}

const MAX_INDEX: usize = 65536;
/// Helm has no limit here; without one, a long argument would exhaust the stack.
const MAX_INDEX_DEPTH: usize = 1000;
const MAX_NESTING: usize = 30;

/// Sets what the text assigns.
pub(crate) fn assign(text: &str, reading: Reading<'_>, into: &mut Mapping) -> Result<(), SetError> {
    let mut reader = Reader { rest: text, reading, depth: 0 };
    while reader.key(into, 0)? == Flow::More {
        reader.depth = 0;
    }
    Ok(())
}

/// Whether the text goes on after an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    More,
    End,
}

/// What a read up to some stop signs met.
struct Until {
    text: String,
    stop: Option<char>,
}

struct Reader<'a> {
    rest: &'a str,
    reading: Reading<'a>,
    depth: usize,
}

impl Reader<'_> {
    /// Reads one key with its value into a map.
    fn key(&mut self, data: &mut Mapping, nesting: usize) -> Result<Flow, SetError> {
        let stops: &[char] = if self.is_literal() { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        let Until { text: key, stop } = self.until(stops);
        match stop {
            None if key.is_empty() => Ok(Flow::End),
            None => Err(SetError::NoValue(quote(key.as_bytes()))),
            Some('=') => {
                let (value, flow) = self.value()?;
                set(data, key, value);
                Ok(flow)
            }
            Some('[') => self.list(data, key, nesting),
            Some('.') => self.map(data, key, nesting + 1),
            Some(_) => Err(SetError::EndsWithComma(quote(key.as_bytes()))),
        }
    }

    fn list(&mut self, data: &mut Mapping, key: String, nesting: usize) -> Result<Flow, SetError> {
        let Some(index) = self.index()? else { return Ok(Flow::End) };
        let mut list = match data.remove(&key) {
            None => Vec::new(),
            Some(Value::Sequence(list)) => list,
            Some(other) => return Err(wrong_kind(&other, LIST)),
        };
        let flow = self.item(&mut list, index, nesting)?;
        set(data, key, Value::Sequence(list));
        Ok(flow)
    }

    fn map(&mut self, data: &mut Mapping, key: String, nesting: usize) -> Result<Flow, SetError> {
        if nesting > MAX_NESTING {
            return Err(SetError::TooDeep);
        }
        let (mut inner, was_there) = match data.remove(&key) {
            None => (Mapping::new(), false),
            Some(Value::Mapping(inner)) => (inner, true),
            Some(other) => return Err(wrong_kind(&other, MAP)),
        };
        let flow = self.key(&mut inner, nesting)?;
        if inner.is_empty() && flow == Flow::More {
            return Err(SetError::EmptyMap(quote(key.as_bytes())));
        }
        if was_there || !inner.is_empty() {
            set(data, key, Value::Mapping(inner));
        }
        Ok(flow)
    }

    /// Reads what follows `]` into an item of a list.
    fn item(&mut self, list: &mut Vec<Value>, index: i64, nesting: usize) -> Result<Flow, SetError> {
        self.depth += 1;
        if self.depth > MAX_INDEX_DEPTH {
            return Err(SetError::TooManyIndices);
        }
        let at = usize::try_from(index).map_err(|_| SetError::NegativeIndex(index))?;
        let Until { text, stop } = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(SetError::AfterIndex(quote_runes(&text)));
        }
        match stop {
            None => Ok(Flow::End),
            Some('=') => {
                let (value, _) = self.value()?;
                set_index(list, at, value)?;
                Ok(Flow::More)
            }
            Some('[') => self.item_list(list, at, nesting),
            Some(_) => self.item_map(list, at, nesting),
        }
    }

    fn item_list(&mut self, list: &mut Vec<Value>, at: usize, nesting: usize) -> Result<Flow, SetError> {
        let Some(index) = self.index()? else { return Ok(Flow::End) };
        let (mut inner, was_there) = match list.get_mut(at).map(std::mem::take) {
            None | Some(Value::Null) => (Vec::new(), false),
            Some(Value::Sequence(inner)) => (inner, true),
            Some(other) => return Err(wrong_kind(&other, LIST)),
        };
        let flow = self.item(&mut inner, index, nesting)?;
        // Where the text ends inside, Helm drops a list that it has just made.
        if flow == Flow::More || was_there {
            set_index(list, at, Value::Sequence(inner))?;
        }
        Ok(flow)
    }

    fn item_map(&mut self, list: &mut Vec<Value>, at: usize, nesting: usize) -> Result<Flow, SetError> {
        let (mut inner, was_there) = match list.get_mut(at).map(std::mem::take) {
            None => (Mapping::new(), false),
            Some(Value::Mapping(inner)) => (inner, true),
            Some(_) => (Mapping::new(), true),
        };
        let flow = self.key(&mut inner, nesting)?;
        // As above: `a[0].b=` gives an empty list.
        if flow == Flow::More || was_there {
            set_index(list, at, Value::Mapping(inner))?;
        }
        Ok(flow)
    }

    /// Reads an index up to `]`; none if the text ends before.
    fn index(&mut self) -> Result<Option<i64>, SetError> {
        let Until { text, stop } = self.until(&[']']);
        if stop.is_none() {
            return Ok(None);
        }
        let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SetError::BadIndex(IndexError::Syntax(quote(text.as_bytes()))));
        }
        text.parse().map(Some).map_err(|_| SetError::BadIndex(IndexError::Range(quote(text.as_bytes()))))
    }

    /// Reads what follows `=`.
    fn value(&mut self) -> Result<(Value, Flow), SetError> {
        match self.reading {
            Reading::Json => self.json(),
            Reading::Literal => {
                let text = std::mem::take(&mut self.rest);
                Ok((Value::String(text.to_owned()), Flow::More))
            }
            Reading::Typed | Reading::Text | Reading::File(_) => self.plain(),
        }
    }

    fn plain(&mut self) -> Result<(Value, Flow), SetError> {
        if self.rest.is_empty() {
            return Ok((Value::String(String::new()), Flow::End));
        }
        if let Some(rest) = self.rest.strip_prefix('{') {
            self.rest = rest;
            return self.braces();
        }
        let Until { text, .. } = self.until(&[',']);
        Ok((self.typed(text)?, Flow::More))
    }

    fn braces(&mut self) -> Result<(Value, Flow), SetError> {
        let mut items = Vec::new();
        loop {
            let Until { text, stop } = self.until(&[',', '}']);
            match stop {
                None => return Err(SetError::OpenList),
                Some(',') => items.push(self.typed(text)?),
                Some(_) => {
                    self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
                    items.push(self.typed(text)?);
                    return Ok((Value::Sequence(items), Flow::More));
                }
            }
        }
    }

    /// Reads JSON as far as it goes; a comma separates it from the next key.
    fn json(&mut self) -> Result<(Value, Flow), SetError> {
        if self.skip_blank() {
            return Ok((Value::Null, Flow::More));
        }
        let mut stream = serde_json::Deserializer::from_str(self.rest).into_iter::<serde_json::Value>();
        let value = match stream.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return Err(SetError::Json(error.to_string())),
            None => serde_json::Value::Null,
        };
        self.rest = &self.rest[stream.byte_offset()..];
        self.skip_blank();
        Ok((super::from_json(value), Flow::More))
    }

    /// Skips white space, and a comma after it; returns whether nothing else was there.
    fn skip_blank(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        if let Some(rest) = self.rest.strip_prefix(',') {
            self.rest = rest;
            return true;
        }
        self.rest.is_empty()
    }

    fn typed(&self, text: String) -> Result<Value, SetError> {
        Ok(match self.reading {
            Reading::Typed => typed(text),
            Reading::File(read) => {
                let content = read(&text).map_err(SetError::File)?;
                Value::String(String::from_utf8_lossy(&content).into_owned())
            }
            Reading::Text | Reading::Json | Reading::Literal => Value::String(text),
        })
    }

    fn is_literal(&self) -> bool {
        matches!(self.reading, Reading::Literal)
    }

    /// Reads up to a stop sign and past it; a backslash takes the next sign as it is.
    fn until(&mut self, stops: &[char]) -> Until {
        let escapes = !self.is_literal();
        let mut text = String::new();
        let mut signs = self.rest.chars();
        while let Some(sign) = signs.next() {
            if stops.contains(&sign) {
                self.rest = signs.as_str();
                return Until { text, stop: Some(sign) };
            }
            match sign {
                '\\' if escapes => text.extend(signs.next()),
                _ => text.push(sign),
            }
        }
        self.rest = "";
        Until { text, stop: None }
    }
}

const LIST: &str = "[]interface {}";
const MAP: &str = "map[string]interface {}";

fn set(data: &mut Mapping, key: String, value: Value) {
    if !key.is_empty() {
        data.insert(key, value);
    }
}

fn set_index(list: &mut Vec<Value>, at: usize, value: Value) -> Result<(), SetError> {
    if at > MAX_INDEX {
        return Err(SetError::IndexTooLarge(at));
    }
    if list.len() <= at {
        list.resize(at + 1, Value::Null);
    }
    list[at] = value;
    Ok(())
}

/// Types a value of `--set`. A leading zero keeps a number text, as do a fraction
/// and an exponent.
fn typed(text: String) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return Value::Bool(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Value::Bool(false);
    }
    if text.eq_ignore_ascii_case("null") {
        return Value::Null;
    }
    if text == "0" {
        return Value::Int(0);
    }
    match text.parse() {
        Ok(number) if !text.starts_with('0') => Value::Int(number),
        _ => Value::String(text),
    }
}

/// Quotes each character: the slip of a format in Helm.
fn quote_runes(text: &str) -> String {
    let quoted: Vec<_> = text.chars().map(|c| quote_rune(u32::from(c))).collect();
    format!("[{}]", quoted.join(" "))
}

fn wrong_kind(found: &Value, wanted: &'static str) -> SetError {
    let found = match found {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Uint(_) => "uint64",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::Sequence(_) => LIST,
        Value::Mapping(_) => MAP,
    };
    SetError::WrongKind { found, wanted }
}
