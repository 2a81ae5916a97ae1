//! `fab set image`: finds where an image is set, and sets another one.
//!
//! Charts have no one place for images, but a few customs: a map with
//! `repository` and `tag` (and `registry`, `digest`), a text `image: repo:tag`,
//! and a text `image` beside a tag. They are looked for in the config file of
//! the environment, then in `common`, then in the values of the charts; what is
//! found in a weaker place is overridden in the config file of the environment.

use std::path::PathBuf;

use goyaml::{Mapping, Value};

use super::file::{Edited, Open};
use super::set::{check_environment, in_each, put};
use crate::config::COMMON;
use crate::definition::{self, Generator, place};
use crate::document::{Document, Step};
use crate::error::Error;

/// What `fab set image` may choose.
#[derive(Debug, Clone)]
pub struct ImageOptions {
    /// The folder of the component.
    pub directory: PathBuf,
    /// The config files; none for `common`.
    pub environments: Vec<String>,
    /// The images, by the names under which they are looked for.
    pub images: Vec<(String, Image)>,
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its repository, with the registry.
    pub(crate) repository: String,
    /// Its tag.
    pub(crate) tag: Option<String>,
    /// Its digest.
    pub(crate) digest: Option<String>,
}

/// Reads `name=repository:tag@digest`.
///
/// # Errors
///
/// There is no name, no repository, or neither tag nor digest.
pub fn parse_image(argument: &str) -> Result<(String, Image), Error> {
    let problem = || Error::BadAssignment {
        argument: argument.to_owned(),
        problem: "it has to be name=repository:tag, with a digest or without".to_owned(),
    };
    let (name, text) = argument.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(problem)?;
    let image = Image::parse(text);
    let is_complete = !image.repository.is_empty() && (image.tag.is_some() || image.digest.is_some());
    if is_complete { Ok((name.to_owned(), image)) } else { Err(problem()) }
}

impl Image {
    /// Reads `repository:tag@digest`.
    pub(crate) fn parse(text: &str) -> Self {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (text, None),
        };
        match rest.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => {
                Self { repository: repository.to_owned(), tag: Some(tag.to_owned()), digest }
            }
            _ => Self { repository: rest.to_owned(), tag: None, digest },
        }
    }

    /// Returns it as `repository:tag@digest`.
    pub(crate) fn text(&self) -> String {
        let tag = self.tag.as_ref().map_or_else(String::new, |tag| format!(":{tag}"));
        let digest = self.digest.as_ref().map_or_else(String::new, |digest| format!("@{digest}"));
        format!("{}{tag}{digest}", self.repository)
    }

    /// Splits a registry off the repository, as docker does.
    fn split_registry(&self) -> (Option<&str>, &str) {
        match self.repository.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
            _ => (None, &self.repository),
        }
    }
}

/// A place where an image is set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spot {
    /// The subcomponents that lead to the component that has it.
    component: Vec<String>,
    /// The way to the map that has it, below `config`.
    pub(crate) map: Vec<Step>,
    /// What the map has.
    pub(crate) form: Form,
    /// The repository that is set; none if only a tag is.
    repository: Option<String>,
}

/// How an image is set in a map.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Form {
    /// In keys of its own.
    Parts {
        /// The key of the repository.
        repository: &'static str,
        /// The registry, if it has a key of its own.
        registry: Option<String>,
        /// Whether a digest is set.
        has_digest: bool,
    },
    /// As a text under a key.
    Text(String),
    /// As a text under a key, with its tag under another one.
    TextAndTag(String, &'static str),
}

/// Works out what the config files become with other images.
///
/// # Errors
///
/// An image is set nowhere, or a file cannot be read or changed.
pub fn set_image(options: &ImageOptions) -> Result<Vec<Edited>, Error> {
    let shown = place::typed(&options.directory);
    in_each(&options.environments, |name| set_in(options, &shown, name))
}

