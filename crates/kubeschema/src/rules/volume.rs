//! Volumes and where they come from.

use std::collections::BTreeSet;

use goyaml::Value;

use super::common::{backsteps, descending_path, exactly_one, forbidden, named, required, within};
use super::{env, resources, storage};
use crate::finding::Findings;
use crate::names;
use crate::view::{field, filled, int, items};

/// Checks the volumes of a pod, and returns their names and those of the claims.
pub(crate) fn check<'a>(spec: &'a Value, claims: &'a [Value], found: &mut Findings<'a>) -> BTreeSet<&'a str> {
    let volumes = items(spec, "volumes");
    for volume in volumes {
        named(volume, "name", names::dns_label, found);
        source(volume, found);
    }
    let claims = claims.iter().filter_map(|claim| field(claim, "metadata"));
    volumes.iter().chain(claims).filter_map(|volume| filled(volume, "name")).collect()
}

fn source<'a>(volume: &'a Value, found: &mut Findings<'a>) {
    let sources =
        volume.as_mapping().into_iter().flatten().filter(|(key, value)| *key != "name" && !value.is_null());
    for (index, (kind, source)) in sources.enumerate() {
        if index > 0 {
            found.key_error(volume, kind, "exclusive", "a volume has one source only");
        }
        check_source(kind, source, found);
    }
}

fn check_source<'a>(kind: &str, source: &'a Value, found: &mut Findings<'a>) {
    match kind {
        "configMap" => {
            required(source, &["name"], found);
            files(source, found);
        }
        "secret" => {
            required(source, &["secretName"], found);
            files(source, found);
        }
        "emptyDir" => resources::amount_field(source, "sizeLimit", found),
        "hostPath" => backsteps(source, "path", found),
        "nfs" => absolute(source, "path", found),
        "downwardAPI" => {
            mode(source, "defaultMode", found);
            items(source, "items").iter().for_each(|item| downward(item, found));
        }
        "projected" => projected(source, found),
        "ephemeral" => ephemeral(source, found),
        "gitRepo" => descending_path(source, "directory", found),
        "csi" => {
            named(source, "driver", names::dns_subdomain, found);
            secret_reference(source, "nodePublishSecretRef", found);
        }
        "azureFile" => named(source, "secretName", names::dns_subdomain, found),
        _ => {}
    }
}

fn absolute<'a>(source: &'a Value, key: &str, found: &mut Findings<'a>) {
    if let Some(path) = filled(source, key).filter(|path| !path.starts_with('/')) {
        found.key_error(source, key, "path", format!("{path:?} has to start with '/'"));
    }
}

fn secret_reference<'a>(source: &'a Value, key: &str, found: &mut Findings<'a>) {
    if let Some(reference) = field(source, key) {
        required(reference, &["name"], found);
    }
}

/// Asks that a file's mode is one: `0777` in YAML is 511 in decimal.
fn mode<'a>(holder: &'a Value, key: &str, found: &mut Findings<'a>) {
    if let Some(number) = int(holder, key).filter(|number| !(0..=0o777).contains(number)) {
        let message = format!("{number} is {number:o} in octal, which is not a file's mode from 0 to 0777");
        found.key_error(holder, key, "range", message);
    }
}

fn files<'a>(source: &'a Value, found: &mut Findings<'a>) {
    mode(source, "defaultMode", found);
    for item in items(source, "items") {
        mode(item, "mode", found);
        reserved_path(item, found);
    }
}

fn downward<'a>(item: &'a Value, found: &mut Findings<'a>) {
    mode(item, "mode", found);
    reserved_path(item, found);
    env::volume_file(item, found);
}

/// Asks for a relative path that is not one of the files the kubelet keeps, which start with `..`.
fn reserved_path<'a>(item: &'a Value, found: &mut Findings<'a>) {
    descending_path(item, "path", found);
    let starts = |path: &&str| path.starts_with("..") && !path.split('/').any(|part| part == "..");
    if let Some(path) = filled(item, "path").filter(starts) {
        found.key_error(item, "path", "path", format!("{path:?} may not start with '..'"));
    }
}

fn projected<'a>(source: &'a Value, found: &mut Findings<'a>) {
    const KINDS: [&str; 6] =
        ["configMap", "secret", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"];
    mode(source, "defaultMode", found);
    let mut paths = BTreeSet::new();
    for projection in items(source, "sources") {
        // Without any, it adds nothing.
        if KINDS.iter().all(|kind| field(projection, kind).is_none()) {
            continue;
        }
        let Some(kind) = exactly_one(projection, &KINDS, "a source", found) else { continue };
        let Some(part) = field(projection, kind) else { continue };
        match kind {
            "configMap" | "secret" => {
                required(part, &["name"], found);
                files(part, found);
            }
            "downwardAPI" => items(part, "items").iter().for_each(|item| downward(item, found)),
            "serviceAccountToken" => {
                within(part, "expirationSeconds", &(600..=1 << 32), found);
                descending_path(part, "path", found);
            }
            _ => descending_path(part, "path", found),
        }
        let whole = std::iter::once(part).filter(|part| part.get("path").is_some());
        for item in items(part, "items").iter().chain(whole) {
            if let Some(path) = filled(item, "path").filter(|path| !paths.insert(*path)) {
                found.key_error(item, "path", "duplicate", format!("another source has the path {path:?}"));
            }
        }
    }
}

fn ephemeral<'a>(source: &'a Value, found: &mut Findings<'a>) {
    let Some(template) = field(source, "volumeClaimTemplate") else {
        return required(source, &["volumeClaimTemplate"], found);
    };
    if let Some(metadata) = field(template, "metadata") {
        forbidden(
            metadata,
            &["name", "namespace", "generateName"],
            "the claim is named after its pod",
            found,
        );
    }
    if let Some(spec) = field(template, "spec") {
        storage::claim_spec(spec, found);
    }
}
