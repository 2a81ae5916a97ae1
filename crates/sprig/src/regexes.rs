//! Regular expressions with the semantics of Go's `regexp`, on top of the
//! `regex` crate: [`syntax`] checks a pattern as Go does and rewrites it.
//!
//! Go matches runes, and takes a byte that is no UTF-8 for U+FFFD; so such a
//! text is searched in a repaired copy, and offsets are carried back.

use std::borrow::Cow;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use gotmpl::Type::{Bool, Int, String as Text};
use gotmpl::{CallError, Exec, Function, List, Type, Value, strconv};
use regex::bytes::{Captures, Regex, RegexBuilder};

use crate::args::{Outcome, bytes, function, int, string};
use crate::text::{is_letter, most_pieces, reserve_pieces, runes};

mod expand;
mod syntax;

pub(crate) const FUNCTIONS: &[Function] = &[
    function("regexMatch", &[Text, Text], Bool, |exec, args| {
        Ok(Value::Bool(compile(exec, args)?.is_ok_and(|pattern| is_match(&pattern, bytes(args, 1)))))
    }),
    function("mustRegexMatch", &[Text, Text], Bool, |exec, args| {
        Ok(Value::Bool(is_match(&*compile(exec, args)??, bytes(args, 1))))
    }),
    function("regexFind", &[Text, Text], Text, |exec, args| Ok(find(&*must_compile(exec, args)?, args))),
    function("mustRegexFind", &[Text, Text], Text, |exec, args| Ok(find(&*compile(exec, args)??, args))),
    function("regexFindAll", &[Text, Text, Int], Type::STRINGS, |exec, args| {
        let pattern = must_compile(exec, args)?;
        find_all(exec, &pattern, args)
    }),
    function("mustRegexFindAll", &[Text, Text, Int], Type::STRINGS, |exec, args| {
        let pattern = compile(exec, args)??;
        find_all(exec, &pattern, args)
    }),
    function("regexReplaceAll", &[Text, Text, Text], Text, |exec, args| {
        let pattern = must_compile(exec, args)?;
        replace(exec, &pattern, args, Replacement::Template)
    }),
    function("mustRegexReplaceAll", &[Text, Text, Text], Text, |exec, args| {
        let pattern = compile(exec, args)??;
        replace(exec, &pattern, args, Replacement::Template)
    }),
    function("regexReplaceAllLiteral", &[Text, Text, Text], Text, |exec, args| {
        let pattern = must_compile(exec, args)?;
        replace(exec, &pattern, args, Replacement::Literal)
    }),
    function("mustRegexReplaceAllLiteral", &[Text, Text, Text], Text, |exec, args| {
        let pattern = compile(exec, args)??;
        replace(exec, &pattern, args, Replacement::Literal)
    }),
    function("regexSplit", &[Text, Text, Int], Type::STRINGS, |exec, args| {
        let pattern = must_compile(exec, args)?;
        split(exec, &pattern, args)
    }),
    function("mustRegexSplit", &[Text, Text, Int], Type::STRINGS, |exec, args| {
        let pattern = compile(exec, args)??;
        split(exec, &pattern, args)
    }),
    function("regexQuoteMeta", &[Text], Text, |_, args| Ok(quote_meta(bytes(args, 0)))),
];

/// Returns a function that tells whether a text has a match of a pattern of Go's `regexp`.
///
/// # Errors
///
/// Go's text, for what is no pattern.
pub fn matcher(pattern: &str) -> Result<impl Fn(&str) -> bool + Send + Sync + use<>, String> {
    let Ok(pattern) = compile_new(pattern.as_bytes(), |_| Ok::<_, Infallible>(()));
    let pattern = pattern?;
    Ok(move |text: &str| pattern.regex.is_match(text.as_bytes()))
}

/// Returns what Go's `regexp` has against a pattern, if anything.
pub fn pattern_error(pattern: &str) -> Option<String> {
    syntax::rewrite(pattern.as_bytes()).err().map(|error| error.to_string())
}

/// What a compiled pattern may take, tried in this order, since what it takes is not
/// known before. Go has a limit of the same kind.
const SIZE_LIMITS: [usize; 5] = [2 << 10, 16 << 10, 256 << 10, 4 << 20, 64 << 20];
/// A step of an execution for so many bytes of a pattern that is compiled.
const BYTES_PER_STEP: usize = 8;
/// A step for so many bytes of a pattern that a byte of text is held against.
const SIZE_PER_STEP: usize = 2 << 10;
/// Patterns kept, and the bytes that they may take; templates that make up new ones
/// forever start over.
const KEPT: usize = 4096;
const KEPT_BYTES: usize = 128 << 20;

