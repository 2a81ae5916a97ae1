//! Compares two manifests document by document as data.
//!
//! Two differences are decided: Fabrikate's injection gives a namespace to
//! cluster-scoped resources too, and none to the items of a List.

use fabrikate::resource::is_cluster_scoped;
use goyaml::{Mapping, Value};

use super::tree::Node;

/// Whether two files hold the same documents in the same order.
pub(super) fn same(want: Option<&Node>, got: Option<&Node>) -> bool {
    let (Some(Node::File(want)), Some(Node::File(got))) = (want, got) else { return false };
    match (documents(want), documents(got)) {
        (Some(want), Some(got)) => {
            want.len() == got.len() && want.iter().zip(&got).all(|(want, got)| same_document(want, got))
        }
        _ => false,
    }
}

/// Reads the documents of a file, cut where Fabrikate cuts before it writes them anew: the line end before a
/// separator is no part of a document, so it is not the end of a text in it.
fn documents(text: &[u8]) -> Option<Vec<Mapping>> {
    let mut documents = Vec::new();
    for piece in std::str::from_utf8(text).ok()?.split("\n---") {
        match goyaml::from_str(piece).ok()? {
            Value::Null => {}
            Value::Mapping(map) => documents.push(map),
            _ => return None,
        }
    }
    Some(documents)
}

fn same_document(want: &Mapping, got: &Mapping) -> bool {
    let mut want = want.clone();
    let mut got = got.clone();
    if is_cluster_scoped(&got) && namespace(&mut got).is_none() {
        remove_namespace(&mut want);
    }
    for (want, got) in items(&mut want).iter_mut().zip(items(&mut got)) {
        if namespace(want).is_none() {
            remove_namespace(got);
        }
    }
    want == got
}

fn items(document: &mut Mapping) -> Vec<&mut Mapping> {
    let is_list = matches!(document.get("kind"), Some(Value::String(kind)) if kind.ends_with("List"));
    match document.get_mut("items") {
        Some(Value::Sequence(items)) if is_list => {
            items.iter_mut().filter_map(Value::as_mapping_mut).collect()
        }
        _ => Vec::new(),
    }
}

fn namespace(document: &mut Mapping) -> Option<&mut Value> {
    document.get_mut("metadata")?.as_mapping_mut()?.get_mut("namespace")
}

fn remove_namespace(document: &mut Mapping) {
    if let Some(Value::Mapping(metadata)) = document.get_mut("metadata") {
        metadata.remove("namespace");
    }
}
