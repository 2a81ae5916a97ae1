//! Ingresses, ingress classes and network policies.

use std::net::IpAddr;

use goyaml::Value;

use super::common::{PORTS, exactly_one, forbidden, label_selector, named, one_of, port, required, within};
use super::job::domain_path;
use crate::finding::Findings;
use crate::names;
use crate::view::{field, filled, int, is_blank, items, text};

/// Checks an Ingress.
pub(crate) fn ingress<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    let spec = field(resource, "spec");
    let is_bare =
        spec.is_none_or(|spec| items(spec, "rules").is_empty() && field(spec, "defaultBackend").is_none());
    if is_bare {
        found.key_error(resource, "spec", "required", "an ingress needs rules or a defaultBackend");
    }
    let Some(spec) = spec else { return };
    named(spec, "ingressClassName", names::dns_subdomain, found);
    if let Some(backend) = field(spec, "defaultBackend") {
        check_backend(backend, found);
    }
    for rule in items(spec, "rules") {
        host(field(rule, "host"), found);
        let paths = field(rule, "http").map(|http| items(http, "paths")).unwrap_or_default();
        paths.iter().for_each(|path| check_path(path, found));
    }
    for tls in items(spec, "tls") {
        items(tls, "hosts").iter().for_each(|name| host(Some(name), found));
        named(tls, "secretName", names::dns_subdomain, found);
    }
}

fn host<'a>(value: Option<&'a Value>, found: &mut Findings<'a>) {
    let Some((value, name)) = value.and_then(|value| Some((value, value.as_str()?))) else { return };
    if name.is_empty() {
        return;
    }
    if name.parse::<IpAddr>().is_ok() {
        found.error(value, "ingress", format!("{name} is an address, where a host has a name"));
    } else if let Some(complaint) = names::wildcard_subdomain(name) {
        found.error(value, "ingress", format!("host {name:?}: {complaint}"));
    }
}

fn check_path<'a>(path: &'a Value, found: &mut Findings<'a>) {
    let kind = text(path, "pathType").unwrap_or_default();
    if let Some(text) = filled(path, "path").filter(|_| ["Exact", "Prefix"].contains(&kind)) {
        let mut bad = ["//", "/./", "/../", "%2f", "%2F"].iter().filter(|part| text.contains(**part));
        let ends = ["/..", "/."].iter().find(|end| text.ends_with(**end));
        if !text.starts_with('/') {
            found.key_error(path, "path", "ingress", format!("{text:?} has to start with '/'"));
        } else if let Some(part) = bad.next().or(ends) {
            found.key_error(path, "path", "ingress", format!("{text:?} has {part:?}"));
        }
    } else if let Some(text) = filled(path, "path").filter(|text| !text.starts_with('/')) {
        found.key_error(path, "path", "ingress", format!("{text:?} has to start with '/'"));
    } else if field(path, "path").is_none_or(|text| is_blank(Some(text)))
        && ["Exact", "Prefix"].contains(&kind)
    {
        found.key_error(
            path,
            "path",
            "ingress",
            format!("pathType {kind} needs a path that starts with '/'"),
        );
    }
    if let Some(backend) = field(path, "backend") {
        check_backend(backend, found);
    }
}

fn check_backend<'a>(backend: &'a Value, found: &mut Findings<'a>) {
    exactly_one(backend, &["service", "resource"], "a backend", found);
    if let Some(resource) = field(backend, "resource") {
        required(resource, &["kind", "name"], found);
        local_object(resource, found);
    }
    let Some(service) = field(backend, "service") else { return };
    named(service, "name", names::dns_label, found);
    let Some(number_or_name) = field(service, "port") else {
        return found.key_error(service, "port", "required", "the name or number of a port is missing");
    };
    let number = int(number_or_name, "number").filter(|number| *number != 0);
    match (number, filled(number_or_name, "name")) {
        (None, None) => found.error(number_or_name, "required", "the name or number of a port is missing"),
        (Some(_), Some(_)) => {
            found.error(number_or_name, "exclusive", "a port has a name or a number, not both");
        }
        _ => {
            named(number_or_name, "name", names::port_name, found);
            if number.is_some() {
                within(number_or_name, "number", &PORTS, found);
            }
        }
    }
}

/// Checks an IngressClass.
pub(crate) fn ingress_class<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    const LONGEST: usize = 250;
    let Some(spec) = field(resource, "spec") else {
        return found.key_error(resource, "spec", "required", "a controller is missing");
    };
    required(spec, &["controller"], found);
    if let Some(name) = filled(spec, "controller") {
        let complaint = domain_path(name)
            .or_else(|| (name.len() > LONGEST).then_some("it is longer than 250 characters"));
        if let Some(complaint) = complaint {
            found.key_error(spec, "controller", "name", format!("{name:?}: {complaint}"));
        }
    }
    let Some(parameters) = field(spec, "parameters") else { return };
    one_of(parameters, "scope", &["Cluster", "Namespace"], found);
    if text(parameters, "scope") == Some("Namespace") {
        required(parameters, &["namespace"], found);
    } else {
        forbidden(parameters, &["namespace"], "the scope is Cluster", found);
    }
    local_object(parameters, found);
    named(parameters, "namespace", names::dns_label, found);
}

