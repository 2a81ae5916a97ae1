//! Which hosts and protocols sources may be fetched from.
//!
//! A pattern is the beginning of a URL: `https://charts.example.com`,
//! `https://*.example.com/team/`, `oci://ghcr.io/org`, `ssh://git.example.com`.
//! Without a protocol it is a host, whatever the protocol. A host may begin
//! with `*.`, which stands for one or more names; a path counts by whole names.
//!
//! What a registry says about `oci://` is asked for by https, and so are its
//! tokens: a pattern for `oci://` allows that on its host.
//!
//! Invariant: an empty list allows everything, and every hop of a redirect is
//! checked like a URL of its own. Paths on this machine are always allowed.

use url::Url;

use super::SourceUrl;

/// The sources that are allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allow {
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    scheme: Option<String>,
    host: String,
    port: Option<u16>,
    path: String,
}

/// A pattern that allows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no host: write `https://charts.example.com` or `*.example.com`")]
pub struct AllowError(String);

impl Allow {
    /// Reads a list of patterns.
    pub fn parse<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, AllowError> {
        let patterns = patterns.into_iter().map(Pattern::parse).collect::<Result<_, _>>()?;
        Ok(Self { patterns })
    }

    /// Returns whether this may be fetched.
    pub fn permits(&self, url: &Url) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| pattern.fits(url))
    }

    /// Returns whether a source may be asked for.
    pub fn permits_source(&self, source: &SourceUrl) -> bool {
        source.host().is_none() || source.to_url().is_some_and(|url| self.permits(&url))
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, AllowError> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| AllowError(text.to_owned()))?))
            }
            _ => (authority, None),
        };
        if host.trim_start_matches("*.").is_empty() || host.contains('@') {
            return Err(AllowError(text.to_owned()));
        }
        let path = path.trim_end_matches('/').to_owned();
        Ok(Self { scheme, host: host.to_ascii_lowercase(), port, path })
    }

    fn fits(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let host_fits = match self.host.strip_prefix('*') {
            Some(end) => host.len() > end.len() && host.ends_with(end),
            None => host == self.host,
        };
        let is_registry = self.scheme.as_deref() == Some("oci") && matches!(url.scheme(), "https" | "http");
        let scheme_fits = is_registry || self.scheme.as_ref().is_none_or(|scheme| scheme == url.scheme());
        let port_fits = self.port.map_or_else(
            || self.scheme.is_none() || url.port().is_none(),
            |port| url.port_or_known_default() == Some(port),
        );
        let below = url.path().strip_prefix(self.path.as_str());
        let path_fits = is_registry || below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        host_fits && scheme_fits && port_fits && path_fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &[&str], url: &str, want: bool) {
        let allow = Allow::parse(patterns.iter().copied()).expect("the patterns are fine");
        assert_eq!(allow.permits(&Url::parse(url).expect("a URL")), want, "{patterns:?} {url}");
    }

    #[test]
    fn no_list_allows_everything() {
        check(&[], "http://any.example.org/x", true);
    }

    #[test]
    fn a_pattern_is_the_beginning_of_a_url_by_whole_names() {
        let team = ["https://charts.example.com/team"];
        check(&team, "https://charts.example.com/team/index.yaml", true);
        check(&team, "https://charts.example.com/team", true);
        check(&team, "https://charts.example.com/teams/index.yaml", false);
        check(&team, "http://charts.example.com/team/index.yaml", false);
        check(&team, "https://charts.example.com:8443/team/index.yaml", false);
        check(&team, "https://charts.example.com.evil.org/team/", false);
        check(&team, "https://evil.org/charts.example.com/team/", false);
    }

    #[test]
    fn a_host_counts_for_every_protocol_and_port() {
        check(&["git.example.com"], "ssh://git@git.example.com/x", true);
        check(&["git.example.com"], "https://git.example.com:8443/x", true);
        check(&["git.example.com:8443"], "https://git.example.com/x", false);
    }

    #[test]
    fn a_star_stands_for_names_before_a_domain() {
        check(&["*.example.com"], "https://a.b.example.com/", true);
        check(&["*.example.com"], "https://example.com/", false);
        check(&["*.example.com"], "https://badexample.com/", false);
    }

    #[track_caller]
    fn check_source(patterns: &[&str], source: &str, want: bool) {
        let allow = Allow::parse(patterns.iter().copied()).expect("the patterns are fine");
        assert_eq!(allow.permits_source(&SourceUrl::new(source)), want, "{patterns:?} {source}");
    }

    #[test]
    fn a_source_is_allowed_as_it_is_written() {
        check_source(&["ssh://git.example.com/team"], "git@git.example.com:team/x", true);
        check_source(&["ssh://git.example.com/team"], "git@git.example.com:other/x", false);
        check_source(&["git.example.com"], "https://me:pw@git.example.com/x", true);
        check_source(&["git.example.com"], "../local", true);
        check_source(&["oci://r.example/org"], "oci://r.example/org/web", true);
        check_source(&["oci://r.example/org"], "oci://r.example/other/web", false);
        check(&["oci://r.example/org"], "https://r.example/v2/org/web/tags/list", true);
        check(&["oci://r.example/org"], "https://cdn.example/blob", false);
    }

    #[test]
    fn a_pattern_without_a_host_is_an_error() {
        for text in ["https://", "*.", "", "https://user@host", "host:x"] {
            assert_eq!(Allow::parse([text]), Err(AllowError(text.to_owned())), "{text:?}");
        }
    }
}
