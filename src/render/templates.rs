//! Handlebars components: the templates of a folder, rendered with the config.

use std::sync::Arc;

use goyaml::Mapping;

use super::folder::{Folder, is_hidden};
use super::handlebars::{EXTENSION, Facts, TemplateError, TemplateFile, TemplateSet, unmark};
use super::inspection::{self, Inspection, ValuesReader};
use super::{LineSource, Renderer, SEPARATOR, Text, line_in, line_of};
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
    let plain = TemplateSet::new(files.clone()).and_then(rendered).map_err(errors)?;
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
