//! From the caller's data to a page of YAML, in one pass.
//!
//! Each entry of a map is written where it comes; if the keys turn out not to
//! come in go-yaml's order, the finished entries are moved. That works because
//! an entry's text does not depend on the others: all of a map's entries have
//! the same indentation.

use serde::ser::{
    Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::emit::{Dialect, Page, Spot};
use crate::number::Decimal;
use crate::tree::MAX_DEPTH;
use crate::{Error, Result, base64, deeper, go, json, number, order};

/// Longer keys, in bytes, are written as `? key`.
const MAX_SIMPLE_KEY: usize = 128;

/// Serialises one document.
pub(crate) fn to_page<T: Serialize + ?Sized>(value: &T, dialect: Dialect) -> Result<String> {
    let mut writer = Writer { page: Page::new(dialect), keys: String::new(), depth: 0 };
    value.serialize(NodeWriter { writer: &mut writer, place: Place::Root, indent: 0, form: Form::Usual })?;
    Ok(writer.page.out)
}

struct Writer {
    page: Page,
    /// The keys of all open maps, one behind the other.
    keys: String,
    depth: usize,
}

impl Writer {
    /// Writes what is inside of the collection that is open.
    fn nested(&mut self, write: impl FnOnce(&mut Writer) -> Result<()>) -> Result<()> {
        // Scalars are many, so the stack is not looked at for each of them.
        if self.depth.is_multiple_of(16) { deeper(|| write(self)) } else { write(self) }
    }
}

/// What the line of a node starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// `key:`
    Value,
    /// `-`, or the `?` or `:` of a key that is not simple: what follows may start on the line.
    Item,
}

/// What is known of a node beside its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Usual,
    /// Bytes that are text ([`go::GoText`]).
    Text,
    /// Text that needs no quotes ([`go::GoTime`]).
    Time,
    /// A map that keeps its order ([`go::GoStruct`]).
    Struct,
}

struct NodeWriter<'w> {
    writer: &'w mut Writer,
    place: Place,
    /// The indentation of the collection that holds the node.
    indent: usize,
    form: Form,
}

impl<'w> NodeWriter<'w> {
    fn separate(&mut self) {
        if self.place != Place::Root {
            self.writer.page.out.push(' ');
        }
    }

    fn spot(&self) -> Spot {
        Spot { indent: self.indent + 2, simple_key: false }
    }

    /// Writes a scalar that is never quoted.
    fn bare(mut self, text: &str) -> Result<()> {
        self.separate();
        self.writer.page.out.push_str(text);
        self.writer.page.end_line();
        Ok(())
    }

    fn float(mut self, value: f64, decimal: &Decimal) -> Result<()> {
        self.separate();
        let out = &mut self.writer.page.out;
        match self.writer.page.dialect {
            Dialect::V2 => json::write_float(out, value, decimal)?,
            Dialect::V3 => number::write_general(out, decimal),
        }
        self.writer.page.end_line();
        Ok(())
    }

    /// Writes Go's text, which need not be UTF-8.
    fn text(mut self, bytes: &[u8]) -> Result<()> {
        if self.writer.page.dialect == Dialect::V2 || std::str::from_utf8(bytes).is_ok() {
            return self.serialize_str(&base64::go_text(bytes));
        }
        self.separate();
        let indent = self.spot().indent;
        self.writer.page.write_binary(&base64::encode_lines(bytes), indent);
        self.writer.page.end_line();
        Ok(())
    }

    fn enter(&mut self) -> Result<()> {
        self.writer.depth += 1;
        if self.writer.depth > MAX_DEPTH {
            return Err(Error::yaml(format!("exceeded max depth of {MAX_DEPTH}")));
        }
        Ok(())
    }

