//! Values of every kind under every verb (Go's `fmt/print.go`).
//!
//! What a container holds has the static type of its elements: nil is `<nil>`
//! under any verb where that is an interface, and a wrong verb otherwise.

use super::format::{Flags, Integer};
use crate::types::{Kind, Type};
use crate::value::{List, Map, Object, Str, Value};

/// The address that pointers show: there are none here, and a real one would
/// make output differ between runs.
const ADDRESS: u64 = 0xc000_0100;

/// Values nest at most this deep, which only those that hold themselves do.
const MAX_DEPTH: usize = 10_000;

/// Writes values into a buffer.
pub(super) struct Printer<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) flags: Flags,
    pub(super) limit: usize,
    pub(super) full: bool,
    /// Set inside `%!d(…)`, where methods are not called.
    erroring: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, limit: usize) -> Self {
        Printer { out, flags: Flags::default(), limit, full: false, erroring: false }
    }

    /// Returns whether the limit was reached, so that text is missing.
    pub(super) fn is_full(&self) -> bool {
        self.full || self.out.len() > self.limit
    }

    /// Writes one argument of a `fmt` function.
    pub(super) fn print_arg(&mut self, value: &Value, verb: char) {
        let Some(go_type) = value.go_type() else {
            match verb {
                'T' | 'v' => self.pad(b"<nil>"),
                _ => self.bad_verb(None, verb),
            }
            return;
        };
        match verb {
            'T' => self.text(go_type.to_string().as_bytes()),
            'p' => self.pointer(value, go_type, verb),
            _ => match value {
                Value::List(list) if go_type == Type::BYTES => self.bytes(list, verb, "[]byte"),
                _ => self.print_value(value, verb, 0),
            },
        }
    }

    /// Writes a value at some depth inside the argument.
    pub(super) fn print_value(&mut self, value: &Value, verb: char, depth: usize) {
        // A map that holds itself has no end; Go's stack overflows there.
        if self.is_full() || depth > MAX_DEPTH {
            self.full = true;
            return;
        }
        match value {
            Value::Nil if verb == 'v' => self.out.extend_from_slice(b"<nil>"),
            Value::Nil => self.bad_verb(None, verb),
            Value::Bool(truth) => match verb {
                't' | 'v' => self.pad(if *truth { b"true" } else { b"false" }),
                _ => self.bad_verb(Some(value), verb),
            },
            Value::Int(n) | Value::Int64(n) => self.number(value, n.unsigned_abs(), *n < 0, verb),
            Value::Uint8(n) => self.number(value, u64::from(*n), false, verb),
            Value::Uint32(n) => self.number(value, u64::from(*n), false, verb),
            Value::Uint64(n) => self.number(value, *n, false, verb),
            Value::Float64(x) => self.any_float(value, *x, verb),
            Value::Complex128(re, im) => self.complex(value, *re, *im, verb),
            Value::Str(text) => self.string(Some(value), text.as_bytes(), verb),
            // `%w` belongs to errors; what might have methods is refused as a whole.
            Value::List(_) | Value::Map(_) | Value::Object(_) if verb == 'w' && !self.erroring => {
                self.bad_verb(Some(value), verb);
            }
            Value::List(list) => self.list(list, list.go_type(), verb, depth),
            Value::Map(map) => self.map(map, map.go_type(), verb, depth),
            Value::Object(object) => self.object(value, object.as_ref(), verb, depth),
        }
    }

    /// Writes `%!d(string=x)`, which is how Go answers a verb that does not fit.
    fn bad_verb(&mut self, value: Option<&Value>, verb: char) {
        self.erroring = true;
        self.out.extend_from_slice(format!("%!{verb}(").as_bytes());
        match value {
            None => self.out.extend_from_slice(b"<nil>"),
            Some(value) => {
                let name = value.go_type().map(|go_type| go_type.to_string()).unwrap_or_default();
                self.out.extend_from_slice(name.as_bytes());
                self.out.push(b'=');
                self.print_value(value, 'v', 0);
            }
        }
        self.out.push(b')');
        self.erroring = false;
    }

    fn number(&mut self, value: &Value, magnitude: u64, negative: bool, verb: char) {
        let unsigned = matches!(value, Value::Uint8(_) | Value::Uint32(_) | Value::Uint64(_));
        // Characters and U+… take the bits, so a negative number is a huge one.
        let bits = if negative { magnitude.wrapping_neg() } else { magnitude };
        let base = match verb {
            'v' if self.flags.sharp_v && unsigned => {
                self.unsigned_hex(magnitude, true);
                return;
            }
            'v' | 'd' => 10,
            'b' => 2,
            'o' | 'O' => 8,
            'x' | 'X' => 16,
            'c' => return self.character(bits),
            'q' => return self.quoted_character(bits),
            'U' => return self.unicode(bits),
            _ => return self.bad_verb(Some(value), verb),
        };
        self.integer(&Integer { negative, magnitude, base, verb });
    }

    fn unsigned_hex(&mut self, magnitude: u64, prefix: bool) {
        let sharp = std::mem::replace(&mut self.flags.sharp, prefix);
        self.integer(&Integer { negative: false, magnitude, base: 16, verb: 'v' });
        self.flags.sharp = sharp;
    }

    fn any_float(&mut self, value: &Value, x: f64, verb: char) {
        match verb {
            'v' => self.float(x, 'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => self.float(x, verb, None),
            'f' | 'e' | 'E' => self.float(x, verb, Some(6)),
            'F' => self.float(x, 'f', Some(6)),
            _ => self.bad_verb(Some(value), verb),
        }
    }

    fn complex(&mut self, value: &Value, re: f64, im: f64, verb: char) {
        if !"vbgGxXfFeE".contains(verb) {
            self.bad_verb(Some(value), verb);
            return;
        }
        let plus = self.flags.plus;
        self.out.push(b'(');
        self.any_float(value, re, verb);
        // The imaginary part always has a sign.
        self.flags.plus = true;
        self.any_float(value, im, verb);
        self.out.extend_from_slice(b"i)");
        self.flags.plus = plus;
    }

    fn string(&mut self, value: Option<&Value>, text: &[u8], verb: char) {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => self.text(text),
            'x' => self.hex(text, false),
            'X' => self.hex(text, true),
            'q' => self.quoted(text),
            _ => self.bad_verb(value, verb),
        }
    }

    fn bytes(&mut self, list: &List, verb: char, name: &str) {
        // A `[]byte` never holds anything else, so this is the empty one otherwise.
        let bytes = list.to_bytes().unwrap_or_else(|| Str::from(""));
        let bytes = bytes.as_bytes();
        match verb {
            'v' | 'd' if self.flags.sharp_v => self.bytes_in_go_syntax(list, bytes, name),
            'v' | 'd' => {
                self.out.push(b'[');
                if self.flags.plain_number() {
                    self.plain_bytes(bytes);
                } else {
                    for (at, byte) in bytes.iter().enumerate() {
                        self.separator(at);
                        self.integer(&Integer { negative: false, magnitude: (*byte).into(), base: 10, verb });
                    }
                }
                self.out.push(b']');
            }
            's' => self.text(bytes),
            'x' => self.hex(bytes, false),
            'X' => self.hex(bytes, true),
            'q' => self.quoted(bytes),
            _ => self.list(list, list.go_type(), verb, 0),
        }
    }

    /// Writes `1 20 255`. Charts print whole files this way, by using their root as a key.
    fn plain_bytes(&mut self, bytes: &[u8]) {
        self.out.reserve(bytes.len() * 4);
        for (at, &byte) in bytes.iter().enumerate() {
            let (hundreds, tens, ones) = (b'0' + byte / 100, b'0' + byte / 10 % 10, b'0' + byte % 10);
            let text = [b' ', hundreds, tens, ones];
            let digits = match byte {
                0..=9 => &text[3..],
                10..=99 => &text[2..],
                _ => &text[1..],
            };
            self.separator(at);
            self.out.extend_from_slice(digits);
        }
    }

    fn bytes_in_go_syntax(&mut self, list: &List, bytes: &[u8], name: &str) {
        self.out.extend_from_slice(name.as_bytes());
        if list.is_nil() {
            self.out.extend_from_slice(b"(nil)");
            return;
        }
        self.out.push(b'{');
        for (at, byte) in bytes.iter().enumerate() {
            if at > 0 {
                self.out.extend_from_slice(b", ");
            }
            self.unsigned_hex(u64::from(*byte), true);
        }
        self.out.push(b'}');
    }

    /// Writes what a container holds, whose static type is `of`.
    fn element(&mut self, value: &Value, of: Type, verb: char, depth: usize) {
        match value {
            Value::Nil if of == Type::Any && self.flags.sharp_v => {
                self.out.extend_from_slice(b"interface {}(nil)");
            }
            Value::Nil if of == Type::Any => self.out.extend_from_slice(b"<nil>"),
            _ => stacker::maybe_grow(crate::STACK_MARGIN, crate::STACK_STEP, || {
                self.print_value(value, verb, depth + 1);
            }),
        }
    }

    fn separator(&mut self, at: usize) {
        if at > 0 {
            self.out.extend_from_slice(if self.flags.sharp_v { b", " } else { b" " });
        }
    }

    fn list(&mut self, list: &List, go_type: Type, verb: char, depth: usize) {
        let of = match go_type.underlying() {
            Type::Slice(of) => *of,
            _ => Type::Any,
        };
        let as_bytes = match verb {
            's' | 'q' | 'x' | 'X' => true,
            // The same text as item by item, but the bytes need not become values.
            'v' | 'd' => !self.flags.sharp_v,
            _ => false,
        };
        if of == Type::Uint8 && as_bytes {
            self.bytes(list, verb, &go_type.to_string());
            return;
        }
        if self.flags.sharp_v {
            self.out.extend_from_slice(go_type.to_string().as_bytes());
            if list.is_nil() {
                self.out.extend_from_slice(b"(nil)");
                return;
            }
        }
        self.out.push(if self.flags.sharp_v { b'{' } else { b'[' });
        for (at, item) in list.items().iter().enumerate() {
            self.separator(at);
            self.element(item, of, verb, depth);
        }
        self.out.push(if self.flags.sharp_v { b'}' } else { b']' });
    }

    fn map(&mut self, map: &Map, go_type: Type, verb: char, depth: usize) {
        let of = match go_type.underlying() {
            Type::Map(of) => *of,
            _ => Type::Any,
        };
        if self.flags.sharp_v {
            self.out.extend_from_slice(go_type.to_string().as_bytes());
            if map.is_nil() {
                self.out.extend_from_slice(b"(nil)");
                return;
            }
            self.out.push(b'{');
        } else {
            self.out.extend_from_slice(b"map[");
        }
        for (at, (key, value)) in map.entries().iter().enumerate() {
            self.separator(at);
            let key_value = Value::Str(key.clone());
            self.string(Some(&key_value), key.as_bytes(), verb);
            self.out.push(b':');
            self.element(value, of, verb, depth);
        }
        self.out.push(if self.flags.sharp_v { b'}' } else { b']' });
    }

    fn object(&mut self, value: &Value, object: &dyn Object, verb: char, depth: usize) {
        if !self.erroring && self.methods(object, verb) {
            return;
        }
        let go_type = object.go_type();
        match go_type.kind() {
            Kind::Slice => match object.plain().and_then(|plain| plain.as_list()) {
                Some(list) => self.list(&list, go_type, verb, depth),
                None => self.list(&List::nil(go_type), go_type, verb, depth),
            },
            Kind::Map => match object.plain().and_then(|plain| plain.as_map()) {
                Some(map) => self.map(&map, go_type, verb, depth),
                None => self.map(&Map::nil(go_type), go_type, verb, depth),
            },
            Kind::Struct => self.structure(object, &go_type.to_string(), verb, depth),
            Kind::Ptr if depth == 0 && !object.is_nil() => {
                self.out.push(b'&');
                let name = go_type.to_string();
                self.structure(object, name.trim_start_matches('*'), verb, depth + 1);
            }
            Kind::Ptr | Kind::Func => self.pointer(value, go_type, verb),
            // A defined type over a plain one prints as the plain one.
            Kind::Invalid
            | Kind::Bool
            | Kind::Int
            | Kind::Int64
            | Kind::Uint8
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Float64
            | Kind::Complex128
            | Kind::String
            | Kind::Interface => match object.plain() {
                Some(Value::Int(n) | Value::Int64(n)) => {
                    self.number(value, n.unsigned_abs(), n < 0, verb);
                }
                Some(plain) => self.print_value(&plain, verb, depth),
                None => self.out.extend_from_slice(format!("?{go_type}?").as_bytes()),
            },
        }
    }

    /// Writes an object as an action prints it: pointers are followed, and a method
    /// of the pointer counts if there is an address.
    pub(super) fn printable(&mut self, value: &Value, object: &dyn Object) {
        let go_type = object.go_type();
        match object.addressable_stringer() {
            Some(text) => self.out.extend_from_slice(text.as_bytes()),
            None if go_type.kind() == Kind::Ptr => {
                self.structure(object, go_type.to_string().trim_start_matches('*'), 'v', 0);
            }
            None => self.print_arg(value, 'v'),
        }
    }

    fn methods(&mut self, object: &dyn Object, verb: char) -> bool {
        let text = match verb {
            'v' if self.flags.sharp_v => {
                let Some(text) = object.go_string() else { return false };
                self.text(text.as_bytes());
                return true;
            }
            'v' | 's' | 'x' | 'X' | 'q' => object.stringer(),
            _ => None,
        };
        let Some(text) = text.map(Str::from) else { return false };
        self.string(None, text.as_bytes(), verb);
        true
    }

    fn structure(&mut self, object: &dyn Object, name: &str, verb: char, depth: usize) {
        if self.flags.sharp_v {
            self.out.extend_from_slice(name.as_bytes());
        }
        self.out.push(b'{');
        for (at, (field, value)) in object.fields().iter().enumerate() {
            self.separator(at);
            if self.flags.plus_v || self.flags.sharp_v {
                self.out.extend_from_slice(field.as_bytes());
                self.out.push(b':');
            }
            self.element(value, Type::Any, verb, depth);
        }
        self.out.push(b'}');
    }

    fn pointer(&mut self, value: &Value, go_type: Type, verb: char) {
        let nil = match value {
            Value::List(list) => list.is_nil(),
            Value::Map(map) => map.is_nil(),
            Value::Object(object) => object.is_nil(),
            _ => false,
        };
        let address = if nil { 0 } else { ADDRESS };
        if !matches!(go_type.kind(), Kind::Ptr | Kind::Func | Kind::Map | Kind::Slice) {
            self.bad_verb(Some(value), verb);
            return;
        }
        match verb {
            'v' if self.flags.sharp_v && nil => {
                self.out.extend_from_slice(format!("({go_type})(nil)").as_bytes());
            }
            'v' if self.flags.sharp_v => {
                self.out.extend_from_slice(format!("({go_type})({address:#x})").as_bytes());
            }
            'v' if nil => self.pad(b"<nil>"),
            'v' | 'p' => {
                let prefix = !self.flags.sharp;
                self.unsigned_hex(address, prefix);
            }
            'b' | 'o' | 'd' | 'x' | 'X' => self.number(&Value::Uint64(address), address, false, verb),
            _ => self.bad_verb(Some(value), verb),
        }
    }
}