/// Regular expressions that were compiled before, for executions that are given them
/// as an extension; they may be shared between threads. Without, every call compiles
/// its pattern anew.
#[derive(Default)]
pub struct Patterns(Mutex<Known>);

#[derive(Default)]
struct Known {
    by_text: HashMap<Box<[u8]>, Compiled>,
    /// What all of them may take.
    bytes: usize,
}

impl Known {
    fn insert(&mut self, text: &[u8], compiled: Compiled) {
        if self.by_text.len() >= KEPT || self.bytes >= KEPT_BYTES {
            *self = Known::default();
        }
        self.bytes += compiled.as_ref().map_or(0, |pattern| pattern.size);
        self.by_text.insert(text.into(), compiled);
    }
}

/// A compiled pattern, or Go's error text.
type Compiled = Result<Arc<Pattern>, String>;

/// A compiled pattern with the names of its groups.
struct Pattern {
    regex: Regex,
    /// Which of the [`SIZE_LIMITS`] it took.
    size: usize,
    names: Vec<(String, usize)>,
}

/// Compiles the pattern of a call, or finds it among those compiled before, and charges
/// the search in the text. The outer error is that of the budget.
fn compile(exec: &mut Exec<'_>, args: &[Value]) -> Result<Compiled, CallError> {
    let compiled = find_or_compile(exec, bytes(args, 0))?;
    if let Ok(pattern) = &compiled {
        // Each byte may have to be held against each part of the pattern.
        let size = (pattern.size / SIZE_PER_STEP) as u64;
        exec.work(size.saturating_mul(bytes(args, 1).len() as u64))?;
    }
    Ok(compiled)
}

fn find_or_compile(exec: &mut Exec<'_>, pattern: &[u8]) -> Result<Compiled, CallError> {
    let new = |exec: &mut Exec<'_>| compile_new(pattern, |size| exec.work((size / BYTES_PER_STEP) as u64));
    let Some(Patterns(known)) = exec.extension() else { return new(exec) };
    let lock = || known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(compiled) = lock().by_text.get(pattern) {
        return Ok(compiled.clone());
    }
    // Compiled without the lock: that two threads may do it twice costs less than waiting.
    let compiled = new(exec)?;
    lock().insert(pattern, compiled.clone());
    Ok(compiled)
}

/// Compiles a pattern, with the error of Go's `regexp.MustCompile`.
fn must_compile(exec: &mut Exec<'_>, args: &[Value]) -> Result<Arc<Pattern>, CallError> {
    compile(exec, args)?.map_err(|err| {
        let pattern = bytes(args, 0);
        let text = String::from_utf8_lossy(pattern);
        let quoted =
            if strconv::can_backquote(pattern) { format!("`{text}`") } else { strconv::quote(pattern) };
        CallError::new(format!("regexp: Compile({quoted}): {err}"))
    })
}

/// Compiles a pattern, once `charge` has let each size pass that is tried.
fn compile_new<E>(pattern: &[u8], mut charge: impl FnMut(usize) -> Result<(), E>) -> Result<Compiled, E> {
    let rewritten = match syntax::rewrite(pattern) {
        Ok(rewritten) => rewritten,
        Err(error) => return Ok(Err(error.to_string())),
    };
    for size in SIZE_LIMITS {
        charge(size)?;
        let mut builder = RegexBuilder::new(&rewritten.pattern);
        if let Ok(regex) = builder.size_limit(size).nest_limit(4000).build() {
            return Ok(Ok(Arc::new(Pattern { regex, size, names: rewritten.names })));
        }
    }
    let pattern = String::from_utf8_lossy(pattern);
    Ok(Err(format!("error parsing regexp: expression too large: `{pattern}`")))
}

/// A text to be searched: valid UTF-8, with the way back to the original bytes.
struct Subject<'a> {
    original: &'a [u8],
    text: Cow<'a, str>,
    /// Where the repaired text has a U+FFFD for one byte.
    repaired: Vec<usize>,
}