    fn map(mut self) -> Result<MapWriter<'w>> {
        self.enter()?;
        let indent = if self.place == Place::Root { 0 } else { self.indent + 2 };
        let keys_start = self.writer.keys.len();
        let keeps_order = self.form == Form::Struct && self.writer.page.dialect == Dialect::V3;
        Ok(MapWriter {
            node: self,
            indent,
            entries: Vec::new(),
            is_sorted: true,
            keeps_order,
            keys_start,
            simple_key: true,
        })
    }

    fn sequence(mut self) -> Result<SeqWriter<'w>> {
        self.enter()?;
        let indent = match self.place {
            Place::Root => 0,
            Place::Value if self.writer.page.dialect == Dialect::V2 => self.indent,
            Place::Value | Place::Item => self.indent + 2,
        };
        Ok(SeqWriter { node: self, indent, is_empty: true })
    }

    /// Goes to where the first entry of a collection starts.
    fn open(&mut self, indent: usize) {
        match self.place {
            Place::Root => {}
            Place::Value => {
                self.writer.page.end_line();
                self.writer.page.push_spaces(indent);
            }
            Place::Item => self.writer.page.out.push(' '),
        }
    }

    /// Writes a one-entry map up to its value, which is returned.
    fn variant(self, name: &'static str) -> Result<NodeWriter<'w>> {
        let mut map = self.map()?;
        map.key(name)?;
        let keys_start = map.keys_start;
        map.writer().keys.truncate(keys_start);
        Ok(NodeWriter {
            place: map.value_place(),
            indent: map.indent,
            writer: map.node.writer,
            form: Form::Usual,
        })
    }
}

impl<'w> Serializer for NodeWriter<'w> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = SeqWriter<'w>;
    type SerializeTuple = SeqWriter<'w>;
    type SerializeTupleStruct = SeqWriter<'w>;
    type SerializeTupleVariant = SeqWriter<'w>;
    type SerializeMap = MapWriter<'w>;
    type SerializeStruct = MapWriter<'w>;
    type SerializeStructVariant = MapWriter<'w>;

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.bare(if value { "true" } else { "false" })
    }

    fn serialize_i8(self, value: i8) -> Result<()> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<()> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<()> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<()> {
        self.bare(&value.to_string())
    }

    fn serialize_u8(self, value: u8) -> Result<()> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<()> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<()> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<()> {
        self.bare(&value.to_string())
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        self.float(value.into(), &Decimal::from_f32(value))
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        self.float(value, &Decimal::from_f64(value))
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(mut self, text: &str) -> Result<()> {
        if self.form == Form::Time && self.writer.page.dialect == Dialect::V3 {
            return self.bare(text);
        }
        self.separate();
        let spot = self.spot();
        let page = &mut self.writer.page;
        match page.dialect {
            Dialect::V2 => page.write_text(&json::text_through_json(text)?, spot),
            Dialect::V3 => page.write_text(text, spot),
        }
        page.end_line();
        Ok(())
    }

    /// A Go `[]byte`: base64 in JSON, a list of numbers in yaml.v3.
    fn serialize_bytes(self, bytes: &[u8]) -> Result<()> {
        if self.form == Form::Text {
            return self.text(bytes);
        }
        match self.writer.page.dialect {
            Dialect::V2 => self.serialize_str(&base64::encode(bytes)),
            Dialect::V3 => self.collect_seq(bytes),
        }
    }

    fn serialize_none(self) -> Result<()> {
        self.bare("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.bare("null")
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        self.bare("null")
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<()> {
        let form = match name {
            go::TEXT => Form::Text,
            go::TIME => Form::Time,
            go::STRUCT => Form::Struct,
            _ => self.form,
        };
        value.serialize(NodeWriter { form, ..self })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self.variant(variant)?)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<SeqWriter<'w>> {
        self.sequence()
    }

    fn serialize_tuple(self, _len: usize) -> Result<SeqWriter<'w>> {
        self.sequence()
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<SeqWriter<'w>> {
        self.sequence()
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<SeqWriter<'w>> {
        self.variant(variant)?.sequence()
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<MapWriter<'w>> {
        self.map()
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<MapWriter<'w>> {
        self.map()
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<MapWriter<'w>> {
        self.variant(variant)?.map()
    }
}

