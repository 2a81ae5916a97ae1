//! Which keys of a document exist, and which may be defined again.
//!
//! A table that a dotted key or a header only implied may be defined once more,
//! anything else may not. The rules are those of BurntSushi's library, as are the
//! messages, so the bookkeeping is by the text of the whole key, as there.

use std::collections::HashSet;

use gotmpl::{List, Map, Type, Value};

/// The document as far as it was read.
#[derive(Default)]
pub(super) struct Tables {
    root: Map,
    /// Tables that nobody has defined yet.
    implicit: HashSet<String>,
    /// Keys whose value is a list in brackets.
    lists: HashSet<String>,
}

impl Tables {
    /// Returns the whole document.
    pub(super) fn into_root(self) -> Map {
        self.root
    }

    /// Notes that a table is there only because a longer key needs it.
    pub(super) fn imply(&mut self, key: &[String]) {
        self.implicit.insert(text(key));
    }

    /// Notes whether the value of a key is a list in brackets.
    pub(super) fn note_list(&mut self, key: &[String], is_list: bool) {
        // The library has no other text for the empty key.
        let key = if key.is_empty() { "\"\"".to_owned() } else { text(key) };
        if is_list {
            self.lists.insert(key);
        } else {
            self.lists.remove(&key);
        }
    }

    /// Makes sure that the tables above a key are there.
    ///
    /// # Errors
    ///
    /// One of them is something else.
    pub(super) fn open_parents(&mut self, parents: &[String]) -> Result<(), String> {
        if parents.len() > MAX_DEPTH {
            return Err("Key nests too deeply.".to_owned());
        }
        let mut table = self.root.clone();
        for (number, name) in parents.iter().enumerate() {
            let path = &parents[..=number];
            if !table.contains(name.as_bytes()) {
                self.imply(path);
                table.insert(name.as_str(), Value::Map(Map::new()));
            }
            table = newest(&table, name)
                .ok_or_else(|| format!("Key '{}' was already created as a hash.", text(path)))?;
        }
        Ok(())
    }

    /// Adds a further table to the list of tables in an open table.
    ///
    /// # Errors
    ///
    /// The key is something else.
    pub(super) fn add(&mut self, parents: &[String], name: &str) -> Result<(), String> {
        let table = self.table(parents)?;
        match table.get(name.as_bytes()) {
            None => table.insert(name, Value::List(List::new(TABLES, vec![Value::Map(Map::new())]))),
            Some(Value::List(list)) if list.go_type() == TABLES => {
                list.items_mut().push(Value::Map(Map::new()));
            }
            Some(_) => {
                let key = text(&[parents, &[name.to_owned()]].concat());
                return Err(format!("Key '{key}' was already created and cannot be used as an array."));
            }
        }
        Ok(())
    }

    /// Returns the open table of a key.
    fn table(&self, key: &[String]) -> Result<Map, String> {
        let mut table = self.root.clone();
        for (number, name) in key.iter().enumerate() {
            table = newest(&table, name).ok_or_else(|| defined(&text(&key[..=number])))?;
        }
        Ok(table)
    }

    /// Defines a key in an open table.
    ///
    /// # Errors
    ///
    /// The key is defined already, or no table.
    pub(super) fn set(&mut self, context: &[String], name: &str, value: Value) -> Result<(), String> {
        let table = self.table(context)?;
        if !table.contains(name.as_bytes()) {
            table.insert(name, value);
            return Ok(());
        }
        let key = text(&[context, &[name.to_owned()]].concat());
        let was_implicit = self.implicit.remove(&key);
        match was_implicit {
            // The tables that were opened for the items give way to the list.
            true if self.lists.contains(&key) => table.insert(name, value),
            true => {}
            false => return Err(defined(&key)),
        }
        Ok(())
    }
}

/// How deep tables may lie in each other.
const MAX_DEPTH: usize = 1000;

/// The type of a list of tables.
const TABLES: Type = Type::Slice(&Type::MAP);

fn defined(key: &str) -> String {
    format!("Key '{key}' has already been defined.")
}

/// Returns the table of a name, the last one if there is a list of them.
fn newest(table: &Map, name: &str) -> Option<Map> {
    match table.get(name.as_bytes())? {
        Value::List(list) if list.go_type() == TABLES => list.items().last()?.as_map(),
        other => other.as_map(),
    }
}

/// Returns a key as TOML writes it.
pub(super) fn text(key: &[String]) -> String {
    let mut encoder = super::Encoder::default();
    for (number, name) in key.iter().enumerate() {
        if number > 0 {
            encoder.out.push('.');
        }
        encoder.key(name);
    }
    encoder.out
}
