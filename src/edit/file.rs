//! One file that is changed: its text before and after, and how it gets to disk.
//!
//! Invariant: a file on disk is at every moment the old one or the new one,
//! whole; and a new text has been read as what the file is, YAML or JSON.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goyaml::{EditError, EditStyle, PathSegment, Value};

use super::path::show;
use crate::definition::place;
use crate::document::{Document, Format, Step, value_at};
use crate::error::{Error, Place};

/// A file with what a change makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// Path as the user would type it.
    pub file: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its text; none if it is not there.
    pub before: Option<String>,
    /// Its text after the change.
    pub after: String,
}

impl Edited {
    /// Returns whether there is anything to write.
    pub fn is_changed(&self) -> bool {
        self.before.as_ref() != Some(&self.after)
    }
}

/// A file that is being changed.
pub(crate) struct Open {
    document: Document,
    path: PathBuf,
    before: Option<String>,
    value: Value,
}

impl Open {
    /// Reads `<name>.yaml`, else `<name>.json`, in a folder that messages call `shown`; without either, it will be a
    /// YAML file.
    pub(crate) fn read(folder: &Path, shown: &str, name: &str) -> Result<Self, Error> {
        if let Some((document, value)) = Document::read(folder, shown, name)? {
            let end = if document.format == Format::Json { "json" } else { "yaml" };
            let path = folder.join(format!("{name}.{end}"));
            let before = Some(document.text.to_string());
            return Ok(Self { document, path, before, value });
        }
        let file = format!("{name}.yaml");
        let path = folder.join(&file);
        let document =
            Document { file: place::show(shown, &file), format: Format::Yaml, text: Arc::from("") };
        Ok(Self { document, path, before: None, value: Value::Null })
    }

    /// Reads a file that is there, which messages call `shown`.
    pub(crate) fn read_file(path: &Path, shown: String) -> Result<Self, Error> {
        let (document, value) = Document::read_file(path, shown)?;
        let before = Some(document.text.to_string());
        Ok(Self { document, path: path.to_owned(), before, value })
    }

    /// Returns whether the file is there.
    pub(crate) fn exists(&self) -> bool {
        self.before.is_some()
    }

    /// Returns it as it is so far.
    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// Returns the path of the file as the user would type it.
    pub(crate) fn shown(&self) -> &str {
        &self.document.file
    }

    /// Returns the value that steps lead to.
    pub(crate) fn get(&self, steps: &[Step]) -> Option<&Value> {
        value_at(&self.value, steps)
    }

    /// Returns the literal text of a scalar that is no string.
    pub(crate) fn scalar(&self, steps: &[Step]) -> Option<&str> {
        self.document.scalar(steps)
    }

    /// Returns where steps lead to.
    pub(crate) fn place(&self, steps: &[Step]) -> Place {
        self.document.place(steps)
    }

    /// Changes a value, which is made if it is not there; `fields` come in their order.
    pub(crate) fn set(&mut self, steps: &[Step], value: &Value, fields: &[&str]) -> Result<(), Error> {
        let style = self.style(fields);
        self.change(steps, |text, path| goyaml::set_in_text(text, path, value, style))
    }

    /// Takes a value away, with the maps that are empty without it.
    pub(crate) fn unset(&mut self, steps: &[Step]) -> Result<(), Error> {
        let style = self.style(&[]);
        self.change(steps, |text, path| goyaml::unset_in_text(text, path, style))
    }

    /// Puts an item into a list, before the one with that index.
    pub(crate) fn insert(
        &mut self,
        list: &[Step],
        at: usize,
        item: &Value,
        fields: &[&str],
    ) -> Result<(), Error> {
        let style = self.style(fields);
        self.change(list, |text, path| goyaml::insert_in_text(text, path, at, item, style))
    }