struct SeqWriter<'w> {
    node: NodeWriter<'w>,
    indent: usize,
    is_empty: bool,
}

impl SeqWriter<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if self.is_empty {
            self.is_empty = false;
            self.node.open(self.indent);
        } else {
            self.node.writer.page.push_spaces(self.indent);
        }
        self.node.writer.page.out.push('-');
        let indent = self.indent;
        self.node.writer.nested(|writer| {
            value.serialize(NodeWriter { writer, place: Place::Item, indent, form: Form::Usual })
        })
    }

    fn finish(self) -> Result<()> {
        self.node.writer.depth -= 1;
        if self.is_empty { self.node.bare("[]") } else { Ok(()) }
    }
}

/// Implements serde's traits for lists, which differ in names only.
macro_rules! serialize_items {
    ($($trait:ident: $method:ident,)*) => {$(
        impl $trait for SeqWriter<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.item(value)
            }

            fn end(self) -> Result<()> {
                self.finish()
            }
        }
    )*};
}

serialize_items! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
}

struct MapWriter<'w> {
    node: NodeWriter<'w>,
    indent: usize,
    /// Where each key and each entry's text starts.
    entries: Vec<Entry>,
    is_sorted: bool,
    /// The order is that of a struct.
    keeps_order: bool,
    keys_start: usize,
    /// Whether the last key is followed by `:` on its line.
    simple_key: bool,
}

#[derive(Clone, Copy)]
struct Entry {
    key: usize,
    text: usize,
}

impl MapWriter<'_> {
    fn writer(&mut self) -> &mut Writer {
        self.node.writer
    }

    fn key(&mut self, key: &str) -> Result<()> {
        self.open_entry();
        let indent = self.indent;
        let writer = self.writer();
        let through = match writer.page.dialect {
            Dialect::V2 => json::key_through_json(key)?,
            Dialect::V3 => key.into(),
        };
        let is_simple = through.len() <= MAX_SIMPLE_KEY
            && !through.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
        self.entry(&through, is_simple, |page| {
            page.write_text(&through, Spot { indent: indent + 2, simple_key: is_simple });
        });
        Ok(())
    }

    /// Writes a key of Go's text, which need not be UTF-8.
    fn key_bytes(&mut self, key: &[u8]) -> Result<()> {
        let text = base64::go_text(key);
        if self.writer().page.dialect == Dialect::V2 || std::str::from_utf8(key).is_ok() {
            return self.key(&text);
        }
        self.open_entry();
        let indent = self.indent + 2;
        let encoded = base64::encode_lines(key);
        // Keys are sorted as characters, of which bad bytes are U+FFFD.
        self.entry(&text, !encoded.contains('\n'), |page| page.write_binary(&encoded, indent));
        Ok(())
    }

    /// Goes to where the next entry starts.
    fn open_entry(&mut self) {
        if self.entries.is_empty() {
            self.node.open(self.indent);
        } else {
            self.node.writer.page.push_spaces(self.indent);
        }
    }

    /// Writes a key, with `?` if it is not simple, up to where its value starts.
    fn entry(&mut self, key: &str, is_simple: bool, write: impl FnOnce(&mut Page)) {
        let indent = self.indent;
        let writer = self.writer();
        let entry = Entry { key: writer.keys.len(), text: writer.page.out.len() };
        if is_simple {
            write(&mut writer.page);
        } else {
            writer.page.out.push_str("? ");
            write(&mut writer.page);
            writer.page.end_line();
            writer.page.push_spaces(indent);
        }
        writer.page.out.push(':');
        writer.keys.push_str(key);
        self.simple_key = is_simple;
        self.remember(entry);
    }

    fn remember(&mut self, entry: Entry) {
        let keys = &self.node.writer.keys;
        if self.is_sorted
            && let Some(last) = self.entries.last()
        {
            let (last, this) = (&keys[last.key..entry.key], &keys[entry.key..]);
            self.is_sorted = order::is_before(last, this, self.node.writer.page.dialect);
        }
        self.entries.push(entry);
    }

    fn value_place(&self) -> Place {
        if self.simple_key { Place::Value } else { Place::Item }
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let place = self.value_place();
        let indent = self.indent;
        self.node
            .writer
            .nested(|writer| value.serialize(NodeWriter { writer, place, indent, form: Form::Usual }))
    }

    fn finish(mut self) -> Result<()> {
        self.writer().depth -= 1;
        if self.entries.is_empty() {
            return self.node.bare("{}");
        }
        if !self.is_sorted && !self.keeps_order {
            self.sort();
        }
        let keys_start = self.keys_start;
        self.writer().keys.truncate(keys_start);
        Ok(())
    }

    /// Moves the finished entries into order.
    fn sort(&mut self) {
        let Writer { page, keys, .. } = &*self.node.writer;
        let key_of = |at: usize| {
            let end = self.entries.get(at + 1).map_or(keys.len(), |next| next.key);
            &keys[self.entries[at].key..end]
        };
        let mut sorted: Vec<usize> = (0..self.entries.len()).collect();
        order::sort_by(&mut sorted, |a, b| order::is_before(key_of(a), key_of(b), page.dialect));
        let start = self.entries[0].text;
        let mut text = String::with_capacity(page.out.len() - start);
        for (place, &at) in sorted.iter().enumerate() {
            // The indentation of the next entry stands behind each text but the last.
            let end = self.entries.get(at + 1).map_or(page.out.len(), |next| next.text - self.indent);
            if place > 0 {
                text.extend(std::iter::repeat_n(' ', self.indent));
            }
            text.push_str(&page.out[self.entries[at].text..end]);
        }
        let page = &mut self.writer().page;
        page.out.truncate(start);
        page.out.push_str(&text);
        page.end_line();
    }
}

