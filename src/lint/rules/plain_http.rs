//! F302: a source that anybody on the way may change.

use super::Rule;
use crate::finding::{Finding, Level};
use crate::lint::subject::Subject;
use crate::source::SourceUrl;

pub(super) const RULE: Rule = Rule {
    code: "F302",
    name: "plain-http",
    level: Some(Level::Warning),
    about: "Sources are asked over a connection that is encrypted",
    help: "Use https, or ssh for git",
    explanation: "What comes over plain http or git may have been changed on the way, and what is sent there, tokens too, may be \
                  read:\n\n    source: http://charts.example.com    # https://charts.example.com\n\nAddresses of this \
                  machine are fine.",
};

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let entries = subject.files.entries.iter().filter(|entry| is_plain(&entry.component.source));
    let finding = |entry: &&crate::definition::Entry| {
        let url = SourceUrl::new(&entry.component.source);
        let message = format!("the source of `{}` is not encrypted: {url}", entry.component.name);
        RULE.finding(message, entry.place_of("source"))
    };
    entries.map(finding).collect()
}

fn is_plain(source: &str) -> bool {
    let Some((scheme, rest)) = source.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or_default() };
    let is_here = matches!(host, "localhost" | "127.0.0.1") || host.starts_with("[::1]");
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("git")) && !is_here
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn other_hosts_need_encryption() {
        for plain in ["http://example.com", "HTTP://u:p@example.com:80/x", "git://example.com/x"] {
            assert!(is_plain(plain), "{plain}");
        }
        for fine in [
            "https://example.com",
            "git@example.com:x/y",
            "../x",
            "http://localhost:8080",
            "http://[::1]:1/",
            "oci://example.com/x",
        ] {
            assert!(!is_plain(fine), "{fine}");
        }
    }
}