    fn style<'f>(&self, fields: &'f [&'f str]) -> EditStyle<'f> {
        EditStyle { json: self.document.format == Format::Json, fields }
    }

    fn change(
        &mut self,
        steps: &[Step],
        change: impl FnOnce(&str, &[PathSegment<'_>]) -> Result<String, EditError>,
    ) -> Result<(), Error> {
        let path: Vec<PathSegment<'_>> = steps.iter().map(segment).collect();
        let text = change(&self.document.text, &path).map_err(|err| self.error(steps, &err))?;
        if *text != *self.document.text {
            let (document, value) =
                Document::parse(self.document.file.clone(), self.document.format, text.into())
                    .map_err(|_| self.error(steps, &EditError::Layout))?;
            (self.document, self.value) = (document, value);
        }
        Ok(())
    }

    fn error(&self, steps: &[Step], err: &EditError) -> Error {
        let above = |depth: usize| &steps[..depth.min(steps.len())];
        let name = |depth: usize| match depth {
            0 => "the file".to_owned(),
            depth => format!("`{}`", show(above(depth))),
        };
        let key = show(steps);
        match *err {
            EditError::Read(ref err) => Error::Syntax { place: self.place(&[]), message: err.to_string() },
            EditError::NoPart { depth, found } => {
                Error::NoPart { place: Box::new(self.place(above(depth))), key, above: name(depth), found }
            }
            EditError::NoItem { depth, len } => {
                Error::NoItem { place: Box::new(self.place(above(depth))), key, list: name(depth), len }
            }
            EditError::Alias { depth } => {
                let why =
                    format!("{} is an alias, and what it stands for is used elsewhere too", name(depth));
                Error::NotInPlace { place: Box::new(self.place(above(depth))), key, why }
            }
            EditError::Layout => {
                let why =
                    "an anchor, a merge, an equal key or the layout of the file stands against it".to_owned();
                Error::NotInPlace { place: Box::new(self.place(steps)), key, why }
            }
        }
    }

    /// Ends the changes.
    pub(crate) fn close(self) -> Edited {
        Edited {
            file: self.document.file,
            path: self.path,
            before: self.before,
            after: self.document.text.to_string(),
        }
    }
}

fn segment(step: &Step) -> PathSegment<'_> {
    match step {
        Step::Key(key) => PathSegment::Key(key),
        &Step::Index(at) => PathSegment::Index(at),
    }
}

/// Writes the files that change. All are looked at before the first is written.
///
/// # Errors
///
/// A file is read-only or cannot be written; those before it are written then.
pub fn write_all(files: &[Edited]) -> Result<(), Error> {
    let changed = || files.iter().filter(|file| file.is_changed());
    for file in changed() {
        check_writable(file)?;
    }
    changed().try_for_each(|file| {
        write(file).map_err(|source| Error::Unwritable { path: file.file.clone(), source })
    })
}

fn check_writable(file: &Edited) -> Result<(), Error> {
    let is_read_only = fs::metadata(&file.path).is_ok_and(|found| found.permissions().readonly());
    if file.before.is_some() && is_read_only {
        let source = io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only");
        return Err(Error::Unwritable { path: file.file.clone(), source });
    }
    let now = fs::read(&file.path).ok();
    if now.as_deref() != file.before.as_deref().map(str::as_bytes) {
        let source = io::Error::other("somebody else has changed it meanwhile");
        return Err(Error::Unwritable { path: file.file.clone(), source });
    }
    Ok(())
}

fn write(file: &Edited) -> io::Result<()> {
    // What a link leads to is changed, and the link stays.
    let path = fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    if file.before.is_none() {
        let mut new = fs::File::options().write(true).create_new(true).open(&path)?;
        return new.write_all(file.after.as_bytes());
    }
    let mut new = tempfile::Builder::new().prefix(".fab-").tempfile_in(folder)?;
    new.write_all(file.after.as_bytes())?;
    new.as_file().set_permissions(fs::metadata(&path)?.permissions())?;
    new.as_file().sync_all()?;
    new.persist(&path).map(drop).map_err(|err| err.error)
}
