//! Static components: the manifests of a folder, as they are.
//!
//! Files count by their name only. Nothing is parsed: text that is no YAML is
//! passed on like any other, as in Fabrikate.

use std::path::Path;
use std::sync::Arc;

use super::folder::{Folder, is_hidden};
use super::{LineSource, Renderer, SEPARATOR, Text, line_in, line_of};
use crate::definition::Generator;
use crate::error::{Error, Warning, WarningKind};
use crate::resolve::ResolvedComponent;

/// The ends of the names that manifests have.
const EXTENSIONS: [&str; 3] = [".yaml", ".yml", ".json"];

/// Joins the manifests in the folder of a static component.
pub(super) fn render(renderer: &Renderer<'_>, component: &ResolvedComponent) -> Result<Text, Error> {
    let folder = Folder::of(renderer, component)?;
    let mut text = Text::default();
    for file in folder.files()? {
        if is_manifest(&file) {
            text.push(&folder.read(&file)?);
        } else {
            let kind = WarningKind::SkippedFile { file: folder.show(&file) };
            text.warnings.push(Warning { place: None, kind });
        }
    }
    Ok(text)
}

/// Returns the manifests of a component one by one, each with its path as the user would type it.
pub(super) fn files(renderer: &Renderer<'_>, component: &ResolvedComponent) -> Vec<(String, Arc<str>)> {
    if component.own.component.generator != Generator::Static {
        return Vec::new();
    }
    // It was rendered before, so that is where an error is told.
    let Ok(folder) = Folder::of(renderer, component) else { return Vec::new() };
    let files = folder.files().unwrap_or_default().into_iter().filter(|file| is_manifest(file));
    let read = |file: String| {
        let text = folder.read(&file).ok()?;
        Some((folder.show(&file), String::from_utf8_lossy(&text).into()))
    };
    files.filter_map(read).collect()
}

/// Returns where each of these lines (from 1) of the joined manifests comes from.
pub(super) fn sources(
    renderer: &Renderer<'_>,
    component: &ResolvedComponent,
    wanted: &[usize],
) -> Vec<LineSource> {
    let files = files(renderer, component);
    let source = |line: &usize| {
        let (at, line) = line_in(files.iter().map(|(_, text)| text.as_bytes()), *line)?;
        let (path, text) = &files[at];
        line_of(path.clone(), text, line)
    };
    wanted.iter().map(|line| source(line).map_or(LineSource::Own(SEPARATOR), LineSource::File)).collect()
}

fn is_manifest(file: &str) -> bool {
    !is_hidden(Path::new(file)) && EXTENSIONS.iter().any(|extension| file.ends_with(extension))
}