fn set_in(options: &ImageOptions, shown: &str, name: &str) -> Result<Edited, Error> {
    let name = check_environment(name)?;
    let open = |name: &str| Open::read(&options.directory, shown, &format!("config/{name}"));
    let mut file = open(name)?;
    let mut places = vec![(file.shown().to_owned(), spots(&file))];
    if name != COMMON {
        let common = open(COMMON)?;
        places.push((common.shown().to_owned(), spots(&common)));
    }
    places.extend(chart_spots(options, shown));
    for (wanted, image) in &options.images {
        let of_image =
            |spots: &[Spot]| spots.iter().filter(|spot| spot.is_called(wanted)).cloned().collect::<Vec<_>>();
        let found = places.iter().map(|(_, spots)| of_image(spots)).find(|found| !found.is_empty());
        for spot in found.ok_or_else(|| nowhere(wanted, &places))? {
            write(&mut file, &spot, image)?;
        }
    }
    Ok(file.close())
}

fn nowhere(name: &str, places: &[(String, Vec<Spot>)]) -> Error {
    let mut known: Vec<String> = places.iter().flat_map(|(_, spots)| spots).filter_map(Spot::full).collect();
    known.sort();
    known.dedup();
    let looked = places.iter().map(|(file, _)| file.clone()).collect();
    Error::NoImage { name: name.to_owned(), looked, known }
}

/// Finds the images in the values of a component.
pub(crate) fn image_spots(values: &Mapping) -> Vec<Spot> {
    let mut spots = Vec::new();
    map_spots(values, &mut Vec::new(), &mut Vec::new(), &mut spots);
    spots
}

/// Finds the images of a config file.
fn spots(file: &Open) -> Vec<Spot> {
    let mut spots = Vec::new();
    if let Some(map) = file.get(&[]).and_then(Value::as_mapping) {
        component_spots(map, &mut Vec::new(), &mut spots);
    }
    spots
}

fn component_spots(settings: &Mapping, component: &mut Vec<String>, spots: &mut Vec<Spot>) {
    if let Some(Value::Mapping(values)) = settings.get("config") {
        map_spots(values, component, &mut Vec::new(), spots);
    }
    for (name, below) in settings.get("subcomponents").and_then(Value::as_mapping).into_iter().flatten() {
        if let Value::Mapping(below) = below {
            component.push(name.clone());
            component_spots(below, component, spots);
            component.pop();
        }
    }
}

/// Finds the images of the charts of the component's subcomponents.
fn chart_spots(options: &ImageOptions, shown: &str) -> Vec<(String, Vec<Spot>)> {
    let definition = definition::load(&options.directory, shown, &[]);
    let Ok(body) = &definition.root.body else { return Vec::new() };
    let entries = body.children.iter().filter_map(|child| child.entry.as_ref());
    let charts = entries.filter(|entry| entry.component.generator == Generator::Helm);
    let spots = |entry: &definition::Entry| {
        let folder = place::chart_folder(&definition.root.folder, &entry.component);
        let file = place::join(&[&folder, "values.yaml"]);
        let read = Document::read_file(&options.directory.join(&file), definition.show(&file));
        // A chart that is not there has no values to look at.
        let (document, value) = read.ok()?;
        let mut spots = Vec::new();
        map_spots(value.as_mapping()?, &mut vec![entry.component.name.clone()], &mut Vec::new(), &mut spots);
        Some((document.file, spots))
    };
    charts.filter_map(spots).collect()
}

