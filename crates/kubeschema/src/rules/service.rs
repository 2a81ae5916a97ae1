//! Services and what is behind them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use goyaml::Value;

use super::common::{PORTS, forbidden, ip, named, one_of, port, required, within};
use super::network::cidr;
use crate::finding::Findings;
use crate::names;
use crate::view::{entries, field, filled, int, is_blank, items, text};

/// Checks a Service.
pub(crate) fn service<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    let kind = filled(spec, "type").unwrap_or("ClusterIP");
    let is_headless = text(spec, "clusterIP") == Some("None") || has_none(items(spec, "clusterIPs"));
    super::metadata::check_labels(spec, "selector", found);
    let ports = items(spec, "ports");
    if ports.is_empty() && !is_headless && kind != "ExternalName" {
        found.key_error(spec, "ports", "required", "a service needs a port, unless it is headless");
    }
    check_ports(ports, kind, found);
    if kind == "ExternalName" {
        external_name(spec, found);
    }
    cluster_ips(spec, kind, found);
    exposure(spec, kind, found);
    families(spec, found);
    one_of(spec, "trafficDistribution", &["PreferClose", "PreferSameZone", "PreferSameNode"], found);
    let session = field(spec, "sessionAffinityConfig").and_then(|config| field(config, "clientIP"));
    if let Some(client) = session.filter(|_| text(spec, "sessionAffinity") == Some("ClientIP")) {
        within(client, "timeoutSeconds", &(1..=86400), found);
    }
}

fn has_none(addresses: &[Value]) -> bool {
    addresses.iter().any(|address| address.as_str() == Some("None"))
}

fn check_ports<'a>(ports: &'a [Value], kind: &str, found: &mut Findings<'a>) {
    let (mut seen, mut node_ports) = (BTreeSet::new(), BTreeSet::new());
    for one in ports {
        if ports.len() > 1 {
            required(one, &["name"], found);
        }
        let node_port = int(one, "nodePort").filter(|port| *port != 0);
        let node_port = node_port.map(|port| (filled(one, "protocol").unwrap_or("TCP"), port));
        if node_port.is_some_and(|port| !node_ports.insert(port)) {
            found.key_error(one, "nodePort", "duplicate", "another port has the same nodePort and protocol");
        }
        named(one, "name", names::dns_label, found);
        if let Some(name) = filled(one, "name").filter(|name| !seen.insert(*name)) {
            found.key_error(one, "name", "duplicate", format!("another port is named {name:?}"));
        }
        within(one, "port", &PORTS, found);
        // 0 or nothing is what a missing port is, and the port itself is taken then; "0" is a bad name.
        if int(one, "targetPort") != Some(0) && text(one, "targetPort") != Some("") {
            port(one, "targetPort", found);
        }
        named(one, "appProtocol", names::qualified_name, found);
        if kind == "ClusterIP" && int(one, "nodePort").is_some_and(|number| number != 0) {
            let message = "nodePort needs type NodePort or LoadBalancer";
            found.key_error(one, "nodePort", "forbidden", message);
        }
    }
}

fn external_name<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    required(spec, &["externalName"], found);
    let Some(name) = filled(spec, "externalName") else { return };
    if let Some(complaint) = names::dns_subdomain(name.strip_suffix('.').unwrap_or(name)) {
        found.key_error(spec, "externalName", "name", format!("{name:?}: {complaint}"));
    }
    for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if !is_blank(field(spec, key)) {
            found.key_error(spec, key, "forbidden", "an external name has no address");
        }
    }
}

fn cluster_ips<'a>(spec: &'a Value, kind: &str, found: &mut Findings<'a>) {
    let one = field(spec, "clusterIP").filter(|address| address.as_str() != Some(""));
    if kind != "ExternalName" {
        several_ips(spec, one, found);
    }
    for address in one.into_iter().chain(items(spec, "clusterIPs")) {
        if address.as_str() != Some("None") {
            ip(address, found);
        } else if ["NodePort", "LoadBalancer"].contains(&kind) {
            found.error(address, "forbidden", format!("a {kind} needs an address"));
        }
    }
    for address in items(spec, "externalIPs") {
        ip(address, found);
        if let Some(Ok(parsed)) = address.as_str().map(str::parse::<IpAddr>)
            && let Some(place) = reserved(parsed)
        {
            found.error(address, "ip", format!("{parsed} is {place}"));
        }
    }
}

