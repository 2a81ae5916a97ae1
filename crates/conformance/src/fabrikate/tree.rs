//! A folder of files as data: read, copied, compared.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// The files below a folder by relative path; links by their target.
pub(crate) type Tree = BTreeMap<String, Node>;

/// A file or a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// The content of a file.
    File(Vec<u8>),
    /// The target of a symbolic link.
    Link(String),
}

/// Reads a folder without following links; one that is not there is empty.
pub(crate) fn read(folder: &Path) -> io::Result<Tree> {
    let mut tree = Tree::new();
    if folder.exists() {
        read_below(folder, "", &mut tree)?;
    }
    Ok(tree)
}

fn read_below(folder: &Path, prefix: &str, tree: &mut Tree) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            read_below(&entry.path(), &format!("{path}/"), tree)?;
        } else if kind.is_symlink() {
            let target = fs::read_link(entry.path())?;
            tree.insert(path, Node::Link(target.to_string_lossy().into_owned()));
        } else {
            tree.insert(path, Node::File(fs::read(entry.path())?));
        }
    }
    Ok(())
}

/// Makes links of the files that stand for one: a checkout that cannot make links, as git calls it, leaves a file
/// whose whole text is the target.
pub(crate) fn with_links(tree: &Tree) -> Tree {
    let target = |path: &str, node: &Node| {
        let Node::File(content) = node else { return None };
        let text = std::str::from_utf8(content)
            .ok()
            .filter(|text| text.starts_with("../") && !text.contains('\n'))?;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let up = text.matches("../").count();
        let parents = folder.split('/').count().checked_sub(up)?;
        let kept: Vec<&str> =
            folder.split('/').take(parents).chain([text.trim_start_matches("../")]).collect();
        tree.contains_key(&kept.join("/")).then(|| Node::Link(text.to_owned()))
    };
    let link = |(path, node): (&String, &Node)| {
        let linked = target(path, node).unwrap_or_else(|| node.clone());
        (path.clone(), linked)
    };
    tree.iter().map(link).collect()
}

/// Writes a tree below a folder.
pub(crate) fn write(tree: &Tree, folder: &Path) -> io::Result<()> {
    for (path, node) in tree {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        match node {
            Node::File(content) => fs::write(file, content)?,
            Node::Link(target) => link(target, &file)?,
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(target: &str, file: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, file)
}

#[cfg(not(unix))]
fn link(_target: &str, _file: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
