//! Handlebars components: the templates of a folder, rendered with the config.

use std::sync::Arc;

use goyaml::Mapping;

use super::folder::{Folder, is_hidden};
use super::handlebars::{
    EXTENSION, Facts, NotSet, TemplateError, TemplateErrorKind, TemplateFile, TemplateSet, unmark,
};
use super::inspection::{self, Inspection, ValuesReader};
use super::{LineSource, Renderer, SEPARATOR, Text, line_in, line_of};
use crate::config::Environment;
use crate::error::{Error, Place};
use crate::insight::dotted;
use crate::resolve::ResolvedComponent;
use kubeschema::closest;

/// Renders the templates in the folder of a handlebars component.
pub(super) fn render(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    environment: &Environment,
) -> Result<Text, Vec<Error>> {
    let files = read(renderer, component).map_err(|err| vec![err])?;
    let templates = TemplateSet::new(files).map_err(|err| errors(component, err))?;
    with_facts(component, environment, |facts| {
        text(&templates, &component.values, facts).map_err(|err| errors(component, err))
    })
}

/// Renders the templates of a component, and finds out which of its values have an effect.
pub(super) fn inspect(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    environment: &Environment,
) -> Result<Inspection, Vec<Arc<Error>>> {
    let shared = |errors: Vec<Error>| errors.into_iter().map(Arc::new).collect::<Vec<_>>();
    let files = read(renderer, component).map_err(|err| vec![Arc::new(err)])?;
    let reader = ValuesReader::Templates(files.iter().map(|file| Arc::clone(&file.text)).collect());
    let templates = TemplateSet::new(files).map_err(|err| shared(errors(component, err)))?;
    with_facts(component, environment, |facts| {
        let render = |values: &Mapping| text(&templates, values, facts);
        let text = render(&component.values).map_err(|err| shared(errors(component, err)))?;
        let unread = inspection::without_effect(&component.values, &|values| {
            render(values).is_ok_and(|other| other.text == text.text)
        });
        Ok(Inspection { unread, ..Inspection::of(text, reader) })
    })
}

/// Returns where each of these lines (from 1) of the manifests comes from.
pub(super) fn sources(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    environment: &Environment,
    wanted: &[usize],
) -> Result<Vec<LineSource>, Vec<Error>> {
    let files = read(renderer, component).map_err(|err| vec![err])?;
    let rendered = |templates: TemplateSet| {
        with_facts(component, environment, |facts| {
            let rendered = templates.render(&component.values, facts)?.into_iter();
            Ok(rendered.map(|(path, text)| (path.to_owned(), text)).collect::<Vec<_>>())
        })
    };
    let plain = TemplateSet::new(files.clone()).and_then(rendered).map_err(|err| errors(component, err))?;
    // Marks can get in the way of what a template does; then a line has no more than its template.
    let marked = TemplateSet::marked(files.clone()).and_then(rendered).unwrap_or_default();
    let source = |line: usize| {
        let texts = plain.iter().map(|(_, text)| text.as_bytes());
        let Some((at, line)) = line_in(texts, line) else { return LineSource::Own(SEPARATOR) };
        let (path, text) = &plain[at];
        let marked = marked.iter().find(|(marked, _)| marked == path);
        let place = match marked.and_then(|(_, marked)| *unmark(marked, text)?.get(line - 1)?) {
            Some((file, line)) => {
                files.get(file).and_then(|file| line_of(file.shown.clone(), &file.text, line))
            }
            None => files.iter().find(|file| file.path == *path).map(|file| Place::file(&file.shown)),
        };
        place.map_or(LineSource::Unknown, LineSource::File)
    };
    Ok(wanted.iter().map(|line| source(*line)).collect())
}

fn with_facts<T>(
    component: &ResolvedComponent,
    environment: &Environment,
    with: impl FnOnce(&Facts<'_>) -> T,
) -> T {
    let environments: Vec<String> = environment.named().map(str::to_owned).collect();
    with(&Facts {
        component: component.name(),
        environment: &environment.folder(),
        environments: &environments,
        namespace: component.namespace.as_deref().unwrap_or_default(),
    })
}

fn text(templates: &TemplateSet, values: &Mapping, facts: &Facts<'_>) -> Result<Text, Vec<TemplateError>> {
    let mut text = Text::default();
    for (_, rendered) in templates.render(values, facts)? {
        text.push(rendered.as_bytes());
    }
    Ok(text)
}

fn errors(component: &ResolvedComponent, errors: Vec<TemplateError>) -> Vec<Error> {
    let told = |mut err: TemplateError| {
        if let TemplateErrorKind::NotSet(not_set) = &mut err.kind {
            tell_origin(component, not_set);
        }
        Error::Template(Box::new(err))
    };
    errors.into_iter().map(told).collect()
}

/// Adds where config sets what a name is missed in, where it sets what may be meant, and where it could set the name.
fn tell_origin(component: &ResolvedComponent, not_set: &mut NotSet) {
    let (there, missing) = not_set.keys.split_at(not_set.known);
    // `fab.…` is no part of config, and hides a key of that name.
    if missing.is_empty() || there.first().is_some_and(|key| key == "fab") {
        return;
    }
    let maps = maps_on_the_way(&component.values, there);
    let set_at = |keys: &[String]| component.setter(keys).map(|place| place.to_string());
    // What an item of a list lacks is set where the list is.
    let parent = &there[..there.len().min(maps + 1)];
    if !parent.is_empty() {
        not_set.note = set_at(parent).map(|place| format!("`{}` comes from {place}", dotted(parent)));
    }
    if maps < there.len() {
        return;
    }
    let keys = dotted(&not_set.keys);
    not_set.home = Some(format!("`{keys}` in {}", component.place_to_set(&not_set.keys)));
    let names = get(&component.values, there).map(Mapping::keys).into_iter().flatten();
    let near = closest(&missing[0], names.map(String::as_str));
    not_set.near = near.and_then(|near| set_at(&[there, &[near.to_owned()]].concat()));
}

/// Returns how many of the keys lead to maps.
fn maps_on_the_way(values: &Mapping, keys: &[String]) -> usize {
    (0..=keys.len()).rev().find(|&end| get(values, &keys[..end]).is_some()).unwrap_or(0)
}

fn get<'v>(values: &'v Mapping, keys: &[String]) -> Option<&'v Mapping> {
    keys.iter().try_fold(values, |map, key| map.get(key)?.as_mapping())
}

fn read(renderer: &Renderer<'_>, component: &ResolvedComponent) -> Result<Vec<TemplateFile>, Error> {
    let folder = Folder::of(renderer, component)?;
    let files =
        folder.files()?.into_iter().filter(|file| file.ends_with(EXTENSION) && !is_hidden(file.as_ref()));
    let read = |path: String| {
        let shown = folder.show(&path);
        let text = String::from_utf8(folder.read(&path)?).map_err(|_| Error::Syntax {
            place: Place::file(&shown),
            message: "the file is not UTF-8".to_owned(),
        })?;
        Ok(TemplateFile { path, shown, text: Arc::from(text) })
    };
    files.map(read).collect()
}
