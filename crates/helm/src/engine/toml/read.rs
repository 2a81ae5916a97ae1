//! Reads TOML as BurntSushi's library 1.6 does, with its messages.
//!
//! A message names a line and the last key. The library cuts tokens one ahead of
//! what it defines, so a character that does not belong anywhere is reported before
//! what the token before it would mean; here the next character is looked at before
//! a token ends, which comes to the same.
//!
//! Invariant: nothing is read beyond the end, and nesting is bounded.

use gotmpl::strconv::{quote, quote_rune};
use gotmpl::{Map, Value};

use super::tables::{self, Tables};

/// Lists and inline tables in each other.
const MAX_DEPTH: usize = 500;

/// Reads a document.
///
/// # Errors
///
/// What is wrong, where, and the last key.
pub(super) fn document(text: &[u8]) -> Result<Map, String> {
    let text = [&b"\xff\xfe"[..], b"\xfe\xff", b"\xef\xbb\xbf"]
        .iter()
        .find_map(|mark| text.strip_prefix(*mark))
        .unwrap_or(text);
    if text.iter().take(6).any(|byte| *byte == 0) {
        return Err(
            "toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be \
                    UTF-8"
                .to_owned(),
        );
    }
    let mut reader = Reader {
        text,
        at: 0,
        line: 1,
        is_over: false,
        tables: Tables::default(),
        context: Vec::new(),
        key: String::new(),
        key_line: 1,
        depth: 0,
    };
    while reader.top()? {}
    Ok(reader.tables.into_root())
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
    /// Whether the end was taken, not only looked at.
    is_over: bool,
    tables: Tables,
    /// The table that keys belong to.
    context: Vec<String>,
    /// The last part of the key that is being read.
    key: String,
    /// Where the key being read begins.
    key_line: usize,
    depth: usize,
}

/// The next character; `None` at the end.
type Next = Option<char>;