impl<'a> Subject<'a> {
    fn new(original: &'a [u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(original) {
            return Subject { original, text: Cow::Borrowed(text), repaired: Vec::new() };
        }
        let (mut text, mut repaired) = (String::new(), Vec::new());
        for rune in runes(original) {
            if rune.is_broken() {
                repaired.push(text.len());
            }
            text.push(rune.c);
        }
        Subject { original, text: Cow::Owned(text), repaired }
    }

    /// Returns the original bytes of a span of the text.
    fn cut(&self, from: usize, to: usize) -> &'a [u8] {
        &self.original[self.offset(from)..self.offset(to)]
    }

    fn offset(&self, at: usize) -> usize {
        at - 2 * self.repaired.partition_point(|repaired| *repaired < at)
    }

    /// Finds all matches; an empty one within a character is none for Go.
    fn captures<'t>(&'t self, pattern: &'t Pattern) -> impl Iterator<Item = Captures<'t>> {
        pattern
            .regex
            .captures_iter(self.text.as_bytes())
            .filter(|captures| self.is_whole(captures.get_match().range()))
    }

    fn spans<'t>(&'t self, pattern: &'t Pattern) -> impl Iterator<Item = (usize, usize)> {
        let spans = pattern.regex.find_iter(self.text.as_bytes()).map(|found| found.range());
        spans.filter(|span| self.is_whole(span.clone())).map(|span| (span.start, span.end))
    }

    fn is_whole(&self, span: std::ops::Range<usize>) -> bool {
        self.text.is_char_boundary(span.start) && self.text.is_char_boundary(span.end)
    }
}

fn is_match(pattern: &Pattern, text: &[u8]) -> bool {
    Subject::new(text).spans(pattern).next().is_some()
}

fn find(pattern: &Pattern, args: &[Value]) -> Value {
    let subject = Subject::new(bytes(args, 1));
    let span = subject.spans(pattern).next();
    Value::str(span.map_or(&b""[..], |(from, to)| subject.cut(from, to)))
}

fn find_all(exec: &mut Exec<'_>, pattern: &Pattern, args: &[Value]) -> Outcome {
    let subject = Subject::new(bytes(args, 1));
    let limit = usize::try_from(int(args, 2)).unwrap_or(usize::MAX).min(most_pieces(exec));
    let found: Vec<_> = subject.spans(pattern).take(limit).map(|(from, to)| subject.cut(from, to)).collect();
    reserve_pieces(exec, found.len())?;
    // Go returns a nil slice when there is nothing.
    Ok(if found.is_empty() { Value::List(List::nil(Type::STRINGS)) } else { Value::strings(found) })
}

fn split(exec: &mut Exec<'_>, pattern: &Pattern, args: &[Value]) -> Outcome {
    let subject = Subject::new(bytes(args, 1));
    let limit = int(args, 2);
    if limit == 0 {
        return Ok(Value::List(List::nil(Type::STRINGS)));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(most_pieces(exec));
    if subject.text.is_empty() && !bytes(args, 0).is_empty() {
        return Ok(Value::strings([""]));
    }
    let (mut pieces, mut start, mut end) = (Vec::new(), 0, 0);
    for (from, to) in subject.spans(pattern).take(limit) {
        if pieces.len() + 1 == limit {
            break;
        }
        end = from;
        if to != 0 {
            pieces.push(subject.cut(start, end));
        }
        start = to;
    }
    if end != subject.text.len() {
        pieces.push(subject.cut(start, subject.text.len()));
    }
    reserve_pieces(exec, pieces.len())?;
    Ok(Value::strings(pieces))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replacement {
    /// With `$1` and `${name}`.
    Template,
    Literal,
}

fn replace(exec: &mut Exec<'_>, pattern: &Pattern, args: &[Value], kind: Replacement) -> Outcome {
    let replacement = bytes(args, 2);
    let literal = kind == Replacement::Literal || !replacement.contains(&b'$');
    let subject = Subject::new(bytes(args, 1));
    let (mut out, mut last) = (Vec::new(), 0);
    for captures in subject.captures(pattern) {
        let span = captures.get_match().range();
        out.extend_from_slice(subject.cut(last, span.start));
        if literal {
            out.extend_from_slice(replacement);
        } else {
            expand::expand(&mut out, replacement, |group| {
                let found = match group {
                    expand::Group::Number(number) => captures.get(number),
                    expand::Group::Name(name) => {
                        let mut numbers = pattern.names.iter().filter(|(known, _)| known == name);
                        numbers.find_map(|(_, number)| captures.get(*number))
                    }
                };
                found.map_or(b"", |found| subject.cut(found.start(), found.end()))
            });
        }
        exec.reserve(out.len())?;
        last = span.end;
    }
    if last == 0 && out.is_empty() {
        return Ok(Value::Str(string(args, 1)));
    }
    out.extend_from_slice(subject.cut(last, subject.text.len()));
    Ok(Value::str(out))
}

fn quote_meta(text: &[u8]) -> Value {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if br"\.+*?()|[]{}^$".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    Value::str(out)
}

/// Returns whether a rune may be part of a group's name in a replacement.
fn is_name(c: char) -> bool {
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
    c == '_' || is_letter(c) || c.general_category() == GeneralCategory::DecimalNumber
}