fn map_spots(map: &Mapping, component: &mut Vec<String>, way: &mut Vec<Step>, spots: &mut Vec<Spot>) {
    let text =
        |key: &str| map.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let is_image = matches!(way.last(), Some(Step::Key(key)) if key == "image" || key.ends_with("Image"));
    let key = if map.contains_key("repository") { "repository" } else { "name" };
    let has_tag = map.contains_key("tag") || map.contains_key("digest");
    if text("repository").is_some() || is_image && has_tag {
        let form =
            Form::Parts { repository: key, registry: text("registry"), has_digest: text("digest").is_some() };
        spots.push(Spot { component: component.clone(), map: way.clone(), form, repository: text(key) });
    }
    for (key, value) in map {
        way.push(Step::Key(key.clone()));
        match value {
            Value::Mapping(below) => map_spots(below, component, way, spots),
            Value::Sequence(items) => list_spots(items, component, way, spots),
            Value::String(set) if key == "image" || key.ends_with("Image") => {
                let image = Image::parse(set);
                let tag = ["imageTag", "tag"].into_iter().find(|tag| map.contains_key(*tag));
                let form = match tag.filter(|_| image.tag.is_none() && image.digest.is_none()) {
                    Some(tag) => Form::TextAndTag(key.clone(), tag),
                    None => Form::Text(key.clone()),
                };
                let map = way[..way.len() - 1].to_vec();
                spots.push(Spot {
                    component: component.clone(),
                    map,
                    form,
                    repository: Some(image.repository),
                });
            }
            _ => {}
        }
        way.pop();
    }
}

fn list_spots(items: &[Value], component: &mut Vec<String>, way: &mut Vec<Step>, spots: &mut Vec<Spot>) {
    for (at, item) in items.iter().enumerate() {
        if let Value::Mapping(item) = item {
            way.push(Step::Index(at));
            map_spots(item, component, way, spots);
            way.pop();
        }
    }
}

impl Spot {
    /// Returns the repository with its registry.
    pub(crate) fn full(&self) -> Option<String> {
        let repository = self.repository.as_ref()?;
        match &self.form {
            Form::Parts { registry: Some(registry), .. } => Some(format!("{registry}/{repository}")),
            Form::Parts { .. } | Form::Text(_) | Form::TextAndTag(..) => Some(repository.clone()),
        }
    }

    /// Whether people call the image so: by its repository, the end of that, or the component whose image it is.
    fn is_called(&self, name: &str) -> bool {
        let full = self.full().unwrap_or_default();
        let is_of_component = self.component.last().is_some_and(|component| component == name)
            && match &self.form {
                Form::Parts { .. } => matches!(self.map.as_slice(), [Step::Key(key)] if key == "image"),
                Form::Text(key) | Form::TextAndTag(key, _) => self.map.is_empty() && key == "image",
            };
        full == name || full.ends_with(&format!("/{name}")) || is_of_component
    }
}

/// Sets an image where another one is set.
fn write(file: &mut Open, spot: &Spot, image: &Image) -> Result<(), Error> {
    let names = spot.component.iter().flat_map(|name| ["subcomponents", name]);
    let mut map: Vec<Step> = names.chain(["config"]).map(|name| Step::Key(name.to_owned())).collect();
    map.extend(spot.map.iter().cloned());
    let at = |key: &str| [map.as_slice(), &[Step::Key(key.to_owned())]].concat();
    let text = |text: &str| Value::from(text);
    match &spot.form {
        Form::Text(key) => put(file, &at(key), &text(&image.text())),
        Form::TextAndTag(key, tag) => {
            let bare = Image { tag: None, ..image.clone() };
            put(file, &at(key), &text(&bare.text()))?;
            image.tag.as_ref().map_or(Ok(()), |value| put(file, &at(tag), &text(value)))
        }
        Form::Parts { repository, registry, has_digest } => {
            let (host, rest) = image.split_registry();
            if spot.full().as_ref() != Some(&image.repository) {
                match (registry, host) {
                    (Some(_), Some(host)) => {
                        put(file, &at("registry"), &text(host))?;
                        put(file, &at(repository), &text(rest))?;
                    }
                    _ => put(file, &at(repository), &text(&image.repository))?,
                }
            }
            if let Some(tag) = &image.tag {
                put(file, &at("tag"), &text(tag))?;
            }
            match &image.digest {
                Some(digest) => put(file, &at("digest"), &text(digest)),
                // The old digest would win over the new tag.
                None if *has_digest => put(file, &at("digest"), &text("")),
                None => Ok(()),
            }
        }
    }
}
