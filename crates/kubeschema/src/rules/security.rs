//! Who a pod runs as and what it may do.

use std::collections::BTreeSet;

use goyaml::Value;

use super::common::{descending_path, within};
use crate::finding::Findings;
use crate::schema::describe;
use crate::view::{as_int, field, filled, is_true, items, text};

/// The numbers of users and groups.
const IDS: std::ops::RangeInclusive<i64> = 0..=i32::MAX as i64;

/// Checks the security context of a pod.
pub(crate) fn pod<'a>(context: &'a Value, found: &mut Findings<'a>) {
    shared(context, found);
    within(context, "fsGroup", &IDS, found);
    for group in items(context, "supplementalGroups") {
        if as_int(group).is_some_and(|number| !IDS.contains(&number)) {
            found.error(group, "range", format!("{} is not the number of a group", describe(group)));
        }
    }
    let mut seen = BTreeSet::new();
    for sysctl in items(context, "sysctls") {
        let Some(name) = filled(sysctl, "name") else { continue };
        if !is_sysctl(name) {
            found.key_error(sysctl, "name", "name", format!("{name:?} is not the name of a sysctl"));
        }
        if !seen.insert(name.replace('/', ".")) {
            found.key_error(sysctl, "name", "duplicate", format!("{name} is set before"));
        }
    }
}

/// Checks the security context of a container.
pub(crate) fn container<'a>(context: &'a Value, found: &mut Findings<'a>) {
    shared(context, found);
    let escalates = field(context, "allowPrivilegeEscalation").and_then(Value::as_bool);
    if escalates == Some(false) && is_true(context, "privileged") {
        let message = "a privileged container cannot be kept from gaining privileges";
        found.key_error(context, "allowPrivilegeEscalation", "exclusive", message);
    }
}

fn shared<'a>(context: &'a Value, found: &mut Findings<'a>) {
    for key in ["runAsUser", "runAsGroup"] {
        within(context, key, &IDS, found);
    }
    for key in ["seccompProfile", "appArmorProfile"] {
        if let Some(profile) = field(context, key) {
            local_profile(profile, found);
        }
    }
    if let Some(windows) = field(context, "windowsOptions")
        && text(windows, "runAsUserName") == Some("")
    {
        found.key_error(windows, "runAsUserName", "required", "the name of a user cannot be empty");
    }
}

fn local_profile<'a>(profile: &'a Value, found: &mut Findings<'a>) {
    let is_local = text(profile, "type") == Some("Localhost");
    match (is_local, field(profile, "localhostProfile").is_some()) {
        (true, false) => {
            found.key_error(profile, "localhostProfile", "required", "type Localhost needs a profile");
        }
        (false, true) => {
            let message = "a profile is for type Localhost only";
            found.key_error(profile, "localhostProfile", "forbidden", message);
        }
        _ => descending_path(profile, "localhostProfile", found),
    }
}

/// Parts of lower-case letters, digits, `-` and `_`, with `.` or `/` between them.
fn is_sysctl(name: &str) -> bool {
    let is_end =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    name.len() <= 253
        && name.split(['.', '/']).all(|part| {
            let bytes = part.as_bytes();
            is_end(bytes.first())
                && is_end(bytes.last())
                && bytes.iter().all(|byte| is_end(Some(byte)) || b"-_".contains(byte))
        })
}
