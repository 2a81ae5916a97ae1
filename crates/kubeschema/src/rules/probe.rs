//! Probes and lifecycle hooks of a container.

use goyaml::Value;

use super::common::{PORTS, at_least, exactly_one, forbidden, port, required, within};
use crate::finding::Findings;
use crate::view::{field, int, items, text};

/// Checks the probes and hooks of a container in a pod that has so many seconds to end.
pub(crate) fn container<'a>(container: &'a Value, grace: i64, found: &mut Findings<'a>) {
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = field(container, key) else { continue };
        check(probe, found);
        if key == "readinessProbe" {
            forbidden(
                probe,
                &["terminationGracePeriodSeconds"],
                "a failing readiness probe ends nothing",
                found,
            );
        } else if let Some(number) = int(probe, "successThreshold").filter(|number| ![0, 1].contains(number))
        {
            let message = format!("{number}: one success is enough for a {key}, so it has to be 1");
            found.key_error(probe, "successThreshold", "range", message);
        }
    }
    if let Some(lifecycle) = field(container, "lifecycle") {
        for hook in ["postStart", "preStop"].iter().filter_map(|key| field(lifecycle, key)) {
            self::hook(hook, grace, found);
        }
    }
}

fn check<'a>(probe: &'a Value, found: &mut Findings<'a>) {
    handler(probe, &["exec", "httpGet", "tcpSocket", "grpc"], found);
    let numbers =
        ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"];
    at_least(probe, 0, &numbers, found);
    at_least(probe, 1, &["terminationGracePeriodSeconds"], found);
}

fn hook<'a>(hook: &'a Value, grace: i64, found: &mut Findings<'a>) {
    handler(hook, &["exec", "httpGet", "tcpSocket", "sleep"], found);
    if let Some(sleep) = field(hook, "sleep") {
        within(sleep, "seconds", &(0..=grace.max(0)), found);
    }
}

fn handler<'a>(holder: &'a Value, kinds: &[&str], found: &mut Findings<'a>) {
    let Some(kind) = exactly_one(holder, kinds, "a handler", found) else { return };
    let Some(action) = field(holder, kind) else { return };
    match kind {
        "exec" => required(action, &["command"], found),
        "tcpSocket" => port(action, "port", found),
        "grpc" => within(action, "port", &PORTS, found),
        "httpGet" => {
            port(action, "port", found);
            headers(action, found);
        }
        _ => {}
    }
}

fn headers<'a>(action: &'a Value, found: &mut Findings<'a>) {
    for header in items(action, "httpHeaders") {
        let name = text(header, "name").unwrap_or_default();
        if !name.is_empty() && !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            let message = format!("{name:?} is not a header: it has to consist of letters, digits and '-'");
            found.key_error(header, "name", "name", message);
        }
    }
}
