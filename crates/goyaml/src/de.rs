//! From a document into the caller's types, with Go's conversions.
//!
//! `sigs.k8s.io/yaml` turns YAML into JSON and lets `encoding/json` fill the
//! target. Seen from the target that means: numbers and booleans become text
//! where text is wanted, `null` leaves anything at its zero value, of two equal
//! keys the last wins, and `<<` writes its keys where it stands.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

use crate::tree::{Data, NodeId, Tree, float_text};
use crate::{Error, Result, deeper};

/// A node of a document that is read.
#[derive(Clone, Copy)]
pub(crate) struct NodeReader<'t, 'a> {
    tree: &'t Tree<'a>,
    id: NodeId,
}

impl<'t, 'a> NodeReader<'t, 'a> {
    pub(crate) fn root(tree: &'t Tree<'a>) -> Self {
        Self::new(tree, 0)
    }

    fn new(tree: &'t Tree<'a>, id: NodeId) -> Self {
        Self { tree, id: tree.resolved(id) }
    }

    fn data(self) -> &'t Data<'a> {
        &self.tree.node(self.id).data
    }

    fn is_null(self) -> bool {
        matches!(self.data(), Data::Null)
    }

    /// Adds this node's place to an error that has none yet.
    fn located<T>(self, result: Result<T>) -> Result<T> {
        result.map_err(|err| err.at(self.tree.node(self.id).start))
    }

    /// A scalar as text, if it has one.
    fn text(self) -> Option<Cow<'t, str>> {
        Some(match self.data() {
            Data::Str(text) => Cow::Borrowed(text),
            Data::Merge => Cow::Borrowed("<<"),
            Data::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Data::Int(value) => Cow::Owned(value.to_string()),
            Data::Uint(value) => Cow::Owned(value.to_string()),
            Data::Float(value) => Cow::Owned(float_text(*value)),
            Data::Null => Cow::Borrowed(""),
            Data::Sequence(_) | Data::Mapping(_) | Data::Alias(_) => return None,
        })
    }

    fn visit_any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.data() {
            Data::Null | Data::Alias(_) => visitor.visit_unit(),
            Data::Bool(value) => visitor.visit_bool(*value),
            Data::Int(value) => visitor.visit_i64(*value),
            Data::Uint(value) => visitor.visit_u64(*value),
            Data::Float(value) => visitor.visit_f64(*value),
            Data::Str(text) => visitor.visit_str(text),
            Data::Merge => visitor.visit_str("<<"),
            Data::Sequence(_) => {
                let items = Items { tree: self.tree, next: self.id + 1, end: self.tree.after(self.id) };
                deeper(|| visitor.visit_seq(items))
            }
            Data::Mapping(_) => deeper(|| visitor.visit_map(Entries::new(self.tree, self.id))),
        }
    }

    fn visit_text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.text() {
            Some(text) => visitor.visit_str(&text),
            None => self.visit_any(visitor),
        }
    }

    /// JSON has one kind of number: `2.0` is an integer if one is wanted.
    fn visit_integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match *self.data() {
            Data::Null => visitor.visit_i64(0),
            Data::Float(value) if value.fract() == 0.0 && value.abs() < 1e18 => {
                visitor.visit_i64(value as i64)
            }
            _ => self.visit_any(visitor),
        }
    }
}

macro_rules! deserialize {
    ($($method:ident => $visit:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.located(self.$visit(visitor))
        }
    )*};
}

impl<'de> Deserializer<'de> for NodeReader<'_, '_> {
    type Error = Error;

