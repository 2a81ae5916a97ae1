//! What values of Go have and serde's data model has no word for.
//!
//! Each of these is a newtype for serde, whose name [`crate::ser`] knows, so that
//! other formats see what is inside.

use serde::ser::{Serialize, Serializer};

pub(crate) const TEXT: &str = "$goyaml::GoText";
pub(crate) const TIME: &str = "$goyaml::GoTime";
pub(crate) const STRUCT: &str = "$goyaml::GoStruct";

/// Text that need not be UTF-8.
///
/// [`crate::to_string`] writes U+FFFD for each byte that is not, as JSON does on the
/// way; [`crate::to_string_pretty`] writes such text as `!!binary`, as yaml.v3 does.
/// As a map's key, it is the same without this.
///
/// ```
/// let text = goyaml::GoText(b"caf\xC3");
/// assert_eq!(goyaml::to_string(&[text])?, "- caf\u{fffd}\n");
/// assert_eq!(goyaml::to_string_pretty(&[text])?, "- !!binary Y2Fmww==\n");
/// # Ok::<(), goyaml::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct GoText<'a>(pub &'a [u8]);

/// A time in RFC 3339, which yaml.v3 does not quote.
#[derive(Debug, Clone, Copy)]
pub struct GoTime<'a>(pub &'a str);

/// A map that is a struct in Go: yaml.v3 keeps the order of its fields.
#[derive(Debug, Clone, Copy)]
pub struct GoStruct<T>(pub T);

impl Serialize for GoText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(TEXT, &Bytes(self.0))
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl Serialize for GoTime<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(TIME, self.0)
    }
}

impl<T: Serialize> Serialize for GoStruct<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(STRUCT, &self.0)
    }
}