/// `clusterIPs` repeats the one address, and may have another one of the other family.
fn several_ips<'a>(spec: &'a Value, one: Option<&Value>, found: &mut Findings<'a>) {
    let all = items(spec, "clusterIPs");
    let Some(first) = all.first() else { return };
    if one.is_none_or(|one| one != first) {
        found.key_error(spec, "clusterIPs", "exclusive", "its first address has to be clusterIP as well");
    }
    let parsed: Vec<IpAddr> =
        all.iter().filter_map(|address| address.as_str().and_then(|text| text.parse().ok())).collect();
    let families: BTreeSet<bool> = parsed.iter().map(IpAddr::is_ipv4).collect();
    if all.len() > 1 && has_none(all) {
        found.key_error(spec, "clusterIPs", "exclusive", "None stands alone");
    } else if all.len() > 2 || parsed.len() == all.len() && families.len() < all.len() {
        found.key_error(spec, "clusterIPs", "exclusive", "there is one address for each family at most");
    }
    for (address, family) in
        parsed.iter().zip(items(spec, "ipFamilies")).filter(|_| parsed.len() == all.len())
    {
        let is_of = match family.as_str() {
            Some("IPv4") => address.is_ipv4(),
            Some("IPv6") => address.is_ipv6(),
            _ => true,
        };
        if !is_of {
            found.error(family, "exclusive", format!("{address} is in its place, and is of another family"));
        }
    }
}

/// Says why an address is none that others could reach.
fn reserved(address: IpAddr) -> Option<&'static str> {
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.segments()[0] & 0xffc0 == 0xfe80,
    };
    match address {
        _ if address.is_unspecified() => Some("no address"),
        _ if address.is_loopback() => Some("in the loopback range"),
        _ if is_link_local => Some("in the link-local range"),
        _ if address.is_multicast() => Some("in the multicast range"),
        _ => None,
    }
}

fn exposure<'a>(spec: &'a Value, kind: &str, found: &mut Findings<'a>) {
    if kind != "LoadBalancer" {
        let reason = "it needs type LoadBalancer";
        forbidden(spec, &["allocateLoadBalancerNodePorts", "loadBalancerClass"], reason, found);
        if !items(spec, "loadBalancerSourceRanges").is_empty() {
            forbidden(spec, &["loadBalancerSourceRanges"], reason, found);
        }
    }
    named(spec, "loadBalancerClass", names::qualified_name, found);
    for range in items(spec, "loadBalancerSourceRanges") {
        if let Some(complaint) = range.as_str().and_then(|text| cidr(text.trim()).err()) {
            found.error(range, "cidr", complaint);
        }
    }
    let policy = filled(spec, "externalTrafficPolicy");
    let is_external = ["NodePort", "LoadBalancer"].contains(&kind) || !items(spec, "externalIPs").is_empty();
    if policy.is_some() && !is_external {
        let message = "it is for services that are reached from outside";
        found.key_error(spec, "externalTrafficPolicy", "forbidden", message);
    }
    let has_check = int(spec, "healthCheckNodePort").is_some_and(|number| number != 0);
    if has_check && !(kind == "LoadBalancer" && policy == Some("Local")) {
        let message = "it needs type LoadBalancer and externalTrafficPolicy: Local";
        found.key_error(spec, "healthCheckNodePort", "forbidden", message);
    }
}

fn families<'a>(spec: &'a Value, found: &mut Findings<'a>) {
    let families = items(spec, "ipFamilies");
    if families.len() > 1 && matches!(filled(spec, "ipFamilyPolicy"), None | Some("SingleStack")) {
        let message = "two families need ipFamilyPolicy PreferDualStack or RequireDualStack";
        found.key_error(spec, "ipFamilyPolicy", "exclusive", message);
    }
    let distinct: BTreeSet<_> = families.iter().filter_map(Value::as_str).collect();
    if distinct.len() < families.len() {
        found.key_error(spec, "ipFamilies", "duplicate", "a family is in the list twice");
    }
}

