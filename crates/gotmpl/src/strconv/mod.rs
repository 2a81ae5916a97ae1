//! Numbers and quoted text in Go's notation, as the package `strconv` reads and writes them.
//!
//! Templates show these rules everywhere: `%q`, `quote`, number literals, every
//! float that is printed. Text is bytes, because Go's strings need not be UTF-8.

mod float;
mod number;
mod quote;
mod unicode;

pub use float::{append_float, format_float, parse_float};
pub use number::{NumError, parse_int, parse_uint};
pub use quote::{can_backquote, quote, quote_rune, quote_rune_to_ascii, quote_to_ascii, unquote};
pub(crate) use quote::{decode_rune, unquote_char};
pub(crate) use unicode::is_alphanumeric;
pub use unicode::is_print;

#[cfg(test)]
mod tests;
