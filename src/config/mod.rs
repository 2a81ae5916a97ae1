//! What an environment changes: the settings in `config/<name>.yaml`.
//!
//! One file is one [`Layer`]: settings for its own component and, below
//! `subcomponents`, for the components beneath it. An [`Environment`] names the
//! layers of one output, the strongest first; `common` is always the last of
//! them, whether it is named or not.
//!
//! Invariant: a layer says only what its file says. An absent field is not the
//! same as `false`, so that a file that merely mentions a component does not
//! turn on what another one turns off.

use std::collections::BTreeMap;
use std::fmt;

use goyaml::Mapping;

use crate::document::Document;
use crate::error::Warning;

pub(crate) mod load;
pub mod merge;

pub(crate) use load::FIELDS;

/// The settings of one component, from one file or merged from several.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// The namespace that the component is installed in.
    pub namespace: Option<String>,
    /// Whether resources without a namespace get this one.
    pub inject_namespace: Option<bool>,
    /// Whether the component and all below it are left out.
    pub disabled: Option<bool>,
    /// The values for the component's chart or templates; `None` if there is no such field.
    pub values: Option<Mapping>,
    /// The paths below `config` about which lower layers have no say, of `unset` and `replace`.
    pub overridden: Vec<Vec<String>>,
    /// The settings of its subcomponents, by the name of their entry.
    pub subcomponents: BTreeMap<String, Config>,
}

/// One config file.
#[derive(Debug)]
pub struct Layer {
    /// Name of the environment or `common`.
    pub name: String,
    /// The file as read, to find places in it.
    pub document: Document,
    /// What it says.
    pub config: Config,
    /// The files of values that it names, in their order; what they say is part of the config.
    pub values_files: Vec<ValuesFile>,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

/// A file that a config file names below `valuesFiles`.
#[derive(Debug)]
pub struct ValuesFile {
    /// The subcomponents in the config file that lead to where it is named.
    pub names: Vec<String>,
    /// The file as read.
    pub document: Document,
}

/// The name of the layer that every environment ends with.
pub const COMMON: &str = "common";

/// What one output is generated for: names of layers, the strongest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Environment {
    names: Vec<String>,
    layers: Vec<String>,
}

impl Environment {
    /// Makes one environment of names, the strongest first; a name may itself join several by `+`.
    pub fn new<I, S>(names: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<str>,
    {
        let names: Vec<String> = names
            .into_iter()
            .flat_map(|name| name.as_ref().split('+').map(str::to_owned).collect::<Vec<_>>())
            .collect();
        Environment { layers: names.clone(), names }
    }

    /// Returns the environment with other layers under the same name, the strongest first.
    #[must_use]
    pub fn with_layers(self, layers: Vec<String>) -> Self {
        Environment { layers, ..self }
    }

    /// Returns the names that it was made of, the strongest first.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the names of the files to read, the strongest first, each once, `common` last.
    ///
    /// Fabrikate reads a file twice that is named twice, and so doubles its lists.
    pub fn layers(&self) -> Vec<&str> {
        let mut layers: Vec<&str> = Vec::with_capacity(self.layers.len() + 1);
        for name in self.named().chain([COMMON]) {
            if !layers.contains(&name) {
                layers.push(name);
            }
        }
        layers
    }

    /// Returns the layers but `common`, which every environment has.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(String::as_str).filter(|name| *name != COMMON && !name.is_empty())
    }

    /// Returns the folder of this environment below `generated/`.
    pub fn folder(&self) -> String {
        let joined = self.names.join("-");
        if joined.is_empty() { COMMON.to_owned() } else { joined }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = self.names.join("+");
        f.write_str(if joined.is_empty() { COMMON } else { &joined })
    }
}

#[cfg(test)]
mod tests {
    use super::Environment;

    #[track_caller]
    fn check(names: &[&str], layers: &[&str], folder: &str) {
        let environment = Environment::new(names);
        assert_eq!(environment.layers(), layers, "{names:?}");
        assert_eq!(environment.folder(), folder, "{names:?}");
    }

    #[test]
    fn common_is_the_last_layer() {
        check(&[], &["common"], "common");
        check(&["prod", "east"], &["prod", "east", "common"], "prod-east");
        check(&["common", "prod"], &["prod", "common"], "common-prod");
    }

    #[test]
    fn a_layer_named_twice_counts_once() {
        check(&["prod", "prod"], &["prod", "common"], "prod-prod");
        check(&["common"], &["common"], "common");
    }

    #[test]
    fn a_plus_joins_layers() {
        check(&["qa+west"], &["qa", "west", "common"], "qa-west");
    }

    #[test]
    fn an_empty_name_is_common() {
        check(&[""], &["common"], "common");
    }

    #[test]
    fn other_characters_are_part_of_the_name() {
        check(&["prod,east"], &["prod,east", "common"], "prod,east");
        check(&["west us"], &["west us", "common"], "west us");
    }
}