    deserialize! {
        deserialize_any => visit_any,
        deserialize_i8 => visit_integer,
        deserialize_i16 => visit_integer,
        deserialize_i32 => visit_integer,
        deserialize_i64 => visit_integer,
        deserialize_i128 => visit_integer,
        deserialize_u8 => visit_integer,
        deserialize_u16 => visit_integer,
        deserialize_u32 => visit_integer,
        deserialize_u64 => visit_integer,
        deserialize_u128 => visit_integer,
        deserialize_char => visit_text,
        deserialize_str => visit_text,
        deserialize_string => visit_text,
        deserialize_identifier => visit_text,
        deserialize_bytes => visit_text,
        deserialize_byte_buf => visit_text,
        deserialize_unit => visit_any,
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_null() {
            return visitor.visit_bool(false);
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_null() {
            return visitor.visit_f64(0.0);
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_null() {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_null() {
            return visitor.visit_seq(Items { tree: self.tree, next: 0, end: 0 });
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_any(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_null() {
            return visitor.visit_map(Entries::empty(self.tree));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if let Data::Mapping(_) = self.data() {
            let mut entries = Entries::new(self.tree, self.id);
            return match (entries.next(), entries.next()) {
                (Some((key, value)), None) => {
                    let content = Some(NodeReader::new(self.tree, value));
                    self.located(visitor.visit_enum(Variant { name: self.tree.key_text(key), content }))
                }
                _ => self.located(Err(Error::invalid_type(Unexpected::Map, &"a map with one key"))),
            };
        }
        match self.text() {
            Some(name) => self.located(visitor.visit_enum(Variant { name, content: None })),
            None => self.located(Err(Error::invalid_type(Unexpected::Seq, &"text or a map"))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

struct Items<'t, 'a> {
    tree: &'t Tree<'a>,
    next: NodeId,
    end: NodeId,
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.next >= self.end {
            return Ok(None);
        }
        let item = self.next;
        self.next = self.tree.after(item);
        seed.deserialize(NodeReader::new(self.tree, item)).map(Some)
    }
}

/// The entries of a mapping, merged and without duplicates.
struct Entries<'t, 'a> {
    tree: &'t Tree<'a>,
    pairs: Pairs,
    value: Option<NodeId>,
}

enum Pairs {
    /// As they stand in the document: so many, from this key on.
    Written { next: NodeId, count: usize },
    /// Of which something had to be merged or left out.
    Chosen(std::vec::IntoIter<(NodeId, NodeId)>),
}

impl<'t, 'a> Entries<'t, 'a> {
    fn new(tree: &'t Tree<'a>, mapping: NodeId) -> Self {
        let is_merge = |(key, _)| matches!(tree.node(key).data, Data::Merge);
        let pairs = if tree.pairs(mapping).any(is_merge) {
            Pairs::Chosen(distinct(tree, &tree.entries(mapping)).into_iter())
        } else if has_duplicates(tree, mapping) {
            Pairs::Chosen(distinct(tree, &tree.pairs(mapping).collect::<Vec<_>>()).into_iter())
        } else {
            Pairs::Written { next: mapping + 1, count: tree.pairs(mapping).count() }
        };
        Self { tree, pairs, value: None }
    }

    fn empty(tree: &'t Tree<'a>) -> Self {
        Self { tree, pairs: Pairs::Written { next: 0, count: 0 }, value: None }
    }
}

impl Iterator for Entries<'_, '_> {
    type Item = (NodeId, NodeId);

    fn next(&mut self) -> Option<(NodeId, NodeId)> {
        match &mut self.pairs {
            Pairs::Written { next, count } => {
                *count = count.checked_sub(1)?;
                let (key, value) = (*next, self.tree.after(*next));
                *next = self.tree.after(value);
                Some((key, value))
            }
            Pairs::Chosen(pairs) => pairs.next(),
        }
    }
}

fn has_duplicates(tree: &Tree<'_>, mapping: NodeId) -> bool {
    /// Of so few, each is compared with each.
    const FEW: usize = 8;
    let keys = || tree.pairs(mapping).map(|(key, _)| tree.key_text(key));
    if keys().nth(FEW).is_none() {
        return keys().enumerate().any(|(at, key)| keys().take(at).any(|other| other == key));
    }
    let mut keys: Vec<Cow<'_, str>> = keys().collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair[0] == pair[1])
}

/// Keeps the last of equal keys, in the place of the first.
fn distinct(tree: &Tree<'_>, entries: &[(NodeId, NodeId)]) -> Vec<(NodeId, NodeId)> {
    let mut places: HashMap<Cow<'_, str>, usize> = HashMap::new();
    let mut kept: Vec<(NodeId, NodeId)> = Vec::with_capacity(entries.len());
    for &(key, value) in entries {
        let place = *places.entry(tree.key_text(key)).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(entry) => *entry = (key, value),
            None => kept.push((key, value)),
        }
    }
    kept
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some((key, value)) = self.next() else { return Ok(None) };
        self.value = Some(value);
        let text = self.tree.key_text(key);
        seed.deserialize(Key(&text)).map(Some).map_err(|err| err.at(self.tree.node(key).start))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let value = self.value.take().ok_or_else(|| Error::custom("a value was asked for before its key"))?;
        seed.deserialize(NodeReader::new(self.tree, value))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(match &self.pairs {
            Pairs::Written { count, .. } => *count,
            Pairs::Chosen(pairs) => pairs.len(),
        })
    }
}

/// A key is text; a map with integer keys reads them from it.
struct Key<'k>(&'k str);

macro_rules! deserialize_parsed_key {
    ($($method:ident => $visit:ident: $type:ty,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.0.parse::<$type>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => visitor.visit_str(self.0),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    deserialize_parsed_key! {
        deserialize_bool => visit_bool: bool,
        deserialize_i8 => visit_i8: i8,
        deserialize_i16 => visit_i16: i16,
        deserialize_i32 => visit_i32: i32,
        deserialize_i64 => visit_i64: i64,
        deserialize_u8 => visit_u8: u8,
        deserialize_u16 => visit_u16: u16,
        deserialize_u32 => visit_u32: u32,
        deserialize_u64 => visit_u64: u64,
        deserialize_f32 => visit_f32: f32,
        deserialize_f64 => visit_f64: f64,
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// An enum: the text of a unit variant, or a map from a variant's name to its content.
struct Variant<'t, 'a> {
    name: Cow<'t, str>,
    content: Option<NodeReader<'t, 'a>>,
}

impl<'de, 't, 'a> EnumAccess<'de> for Variant<'t, 'a> {
    type Error = Error;
    type Variant = Content<'t, 'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant)> {
        let value = seed.deserialize(Key(&self.name))?;
        Ok((value, Content(self.content)))
    }
}

struct Content<'t, 'a>(Option<NodeReader<'t, 'a>>);

impl<'t, 'a> Content<'t, 'a> {
    fn required(self) -> Result<NodeReader<'t, 'a>> {
        self.0.ok_or_else(|| Error::invalid_type(Unexpected::Str(""), &"a map with one key"))
    }
}

impl<'de> VariantAccess<'de> for Content<'_, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        match self.0 {
            Some(content) if !content.is_null() => Err(Error::invalid_type(Unexpected::Map, &"text")),
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.required()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.required()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.required()?.deserialize_map(visitor)
    }
}