impl SerializeMap for MapWriter<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        key.serialize(KeyWriter(self))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.value(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

/// Implements serde's traits for structs, which differ in names only.
macro_rules! serialize_fields {
    ($($trait:ident,)*) => {$(
        impl $trait for MapWriter<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
                self.key(key)?;
                self.value(value)
            }

            fn end(self) -> Result<()> {
                self.finish()
            }
        }
    )*};
}

serialize_fields! { SerializeStruct, SerializeStructVariant, }

/// Writes a map's key: a text, or what Go's JSON makes one of.
struct KeyWriter<'k, 'w>(&'k mut MapWriter<'w>);

macro_rules! serialize_key_as_text {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method(self, value: $type) -> Result<()> {
            self.0.key(&value.to_string())
        }
    )*};
}

fn not_a_key<T>() -> Result<T> {
    Err(Error::custom("json: unsupported type of map key"))
}

impl Serializer for KeyWriter<'_, '_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    serialize_key_as_text! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_char: char,
    }

    fn serialize_str(self, text: &str) -> Result<()> {
        self.0.key(text)
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<()> {
        self.0.key(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<()> {
        self.0.key_bytes(bytes)
    }

    fn serialize_f32(self, _value: f32) -> Result<()> {
        not_a_key()
    }

    fn serialize_f64(self, _value: f64) -> Result<()> {
        not_a_key()
    }

    fn serialize_none(self) -> Result<()> {
        not_a_key()
    }

    fn serialize_unit(self) -> Result<()> {
        not_a_key()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        not_a_key()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<()> {
        not_a_key()
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Self::SerializeSeq> {
        not_a_key()
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self::SerializeTuple> {
        not_a_key()
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Self::SerializeTupleStruct> {
        not_a_key()
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        not_a_key()
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Self::SerializeMap> {
        not_a_key()
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Self::SerializeStruct> {
        not_a_key()
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant> {
        not_a_key()
    }
}
