//! Handlebars components: the templates of a folder, rendered with the config.

use std::sync::Arc;

use goyaml::Mapping;

use super::folder::{Folder, is_hidden};
use super::handlebars::{EXTENSION, Facts, TemplateError, TemplateFile, TemplateSet};
use super::inspection::{self, Inspection, ValuesReader};
use super::{Renderer, Text};
use crate::config::Environment;
use crate::error::{Error, Place};
use crate::resolve::ResolvedComponent;

/// Renders the templates in the folder of a handlebars component.
pub(super) fn render(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    environment: &Environment,
) -> Result<Text, Vec<Error>> {
    let files = read(renderer, component).map_err(|err| vec![err])?;
    let templates = TemplateSet::new(files).map_err(errors)?;
    with_facts(component, environment, |facts| text(&templates, &component.values, facts).map_err(errors))
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
    let templates = TemplateSet::new(files).map_err(|err| shared(errors(err)))?;
    with_facts(component, environment, |facts| {
        let render = |values: &Mapping| text(&templates, values, facts);
        let text = render(&component.values).map_err(|err| shared(errors(err)))?;
        let unread = inspection::without_effect(&component.values, &|values| {
            render(values).is_ok_and(|other| other.text == text.text)
        });
        Ok(Inspection { unread, ..Inspection::of(text, reader) })
    })
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

fn errors(errors: Vec<TemplateError>) -> Vec<Error> {
    errors.into_iter().map(|err| Error::Template(Box::new(err))).collect()
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
