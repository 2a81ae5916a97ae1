//! YAML as Go's libraries read and write it.
//!
//! Helm, kubectl and Fabrikate all read and write YAML with go-yaml under
//! `sigs.k8s.io/yaml`. What they make of `yes`, `0777`, `1_000`, `<<` or a long
//! line is part of their behaviour, so this crate follows those libraries
//! (go-yaml v2.4.3, sigs.k8s.io/yaml v1.6.0, yaml.v3 v3.0.4) and not the
//! YAML specification.
//!
//! ```
//! let values: goyaml::Value = goyaml::from_str("a: yes\nb: [0777, 1_000, x]\n")?;
//! assert_eq!(goyaml::to_string(&values)?, "a: true\nb:\n- 511\n- 1000\n- x\n");
//!
//! let err = goyaml::from_str::<goyaml::Value>("a: b\nc: d: e\n").unwrap_err();
//! assert_eq!(err.to_string(), "yaml: line 2: mapping values are not allowed in this context");
//! # Ok::<(), goyaml::Error>(())
//! ```

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

mod base64;
mod chars;
mod de;
mod documents;
mod duplicates;
mod edit;
mod emit;
mod error;
mod flavors;
mod go;
mod json;
mod letters;
mod locate;
mod number;
mod order;
mod parser;
mod reader;
mod resolve;
mod scanner;
mod ser;
mod timestamp;
mod tree;
mod value;

pub use documents::{Document, documents};
pub use duplicates::{DuplicateKey, duplicate_keys};
pub use edit::{EditError, EditStyle, insert_in_text, set_in_text, unset_in_text};
pub use error::Error;
pub use flavors::{Difference, DifferenceKind};
pub use go::{GoStruct, GoText, GoTime};
pub use locate::{Location, PathSegment, Span, locate, locate_all};
pub use value::{Mapping, Value};

/// What nests continues on the heap when less than this is left of the stack.
const STACK_MARGIN: usize = 128 * 1024;
const STACK_STEP: usize = 2 * 1024 * 1024;

/// Goes a level deeper into what may nest 10,000 levels deep.
fn deeper<T>(step: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK_MARGIN, STACK_STEP, step)
}

/// What reading or writing gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Reads the first document of a stream, as `sigs.k8s.io/yaml`'s `Unmarshal` does.
///
/// All of the document is checked, also what `T` skips.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T> {
    from_source(reader::Source::from_text(text), tree::Keys::Typed)
}

/// What the data of a document do not tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Oddities {
    /// Keys that their map has before, as [`duplicate_keys`] returns them.
    pub duplicate_keys: Vec<DuplicateKey>,
    /// What yaml.v3 reads otherwise.
    pub differences: Vec<Difference>,
}

/// Reads the first document of a stream as [`from_str`] does, and tells what is odd about it: the text is
/// scanned once.
pub fn from_str_with_oddities<T: DeserializeOwned>(text: &str) -> Result<(T, Oddities)> {
    let source = reader::Source::from_text(text);
    let parser = parser::Parser::new(&source.text, source.bad);
    let read = parser.and_then(|mut parser| {
        let tree = tree::Tree::first(&mut parser)?;
        let value = T::deserialize(de::NodeReader::root(&tree))?;
        let duplicate_keys = duplicates::of(&tree, source.skipped);
        let differences = flavors::of(&tree, &source.text, source.skipped);
        Ok((value, Oddities { duplicate_keys, differences }))
    });
    read.map_err(|err| err.within(&source.text, source.skipped))
}

/// Reads the first document of a stream in UTF-8 or, with a byte order mark, UTF-16.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    from_source(reader::Source::from_bytes(bytes), tree::Keys::Typed)
}

/// Reads the first document of a stream as [`from_str`] does, but keys are the text that is written.
///
/// So go-yaml reads into Go's maps with string keys: `y: 1` has the key `y` and not `true`.
///
/// ```
/// let values: goyaml::Value = goyaml::from_str_with_literal_keys("y: yes\n1.10: x\n")?;
/// assert_eq!(goyaml::to_string(&values)?, "\"1.10\": x\n\"y\": true\n");
/// # Ok::<(), goyaml::Error>(())
/// ```
pub fn from_str_with_literal_keys<T: DeserializeOwned>(text: &str) -> Result<T> {
    from_source(reader::Source::from_text(text), tree::Keys::Literal)
}

/// Checks all of the first document, as reading it does.
pub fn check(text: &str) -> Result<()> {
    from_str::<IgnoredAny>(text).map(|_| ())
}

/// Writes data as `sigs.k8s.io/yaml`'s `Marshal` does: Helm's `toYaml`, with a final newline.
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    ser::to_page(value, emit::Dialect::V2)
}

/// Writes data as yaml.v3's encoder with an indentation of two does: Helm's `toYamlPretty`.
pub fn to_string_pretty<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    ser::to_page(value, emit::Dialect::V3)
}

fn from_source<T: DeserializeOwned>(source: reader::Source<'_>, keys: tree::Keys) -> Result<T> {
    let parser = parser::Parser::new(&source.text, source.bad);
    let read = parser.and_then(|mut parser| {
        let tree = tree::Tree::first_with(&mut parser, keys)?;
        T::deserialize(de::NodeReader::root(&tree))
    });
    read.map_err(|err| err.within(&source.text, source.skipped))
}

/// Runs the README's example with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