/// Checks the names in a reference to an object of any kind.
fn local_object<'a>(reference: &'a Value, found: &mut Findings<'a>) {
    named(reference, "apiGroup", names::dns_subdomain, found);
    named(reference, "kind", names::path_segment, found);
    named(reference, "name", names::path_segment, found);
}

/// Checks a NetworkPolicy.
pub(crate) fn policy<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    if let Some(selector) = field(spec, "podSelector") {
        label_selector(selector, found);
    }
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in items(spec, direction) {
            items(rule, "ports").iter().for_each(|port| policy_port(port, found));
            items(rule, peers).iter().for_each(|one| peer(one, found));
        }
    }
    let types = items(spec, "policyTypes");
    if types.len() > 2 {
        found.key_error(spec, "policyTypes", "range", "there are two types, Ingress and Egress");
    }
}

fn policy_port<'a>(one: &'a Value, found: &mut Findings<'a>) {
    port(one, "port", found);
    let Some(end) = int(one, "endPort") else { return };
    match int(one, "port") {
        Some(first) if end < first => {
            found.key_error(one, "endPort", "range", format!("{end} is less than port, which is {first}"));
        }
        Some(_) => within(one, "endPort", &PORTS, found),
        None => found.key_error(one, "endPort", "forbidden", "endPort needs a port that is a number"),
    }
}

fn peer<'a>(peer: &'a Value, found: &mut Findings<'a>) {
    let selectors = ["podSelector", "namespaceSelector"].map(|key| field(peer, key));
    let block = field(peer, "ipBlock");
    selectors.iter().flatten().for_each(|selector| label_selector(selector, found));
    match (block, selectors.iter().flatten().next()) {
        (None, None) => found.error(peer, "required", "a peer needs a selector or an ipBlock"),
        (Some(_), Some(_)) => found.error(peer, "exclusive", "an ipBlock stands alone"),
        (Some(block), None) => ip_block(block, found),
        (None, Some(_)) => {}
    }
}

fn ip_block<'a>(block: &'a Value, found: &mut Findings<'a>) {
    let Some(value) = field(block, "cidr") else { return };
    let outer = match value.as_str().filter(|text| !text.is_empty()).map(cidr) {
        Some(Ok(outer)) => outer,
        Some(Err(complaint)) => return found.error(value, "cidr", complaint),
        None => return,
    };
    for except in items(block, "except") {
        match except.as_str().map(cidr) {
            Some(Ok(inner)) if !outer.contains(inner) => {
                found.error(except, "cidr", format!("{inner} is not a part of {outer}"));
            }
            Some(Err(complaint)) => found.error(except, "cidr", complaint),
            _ => {}
        }
    }
}

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cidr {
    address: IpAddr,
    bits: u32,
}

impl Cidr {
    /// Returns whether another range is a smaller part of this one.
    fn contains(self, other: Self) -> bool {
        let same_family = self.address.is_ipv4() == other.address.is_ipv4();
        same_family
            && self.bits < other.bits
            && prefix(other.address, self.bits) == prefix(self.address, self.bits)
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// The first bits of an address, the others zero.
fn prefix(address: IpAddr, bits: u32) -> u128 {
    let (value, width) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    value.checked_shr(width - bits.min(width)).unwrap_or(0)
}

/// Reads a range whose address has no bits beyond the prefix.
pub(crate) fn cidr(text: &str) -> Result<Cidr, String> {
    let parsed = text.split_once('/').and_then(|(address, bits)| {
        let is_plain =
            bits.bytes().all(|byte| byte.is_ascii_digit()) && (bits == "0" || !bits.starts_with('0'));
        let address: IpAddr = address.parse().ok()?;
        let bits: u32 = bits.parse().ok().filter(|_| is_plain)?;
        (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some(Cidr { address, bits })
    });
    let Some(range) = parsed else { return Err(format!("{text:?} is not a range such as 10.9.8.0/24")) };
    let width = if range.address.is_ipv4() { 32 } else { 128 };
    let whole = prefix(range.address, width);
    let shift = width - range.bits;
    let is_canonical = shift == 0 || whole.checked_shl(128 - shift).unwrap_or(0) == 0 || range.bits == width;
    if is_canonical { Ok(range) } else { Err(format!("{text:?} has bits set beyond its prefix")) }
}

#[cfg(test)]
mod tests {
    use super::cidr;

    #[test]
    fn ranges() {
        for good in ["10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "::/0", "2001:db8::/64", "::1/128"] {
            assert_eq!(cidr(good).unwrap().to_string(), good);
        }
        for bad in
            ["10.0.0.0", "10.0.0.1/8", "010.0.0.0/8", "10.0.0.0/08", "10.0.0.0/33", "a/8", "2001:db8::1/64"]
        {
            assert!(cidr(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_part_is_smaller() {
        let outer = cidr("10.0.0.0/8").unwrap();
        assert!(outer.contains(cidr("10.1.0.0/16").unwrap()));
        for other in ["10.0.0.0/8", "11.0.0.0/16", "::/16", "0.0.0.0/0"] {
            assert!(!outer.contains(cidr(other).unwrap()), "{other}");
        }
    }
}