impl Reader<'_> {
    /// Reads a table header, a key with its value, or nothing at the end.
    fn top(&mut self) -> Result<bool, String> {
        match self.next()? {
            Some(c) if is_blank(c) || is_newline(c) => Ok(true),
            Some('#') => self.comment().map(|()| true),
            Some('[') => self.header().and_then(|()| self.line_end()),
            None => Ok(false),
            Some(c) => {
                self.back(c);
                let context = self.context.clone();
                self.pair()?;
                self.context = context;
                self.key.clear();
                self.line_end()
            }
        }
    }

    /// Reads what may follow on a line; `false` at the end.
    fn line_end(&mut self) -> Result<bool, String> {
        loop {
            match self.next()? {
                Some('#') => return self.comment().map(|()| true),
                Some(c) if is_blank(c) => {}
                Some(c) if is_newline(c) => return Ok(true),
                None => return Ok(false),
                Some(c) => {
                    let found = quote_rune(c.into());
                    return Err(self.wrong(&format!(
                        "expected a top-level item to end with a newline, comment, or EOF, but got {found} \
                         instead"
                    )));
                }
            }
        }
    }

    fn header(&mut self) -> Result<(), String> {
        let in_list = self.peek()? == Some('[');
        if in_list {
            self.next()?;
        }
        let mut key = Vec::new();
        loop {
            self.skip_blanks()?;
            match self.peek()? {
                Some(']') | None => {
                    return Err(self.wrong("unexpected end of table name (table names cannot be empty)"));
                }
                Some('.') => {
                    return Err(self.wrong("unexpected table separator (table names cannot be empty)"));
                }
                Some(_) => {}
            }
            let name = self.name()?;
            if key.is_empty() {
                self.key_line = self.line;
            }
            key.push(name);
            self.skip_blanks()?;
            match self.next()? {
                Some('.') => {}
                Some(']') => break,
                other => {
                    let found = shown(other);
                    return Err(self
                        .wrong(&format!("expected '.' or ']' to end table name, but got {found} instead")));
                }
            }
        }
        if in_list {
            let end = self.next()?;
            if end != Some(']') {
                let found = shown(end);
                return Err(self.wrong(&format!(
                    "expected end of table array name delimiter ']', but got {found} instead"
                )));
            }
        }
        self.open(key, in_list)?;
        self.tables.note_list(&self.context, false);
        Ok(())
    }

    /// Opens the table of a key, or a further one in its list of tables, and makes it
    /// the context.
    fn open(&mut self, mut key: Vec<String>, in_list: bool) -> Result<(), String> {
        let Some(name) = key.pop() else { return Ok(()) };
        self.tables.open_parents(&key).map_err(|message| self.wrong_key(&message))?;
        self.context = key;
        let opened = if in_list {
            self.tables.add(&self.context, &name)
        } else {
            self.tables.set(&self.context, &name, Value::Map(Map::new()))
        };
        opened.map_err(|message| self.wrong_key(&message))?;
        self.context.push(name);
        Ok(())
    }

    /// Reads a key with its value into the context; the caller restores that.
    fn pair(&mut self) -> Result<Pair, String> {
        let mut path = self.dotted_key()?;
        let name = path.pop().unwrap_or_default();
        self.key.clone_from(&name);
        for part in &path {
            let key = [self.context.as_slice(), std::slice::from_ref(part)].concat();
            self.tables.imply(&key);
            self.open(key, false)?;
        }
        let (value, is_list) = self.value(false)?;
        let set = self.tables.set(&self.context, &name, value.clone());
        set.map_err(|message| self.wrong_key(&message))?;
        self.tables.note_list(&self.whole_key(), is_list);
        Ok(Pair { path, name, value })
    }

    fn dotted_key(&mut self) -> Result<Vec<String>, String> {
        self.skip_blanks()?;
        match self.peek()? {
            Some('=') | None => return Err(self.wrong("unexpected '=': key name appears blank")),
            Some('.') => return Err(self.wrong("unexpected '.': keys cannot start with a '.'")),
            Some(_) => {}
        }
        let mut key = Vec::new();
        loop {
            self.skip_blanks()?;
            match self.peek()? {
                Some('=') | None => return Err(self.wrong("unexpected '='")),
                Some('.') => return Err(self.wrong("unexpected '.'")),
                Some(_) => {}
            }
            let name = self.name()?;
            if key.is_empty() {
                self.key_line = self.line;
            }
            key.push(name);
            self.skip_blanks()?;
            match self.next()? {
                Some('.') => {}
                Some('=') => return Ok(key),
                None => return Err(self.wrong("unexpected EOF; expected key separator '='")),
                Some(c) => {
                    let message = format!("expected '.' or '=', but got {} instead", quote_rune(c.into()));
                    return Err(if c == '\n' { self.wrong_before(&message) } else { self.wrong(&message) });
                }
            }
        }
    }

    /// Reads a part of a key, which may be empty if it has no quotes.
    fn name(&mut self) -> Result<String, String> {
        match self.peek()? {
            Some(quote @ ('"' | '\'')) => {
                self.next()?;
                self.string(quote)
            }
            _ => {
                let start = self.at;
                self.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')?;
                Ok(self.since(start))
            }
        }
    }

    /// Reads a value; the flag says whether it is a list.
    fn value(&mut self, in_list: bool) -> Result<(Value, bool), String> {
        self.skip_blanks()?;
        let start = self.at;
        let c = self.next()?;
        let value = match c {
            Some('[') => return self.nested(|reader| Ok((reader.list()?, true))),
            Some('{') => return self.nested(|reader| Ok((reader.inline_table(in_list)?, false))),
            Some(quote @ ('"' | '\'')) => Value::str(self.any_string(quote)?),
            Some('0'..='9' | '-' | '+') => self.number(start)?,
            Some('.') => return Err(self.wrong("floats must start with a digit, not '.'")),
            Some('i' | 'n') => return Ok((self.word_or_number(start)?, false)),
            Some(c) if c.is_alphabetic() => {
                self.back(c);
                self.word()?
            }
            None => return Err(self.wrong("unexpected EOF; expected value")),
            Some(c) => {
                let message = format!("expected value but found {} instead", quote_rune(c.into()));
                return Err(if c == '\n' { self.wrong_before(&message) } else { self.wrong(&message) });
            }
        };
        Ok((value, false))
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        if self.depth == MAX_DEPTH {
            return Err(self.wrong("exceeded max depth"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn list(&mut self) -> Result<Value, String> {
        self.tables.note_list(&self.whole_key(), true);
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Some(c) if is_blank(c) || is_newline(c) => continue,
                Some('#') => {
                    self.comment()?;
                    continue;
                }
                Some(',') => return Err(self.wrong("unexpected comma")),
                Some(']') => return Ok(Value::list(items)),
                Some(c) => self.back(c),
                None => self.is_over = false,
            }
            items.push(self.value(true)?.0);
            match self.separator()? {
                Some(',') => {}
                Some(']') => return Ok(Value::list(items)),
                other => {
                    let found = named(other);
                    return Err(self.wrong(&format!(
                        "expected a comma (',') or array terminator (']'), but got {found}"
                    )));
                }
            }
        }
    }

    fn inline_table(&mut self, in_list: bool) -> Result<Value, String> {
        let (outer_context, outer_key) = (self.context.clone(), self.key.clone());
        let context = [self.context.as_slice(), &[std::mem::take(&mut self.key)]].concat();
        self.context.clone_from(&context);
        self.tables.imply(&context);
        self.open(context.clone(), in_list)?;
        let table = Map::new();
        loop {
            match self.next()? {
                Some(c) if is_blank(c) || is_newline(c) => continue,
                Some('#') => {
                    self.comment()?;
                    continue;
                }
                Some(',') => return Err(self.wrong("unexpected comma")),
                Some('}') => break,
                Some(c) => self.back(c),
                None => self.is_over = false,
            }
            let pair = self.pair()?;
            self.insert(&table, pair)?;
            self.context.clone_from(&context);
            match self.separator()? {
                Some(',') => {
                    self.skip_blanks()?;
                    if self.peek()? == Some('}') {
                        self.next()?;
                        break;
                    }
                }
                Some('}') => break,
                other => {
                    let found = named(other);
                    return Err(self.wrong(&format!(
                        "expected a comma or an inline table terminator '}}', but got {found} instead"
                    )));
                }
            }
        }
        (self.context, self.key) = (outer_context, outer_key);
        Ok(Value::Map(table))
    }

    /// Puts a pair of an inline table into the table that is its value.
    fn insert(&self, table: &Map, Pair { path, name, value }: Pair) -> Result<(), String> {
        let mut table = table.clone();
        for part in path {
            let inner = table.get(part.as_bytes()).unwrap_or_else(|| {
                let inner = Value::Map(Map::new());
                table.insert(part.as_str(), inner.clone());
                inner
            });
            table = inner.as_map().ok_or_else(|| {
                let context = tables::text(&self.context);
                self.wrong_key(&format!("{} is not a table", quote(context.as_bytes())))
            })?;
        }
        table.insert(name, value);
        Ok(())
    }

    /// Returns the character after a value in brackets or braces.
    fn separator(&mut self) -> Result<Next, String> {
        loop {
            match self.next()? {
                Some(c) if is_blank(c) || is_newline(c) => {}
                Some('#') => self.comment()?,
                other => return Ok(other),
            }
        }
    }

    /// Reads up to the end of the line.
    fn comment(&mut self) -> Result<(), String> {
        self.take_while(|c| !is_newline(c))
    }

    /// Reads `inf` and `nan`, and reports other words.
    fn word_or_number(&mut self, start: usize) -> Result<Value, String> {
        let found = (self.accept('n')? && self.accept('f')?) || (self.accept('a')? && self.accept('n')?);
        if found {
            return self.float(&self.since(start));
        }
        // The library goes back by one letter, however many it has tried.
        self.at -= 1;
        self.word()
    }

    fn word(&mut self) -> Result<Value, String> {
        let start = self.at;
        self.take_while(char::is_alphabetic)?;
        let word = self.since(start);
        match word.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(self.wrong(&format!("expected value but found {} instead", quote(word.as_bytes())))),
        }
    }

    /// Reads a number or a date, of which the first character was taken.
    fn number(&mut self, start: usize) -> Result<Value, String> {
        let first = self.text[start];
        if first == b'-' || first == b'+' {
            return self.signed(start);
        }
        if first == b'0' {
            match self.peek()? {
                Some('b') => return self.based(start, "a binary", |c| matches!(c, '0' | '1')),
                Some('o') => return self.based(start, "an octal", |c| matches!(c, '0'..='7')),
                Some('x') => return self.based(start, "a hexadecimal", |c| c.is_ascii_hexdigit()),
                // Dates begin with two digits.
                Some('-' | ':') | None => return self.integer(&self.since(start)),
                Some(_) => {}
            }
        }
        self.take_while(|c| c.is_ascii_digit())?;
        match self.peek()? {
            Some('-' | ':') => self.datetime(start),
            Some('_' | '.' | 'e' | 'E') => self.decimal(start),
            _ => self.integer(&self.since(start)),
        }
    }

    fn signed(&mut self, start: usize) -> Result<Value, String> {
        let c = self.next()?;
        match c {
            Some(letter @ ('i' | 'n')) => {
                let rest = if letter == 'i' { ['n', 'f'] } else { ['a', 'n'] };
                let found = self.accept(rest[0])? && self.accept(rest[1])?;
                let text = self.since(start);
                if found { self.float(&text) } else { Err(self.wrong(&format!("invalid float: '{text}'"))) }
            }
            Some('0') if matches!(self.peek()?, Some('b' | 'o' | 'x')) => {
                let (text, base) = (self.since(start), self.peek()?.unwrap_or_default());
                Err(self.wrong(&format!("cannot use sign with non-decimal numbers: '{text}{base}'")))
            }
            Some('.') => Err(self.wrong("floats must start with a digit, not '.'")),
            Some(digit) if digit.is_ascii_digit() => self.decimal(start),
            other => Err(self.wrong(&format!("expected a digit but got {}", shown(other)))),
        }
    }

    fn decimal(&mut self, start: usize) -> Result<Value, String> {
        self.take_while(|c| c.is_ascii_digit() || c == '_')?;
        if !matches!(self.peek()?, Some('.' | 'e' | 'E')) {
            return self.integer(&self.since(start));
        }
        self.take_while(|c| c.is_ascii_digit() || matches!(c, '_' | '.' | '-' | '+' | 'e' | 'E'))?;
        self.float(&self.since(start))
    }

    fn based(&mut self, start: usize, kind: &str, is_digit: fn(char) -> bool) -> Result<Value, String> {
        self.next()?;
        let next = self.peek()?;
        if !next.is_some_and(is_digit) {
            let (text, next) = (self.since(start), next.unwrap_or_default());
            return Err(self.wrong(&format!("not {kind} number: '{text}{next}'")));
        }
        self.take_while(|c| is_digit(c) || c == '_')?;
        self.integer(&self.since(start))
    }

    fn integer(&self, text: &str) -> Result<Value, String> {
        let number = quote(text.as_bytes());
        if !are_underscores_fine(text) {
            let message = format!("Invalid integer {number}: underscores must be surrounded by digits");
            return Err(self.wrong_here(&message));
        }
        if has_leading_zero(text) {
            return Err(self.wrong_here(&format!("Invalid integer {number}: cannot have leading zeroes")));
        }
        let number = gotmpl::strconv::parse_int(text.as_bytes(), 0);
        let number = number.map_err(|_| self.wrong_here(&format!("{text} is out of range for int64")))?;
        Ok(Value::Int64(number))
    }

    fn float(&self, text: &str) -> Result<Value, String> {
        let number = quote(text.as_bytes());
        let mut parts = text.split(['.', 'e', 'E']).filter(|part| !part.is_empty());
        if !parts.clone().all(are_underscores_fine) {
            let message = format!("Invalid float {number}: underscores must be surrounded by digits");
            return Err(self.wrong_here(&message));
        }
        if parts.next().is_some_and(has_leading_zero) {
            return Err(self.wrong_here(&format!("Invalid float {number}: cannot have leading zeroes")));
        }
        let after_points = text.split('.').skip(1);
        if !after_points.map(str::as_bytes).all(|after| after.first().is_some_and(u8::is_ascii_digit)) {
            let message = format!("Invalid float {number}: '.' must be followed by one or more digits");
            return Err(self.wrong_here(&message));
        }
        match text.replace('_', "").parse::<f64>() {
            Ok(found) if found.is_infinite() && !text.contains("inf") => {
                Err(self.wrong_here(&format!("{text} is out of range for float64")))
            }
            Ok(found) if found.is_nan() => {
                Ok(Value::Float64(f64::NAN.copysign(if text.starts_with('-') { -1.0 } else { 1.0 })))
            }
            Ok(found) => Ok(Value::Float64(found)),
            Err(_) => Err(self.wrong_here(&format!("Invalid float value: {number}"))),
        }
    }

    fn datetime(&mut self, start: usize) -> Result<Value, String> {
        self.take_while(|c| {
            c.is_ascii_digit() || matches!(c, '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+')
        })?;
        let text = self.since(start).trim().replace(['t', ' '], "T").replace('z', "Z");
        super::datetime::read(&text)
            .ok_or_else(|| self.wrong_here(&format!("invalid datetime: {}", quote(text.as_bytes()))))
    }

    /// Reads a string, after its first quote, in any of the four forms.
    fn any_string(&mut self, quote: char) -> Result<String, String> {
        if self.accept(quote)? {
            if !self.accept(quote)? {
                return Ok(String::new());
            }
            return self.long_string(quote);
        }
        self.string(quote)
    }

    /// Reads a string on one line, after its first quote.
    fn string(&mut self, quote: char) -> Result<String, String> {
        let start = self.at;
        loop {
            match self.next()? {
                None if quote == '"' => return Err(self.wrong("unexpected EOF; expected '\"'")),
                None => return Err(self.wrong("unexpected EOF; expected \"'\"")),
                Some(c) if is_newline(c) => {
                    return Err(self.wrong_before("strings cannot contain newlines"));
                }
                Some('\\') if quote == '"' => self.escape()?,
                Some(c) if c == quote => break,
                Some(_) => {}
            }
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at - 1]).into_owned();
        if quote == '"' { self.unescaped(&text) } else { Ok(text) }
    }

    /// Reads a string of several lines, after its first three quotes.
    fn long_string(&mut self, quote: char) -> Result<String, String> {
        let start = self.at;
        loop {
            match self.next()? {
                None if quote == '"' => return Err(self.wrong("unexpected EOF; expected '\"\"\"'")),
                None => return Err(self.wrong("unexpected EOF; expected \"'''\"")),
                Some('\\') if quote == '"' => {
                    if !self.peek()?.is_some_and(is_newline) {
                        self.escape()?;
                    }
                }
                Some(c) if c == quote => {
                    if self.is_long_end(start, quote)? {
                        break;
                    }
                }
                Some(_) => {}
            }
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at - 3]).into_owned();
        let text = text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n")).unwrap_or(&text);
        if quote == '"' { self.unescaped(&joined_lines(text)) } else { Ok(text.to_owned()) }
    }

    /// Returns whether the quote just taken is the first of the last three, and takes
    /// those: one or two more may stand before them.
    fn is_long_end(&mut self, start: usize, quote: char) -> Result<bool, String> {
        let first = self.at;
        if !self.accept(quote)? {
            return Ok(false);
        }
        if !self.accept(quote)? {
            // Only the last look-ahead is taken back.
            return Ok(false);
        }
        if self.peek()? != Some(quote) {
            return Ok(true);
        }
        let text = &self.text[start..self.at];
        let five = [quote as u8; 5];
        let escaped = quote == '"' && text.strip_suffix(&five).is_some_and(|text| text.ends_with(b"\\"));
        if text.ends_with(&five) && !escaped {
            let six = if quote == '"' { "'\"\"\"\"\"\"'" } else { "\"''''''\"" };
            return Err(self.wrong(&format!("unexpected {six}")));
        }
        self.at = first;
        Ok(false)
    }

    /// Reads an escape, after its backslash, and only checks its form.
    fn escape(&mut self) -> Result<(), String> {
        let start = self.at;
        let (digits, count) = match self.next()? {
            Some('e' | 'b' | 't' | 'n' | 'f' | 'r' | '"' | ' ' | '\t' | '\\') => return Ok(()),
            Some('x') => (2, "two hexadecimal digits after '\\x'"),
            Some('u') => (4, "four hexadecimal digits after '\\u'"),
            Some('U') => (8, "eight hexadecimal digits after '\\U'"),
            other => {
                let message = format!("invalid escape in string '\\{}'", other.unwrap_or_default());
                return Err(if other.is_none() { self.wrong_before(&message) } else { self.wrong(&message) });
            }
        };
        for _ in 0..digits {
            if !self.next()?.is_some_and(|c| c.is_ascii_hexdigit()) {
                let found = quote(&self.text[self.token_start(start)..self.at]);
                return Err(self.wrong(&format!("expected {count}, but got {found} instead")));
            }
        }
        Ok(())
    }

    /// Where the string with an escape begins: messages quote all of it.
    fn token_start(&self, escape: usize) -> usize {
        self.text[..escape].iter().rposition(|byte| *byte == b'"').map_or(0, |quote| quote + 1)
    }

    /// Replaces the escapes, whose form was checked.
    fn unescaped(&self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((plain, escape)) = rest.split_once('\\') {
            out.push_str(plain);
            let kind = escape.chars().next().unwrap_or_default();
            rest = &escape[kind.len_utf8().min(escape.len())..];
            let digits = match kind {
                'b' => '\u{8}'.into(),
                't' => '\t'.into(),
                'n' => '\n'.into(),
                'f' => '\u{c}'.into(),
                'r' => '\r'.into(),
                'e' => '\u{1b}'.into(),
                '"' | '\\' => kind.into(),
                'x' => Escape::Digits(2),
                'u' => Escape::Digits(4),
                'U' => Escape::Digits(8),
                other => return Err(self.wrong_here(&format!("invalid escape: '\\{other}'"))),
            };
            match digits {
                Escape::Char(c) => out.push(c),
                Escape::Digits(count) => {
                    let digits = rest.get(..count).unwrap_or_default();
                    let c =
                        u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).ok_or_else(|| {
                            self.wrong_here(&format!("Escaped character '\\u{digits}' is not valid UTF-8."))
                        })?;
                    out.push(c);
                    rest = &rest[count..];
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    // ---- characters ----

    fn next(&mut self) -> Result<Next, String> {
        let Some(byte) = self.text.get(self.at) else {
            self.is_over = true;
            return Ok(None);
        };
        let c = self.decode(*byte)?;
        if c == '\n' {
            self.line += 1;
        }
        self.at += c.len_utf8();
        Ok(Some(c))
    }

    fn peek(&self) -> Result<Next, String> {
        self.text.get(self.at).map(|byte| self.decode(*byte)).transpose()
    }

    fn decode(&self, first: u8) -> Result<char, String> {
        let rest = &self.text[self.at..];
        let chunk = rest[..rest.len().min(4)].utf8_chunks().next();
        let Some(c) = chunk.and_then(|chunk| chunk.valid().chars().next()) else {
            return Err(self.wrong(&format!("invalid UTF-8 byte: 0x{first:02x}")));
        };
        let control = matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}');
        if control || (c == '\r' && rest.get(1) != Some(&b'\n')) {
            let code = u32::from(c);
            return Err(self.wrong(&format!("TOML files cannot contain control characters: '0x{code:02x}'")));
        }
        Ok(c)
    }

    fn back(&mut self, c: char) {
        self.at -= c.len_utf8();
        if c == '\n' {
            self.line -= 1;
        }
    }

    fn accept(&mut self, wanted: char) -> Result<bool, String> {
        let found = self.peek()? == Some(wanted);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> Result<(), String> {
        while self.peek()?.is_some_and(&is_part) {
            self.next()?;
        }
        Ok(())
    }

    fn skip_blanks(&mut self) -> Result<(), String> {
        self.take_while(is_blank)
    }

    fn since(&self, start: usize) -> String {
        String::from_utf8_lossy(&self.text[start..self.at]).into_owned()
    }

    // ---- messages ----

    fn whole_key(&self) -> Vec<String> {
        let mut key = self.context.clone();
        if !self.key.is_empty() {
            key.push(self.key.clone());
        }
        key
    }

    /// An error where the reader is.
    fn wrong(&self, message: &str) -> String {
        let after_line = self.is_over && self.text.last() == Some(&b'\n');
        self.error(self.line as i64 - i64::from(after_line), message)
    }

    /// An error in the line before, as a newline was taken.
    fn wrong_before(&self, message: &str) -> String {
        self.error(self.line as i64 - 1, message)
    }

    /// An error of a token that is complete.
    fn wrong_here(&self, message: &str) -> String {
        self.error(self.line as i64, message)
    }

    /// An error where the key begins.
    fn wrong_key(&self, message: &str) -> String {
        self.error(self.key_line as i64, message)
    }

    fn error(&self, line: i64, message: &str) -> String {
        let context = tables::text(&self.context);
        let key = match (context.is_empty(), self.key.is_empty()) {
            (_, true) => context,
            (true, false) => self.key.clone(),
            (false, false) => format!("{context}.{}", self.key),
        };
        if key.is_empty() {
            return format!("toml: line {line}: {message}");
        }
        format!("toml: line {line} (last key {}): {message}", quote(key.as_bytes()))
    }
}

/// A key of an inline table with its value.
struct Pair {
    path: Vec<String>,
    name: String,
    value: Value,
}

/// What an escape stands for.
enum Escape {
    Char(char),
    /// So many hexadecimal digits follow.
    Digits(usize),
}

impl From<char> for Escape {
    fn from(c: char) -> Self {
        Escape::Char(c)
    }
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

fn is_newline(c: char) -> bool {
    c == '\n' || c == '\r'
}

/// A character in a message, in which the end is NUL.
fn shown(c: Next) -> String {
    quote_rune(c.unwrap_or_default().into())
}

fn named(c: Next) -> String {
    c.map_or_else(|| "end of file".to_owned(), |c| format!("'{c}'"))
}

fn has_leading_zero(number: &str) -> bool {
    match number.as_bytes() {
        [b'0', second, ..] => !matches!(second, b'b' | b'o' | b'x'),
        [b'-' | b'+', b'0', _, ..] => true,
        _ => false,
    }
}

/// Returns whether every underscore stands between digits.
fn are_underscores_fine(number: &str) -> bool {
    if matches!(number, "nan" | "+nan" | "-nan" | "inf" | "+inf" | "-inf") {
        return true;
    }
    let is_digit = |c: char| c.is_ascii_hexdigit();
    let mut after_digit = false;
    for c in number.chars() {
        if c == '_' && !after_digit {
            return false;
        }
        after_digit = is_digit(c);
    }
    after_digit
}

/// Removes each backslash at the end of a line with all blanks and newlines after it.
fn joined_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('\\') {
        out.push_str(plain);
        let next = after.trim_start_matches([' ', '\t', '\r', '\n']);
        if after[..after.len() - next.len()].contains('\n') {
            rest = next;
            continue;
        }
        out.push('\\');
        rest = after;
        if let Some(escaped) = rest.strip_prefix('\\') {
            out.push('\\');
            rest = escaped;
        }
    }
    out.push_str(rest);
    out
}
