//! Handlebars components: the templates of a folder, rendered with the config.

use std::sync::Arc;

use super::folder::{Folder, is_hidden};
use super::handlebars::{EXTENSION, Facts, TemplateFile, TemplateSet};
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
    let environments: Vec<String> = environment.named().map(str::to_owned).collect();
    let facts = Facts {
        component: component.name(),
        environment: &environment.folder(),
        environments: &environments,
        namespace: component.namespace.as_deref().unwrap_or_default(),
    };
    let errors =
        |errors: Vec<_>| errors.into_iter().map(|err| Error::Template(Box::new(err))).collect::<Vec<_>>();
    let templates = TemplateSet::new(files).map_err(errors)?;
    let mut text = Text::default();
    for (_, rendered) in templates.render(&component.values, &facts).map_err(errors)? {
        text.push(rendered.as_bytes());
    }
    Ok(text)
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
