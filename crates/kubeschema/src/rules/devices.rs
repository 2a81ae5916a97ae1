//! Requests for devices.

use goyaml::Value;

use super::common::{exactly_one, within};
use crate::finding::Findings;
use crate::view::{field, filled, int, items};

/// Checks what a claim asks for. Versions before `v1beta2` have no object for the exact request.
pub(crate) fn claim<'a>(version: &str, spec: &'a Value, found: &mut Findings<'a>) {
    let Some(devices) = field(spec, "devices") else { return };
    for request in items(devices, "requests") {
        let is_flat = version == "v1beta1";
        if !is_flat {
            exactly_one(request, &["exactly", "firstAvailable"], "a request", found);
        }
        let exact = if is_flat { Some(request) } else { field(request, "exactly") };
        exact.into_iter().chain(items(request, "firstAvailable")).for_each(|request| count(request, found));
    }
}

fn count<'a>(request: &'a Value, found: &mut Findings<'a>) {
    if filled(request, "allocationMode") == Some("All") {
        if int(request, "count").is_some_and(|count| count != 0) {
            found.key_error(request, "count", "exclusive", "all devices are asked for, so there is no count");
        }
    } else {
        within(request, "count", &(0..=i64::MAX), found);
    }
}