/// Checks that a Service has a spec, and annotations that stand for fields.
pub(crate) fn whole<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    const RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
    if field(resource, "spec").is_none() {
        found.key_error(resource, "spec", "required", "a service needs a port");
    }
    let Some(metadata) = field(resource, "metadata") else { return };
    let is_set =
        field(resource, "spec").is_some_and(|spec| !items(spec, "loadBalancerSourceRanges").is_empty());
    let kind = field(resource, "spec").and_then(|spec| filled(spec, "type"));
    for (name, value) in entries(metadata, "annotations").filter(|(name, _)| *name == RANGES && !is_set) {
        if kind != Some("LoadBalancer") {
            found.error(value, "forbidden", format!("{name} needs type LoadBalancer"));
        }
        let ranges = value.as_str().unwrap_or_default().split(',').map(str::trim);
        for complaint in ranges.filter(|range| !range.is_empty()).filter_map(|range| cidr(range).err()) {
            found.error(value, "cidr", format!("{name}: {complaint}"));
        }
    }
}

/// Checks Endpoints.
pub(crate) fn endpoints<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    for subset in items(resource, "subsets") {
        let addresses = || ["addresses", "notReadyAddresses"].into_iter().flat_map(|key| items(subset, key));
        if addresses().next().is_none() {
            found.error(subset, "required", "a subset needs addresses or notReadyAddresses");
        }
        for address in addresses() {
            endpoint_ip(field(address, "ip"), found);
            named(address, "hostname", names::dns_label, found);
        }
        endpoint_ports(items(subset, "ports"), true, found);
    }
}

fn endpoint_ip<'a>(address: Option<&'a Value>, found: &mut Findings<'a>) {
    let Some(address) = address else { return };
    ip(address, found);
    if let Some(Ok(parsed)) = address.as_str().map(str::parse::<IpAddr>)
        && let Some(place) = reserved(parsed)
    {
        found.error(address, "ip", format!("{parsed} is {place}"));
    }
}

fn endpoint_ports<'a>(ports: &'a [Value], needs_port: bool, found: &mut Findings<'a>) {
    let mut seen = BTreeSet::new();
    for one in ports {
        if needs_port && ports.len() > 1 {
            required(one, &["name"], found);
        }
        if needs_port && (one.is_null() || one.get("port").is_some_and(Value::is_null)) {
            found.key_error(one, "port", "required", "null counts as 0, which is no port");
        }
        named(one, "name", names::dns_label, found);
        let name = text(one, "name").unwrap_or_default();
        if !needs_port && !seen.insert(name) {
            found.key_error(one, "name", "duplicate", format!("another port is named {name:?}"));
        }
        if needs_port {
            within(one, "port", &PORTS, found);
        }
        named(one, "appProtocol", names::qualified_name, found);
    }
}

/// Checks an EndpointSlice.
pub(crate) fn endpoint_slice<'a>(resource: &'a Value, found: &mut Findings<'a>) {
    let kind = text(resource, "addressType").unwrap_or_default();
    for endpoint in items(resource, "endpoints") {
        for address in items(endpoint, "addresses") {
            let Some(text) = address.as_str() else { continue };
            let parsed = text.parse::<IpAddr>().ok();
            let is_fine = match kind {
                "IPv4" => parsed.is_some_and(|address| address.is_ipv4()),
                "IPv6" => parsed.is_some_and(|address| address.is_ipv6()),
                "FQDN" => names::dns_subdomain(text).is_none(),
                _ => true,
            };
            if !is_fine {
                found.error(address, "ip", format!("{text:?} is not of addressType {kind}"));
            } else if let Some(place) = parsed.and_then(reserved) {
                found.error(address, "ip", format!("{text} is {place}"));
            }
        }
        named(endpoint, "hostname", names::dns_label, found);
        named(endpoint, "nodeName", names::dns_subdomain, found);
        zones(endpoint, found);
    }
    endpoint_ports(items(resource, "ports"), false, found);
}

fn zones<'a>(endpoint: &'a Value, found: &mut Findings<'a>) {
    let Some(hints) = field(endpoint, "hints") else { return };
    let mut seen = BTreeSet::new();
    for zone in items(hints, "forZones") {
        if let Some(name) = filled(zone, "name").filter(|name| !seen.insert(*name)) {
            found.key_error(zone, "name", "duplicate", format!("zone {name:?} is in the list twice"));
        }
    }
}
