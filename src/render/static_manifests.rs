//! Static components: the manifests of a folder, as they are.
//!
//! Files count by their name only. Nothing is parsed: text that is no YAML is
//! passed on like any other, as in Fabrikate.

use std::path::Path;

use super::folder::{Folder, is_hidden};
use super::{Renderer, Text};
use crate::error::{Error, Warning, WarningKind};
use crate::resolve::ResolvedComponent;

/// The ends of the names that manifests have.
const EXTENSIONS: [&str; 3] = [".yaml", ".yml", ".json"];

/// Joins the manifests in the folder of a static component.
pub(super) fn render(renderer: &Renderer<'_>, component: &ResolvedComponent) -> Result<Text, Error> {
    let folder = Folder::of(renderer, component)?;
    let mut text = Text::default();
    for file in folder.files()? {
        if is_hidden(Path::new(&file)) || !EXTENSIONS.iter().any(|extension| file.ends_with(extension)) {
            let kind = WarningKind::SkippedFile { file: folder.show(&file) };
            text.warnings.push(Warning { place: None, kind });
        } else {
            text.push(&folder.read(&file)?);
        }
    }
    Ok(text)
}
