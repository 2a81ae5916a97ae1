//! Which proxy a request goes through.
//!
//! As Go does it for Helm: `HTTP_PROXY` for http, `HTTPS_PROXY` for https, and
//! `NO_PROXY` for hosts that are reached directly, with everything below them;
//! small letters win over capitals. This machine is always reached directly.
//! `ALL_PROXY` stands in for both where they say nothing, as in curl.
//!
//! Invariant: the environment is looked up once, by the function that is given.

use std::net::IpAddr;

use ureq::Proxy;
use url::{Host, Url};

/// The proxies of an environment.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    direct: Vec<String>,
    /// Whether they are for all hosts, this machine too.
    are_for_all: bool,
}

/// A proxy whose URL is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} holds no URL of a proxy")]
pub struct ProxyError(&'static str);

impl Proxies {
    /// Reads the usual environment variables.
    pub fn from_env(env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ProxyError> {
        let set = |name| env(name).filter(|value| !value.trim().is_empty());
        let first = |names: [&'static str; 4]| {
            let found = names.into_iter().find_map(|name| Some((name, set(name)?)));
            found.map(|(name, url)| Proxy::new(url.trim()).map_err(|_| ProxyError(name))).transpose()
        };
        let direct = set("no_proxy").or_else(|| set("NO_PROXY")).unwrap_or_default();
        let entries = direct.split([',', ' ']).filter(|entry| !entry.is_empty());
        Ok(Self {
            http: first(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])?,
            https: first(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            direct: entries.map(str::to_ascii_lowercase).collect(),
            are_for_all: false,
        })
    }

    /// Returns one proxy for everything, which `name` names.
    pub fn only(name: &'static str, url: &str) -> Result<Self, ProxyError> {
        let proxy = Some(Proxy::new(url).map_err(|_| ProxyError(name))?);
        Ok(Self { http: proxy.clone(), https: proxy, direct: Vec::new(), are_for_all: true })
    }

    /// Returns the proxy to reach this by, if any.
    pub fn for_url(&self, url: &Url) -> Option<&Proxy> {
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http };
        let is_direct = || is_this_machine(url) || self.direct.iter().any(|entry| covers(entry, url));
        proxy.as_ref().filter(|_| self.are_for_all || !is_direct())
    }
}

/// Returns whether the URL's host is this machine.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns whether an entry of `NO_PROXY` means this host: a name with all below it, an
/// address, a network such as `10.0.0.0/8`, each with or without a port, or `*`.
fn covers(entry: &str, url: &Url) -> bool {
    let (name, port) = match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, port.parse::<u16>().ok()),
        _ => (entry, None),
    };
    if port.is_some_and(|port| url.port_or_known_default() != Some(port)) {
        return false;
    }
    let host = url.host_str().unwrap_or_default();
    let name = name.strip_prefix('*').unwrap_or(name);
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    match (address, name.split_once('/')) {
        (Ok(address), Some((network, bits))) => is_within(address, network, bits),
        (Ok(address), None) => name.is_empty() || name.trim_matches(['[', ']']).parse() == Ok(address),
        (Err(_), _) => {
            let end = name.strip_prefix('.').unwrap_or(name);
            let below = host.strip_suffix(end);
            below.is_some_and(|below| end.is_empty() || below.is_empty() || below.ends_with('.'))
        }
    }
}

fn is_within(address: IpAddr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    let (a, b, width) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    bits <= width && (a ^ b).checked_shr(width - bits).unwrap_or_default() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(env: &[(&str, &str)]) -> Result<Proxies, ProxyError> {
        Proxies::from_env(&|name| {
            env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[track_caller]
    fn check(env: &[(&str, &str)], url: &str, want: Option<&str>) {
        let proxies = proxies(env).expect("they are fine");
        let used = proxies.for_url(&Url::parse(url).expect("a URL"));
        assert_eq!(used.map(Proxy::host), want, "{env:?} {url}");
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let env = [("http_proxy", "http://plain:3128"), ("HTTPS_PROXY", "http://secure:3128")];
        check(&env, "http://a.example/", Some("plain"));
        check(&env, "https://a.example/", Some("secure"));
        check(&[("ALL_PROXY", "http://both:3128")], "https://a.example/", Some("both"));
        check(&[], "https://a.example/", None);
        check(&[("https_proxy", "")], "https://a.example/", None);
    }

    #[test]
    fn some_hosts_are_reached_directly() {
        let direct = |entry: &'static str| [("all_proxy", "http://p:1"), ("NO_PROXY", entry)];
        check(&direct("x, .corp.example"), "https://git.corp.example/", None);
        check(&direct("corp.example"), "https://git.corp.example/", None);
        check(&direct("corp.example"), "https://corp.example/", None);
        check(&direct("corp.example"), "https://notcorp.example/", Some("p"));
        check(&direct("corp.example"), "https://corp.example.org/", Some("p"));
        check(&direct("*"), "https://a/", None);
        check(&direct("*.example"), "https://a.example/", None);
        check(&direct("a.example:8443"), "https://a.example:8443/", None);
        check(&direct("a.example:8443"), "https://a.example/", Some("p"));
        check(&direct("10.0.0.0/8"), "https://10.1.2.3/", None);
        check(&direct("10.0.0.0/8"), "https://11.1.2.3/", Some("p"));
        check(&direct("0.0.0.0/0"), "https://11.1.2.3/", None);
        check(&direct("fd00::/8"), "https://[fd01::1]/", None);
        check(&direct("10.1.2.3"), "https://10.1.2.3/", None);
    }

    #[test]
    fn this_machine_is_reached_directly() {
        for url in ["http://localhost:5000/", "http://127.0.0.1/", "http://[::1]/", "http://a.localhost/"] {
            check(&[("all_proxy", "http://p:1")], url, None);
        }
    }

    #[test]
    fn one_proxy_can_be_for_everything() {
        let proxies = Proxies::only("x", "http://p:1").expect("it is fine");
        for url in ["http://localhost:5000/", "https://a.example/"] {
            let used = proxies.for_url(&Url::parse(url).expect("a URL"));
            assert_eq!(used.map(Proxy::host), Some("p"), "{url}");
        }
        let error = Proxies::only("`proxy-url`", "gopher://x").expect_err("it is none");
        assert_eq!(error.to_string(), "`proxy-url` holds no URL of a proxy");
    }

    #[test]
    fn a_proxy_that_is_no_url_is_named() {
        let error = proxies(&[("HTTPS_PROXY", "gopher://x")]).expect_err("it is none");
        assert_eq!(error.to_string(), "HTTPS_PROXY holds no URL of a proxy");
    }
}
