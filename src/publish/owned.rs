//! `fab.owned`: which files of a folder `fab` wrote, in the manifest repository
//! beside them.
//!
//! What it lists is replaced or removed by the next publish; anything else stays.
//! It reads as a file of checksums, so that `sha256sum -c fab.owned` tells whether
//! somebody changed one. Its name is none that Flux or Argo CD take for a manifest.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{hold, hydrator};
use crate::source::http::hex;

/// Name of the file, in the folder of an environment.
pub(super) const FILE: &str = "fab.owned";

/// The files that `fab` keeps its books in. Nothing that is rendered has such a name.
pub(super) const BOOKS: [&str; 3] = [FILE, hydrator::FILE, hold::FILE];

const HEADING: &str =
    "# What fab wrote here, with checksums. The next publish replaces it; anything else stays.\n";

/// The files of an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Owned {
    /// The environment.
    pub(super) environment: String,
    /// The repository of the definition; empty if that is not known.
    pub(super) source: String,
    /// The folder of the definition in it; empty for the top.
    pub(super) definition: String,
    /// The SHA-256 of each file in hex, by its path.
    pub(super) files: BTreeMap<String, String>,
}

impl Owned {
    /// Reads the file. A line that says nothing known is passed over: what is not listed is not touched.
    pub(super) fn parse(text: &str) -> Self {
        let mut owned = Owned::default();
        for line in text.lines() {
            if let Some(fact) = line.strip_prefix("# ") {
                match fact.split_once(": ") {
                    Some(("environment", value)) => value.clone_into(&mut owned.environment),
                    Some(("source", value)) => value.clone_into(&mut owned.source),
                    Some(("definition", value)) => value.clone_into(&mut owned.definition),
                    _ => {}
                }
            } else if let Some((digest, path)) = line.split_once("  ")
                && digest.len() == 64
                && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
                && crate::definition::place::stays_inside(path)
                && !BOOKS.contains(&path)
            {
                owned.files.insert(path.to_owned(), digest.to_owned());
            }
        }
        owned
    }

    /// Returns the text of the file.
    pub(super) fn to_text(&self) -> String {
        let mut text = HEADING.to_owned();
        let facts =
            [("environment", &self.environment), ("source", &self.source), ("definition", &self.definition)];
        for (name, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
            text += &format!("# {name}: {value}\n");
        }
        text + &self.lines("")
    }

    /// Returns the lines of the files, with what comes before their paths.
    pub(super) fn lines(&self, above: &str) -> String {
        self.files.iter().map(|(path, digest)| format!("{digest}  {above}{path}\n")).collect()
    }

    /// Returns whether it was written for the same definition, as far as that is known.
    pub(super) fn is_of(&self, source: &str, definition: &str) -> bool {
        let is_known = !self.source.is_empty() && !source.is_empty();
        !is_known || same_repository(&self.source, source) && self.definition == definition
    }
}

/// Returns the SHA-256 of a text in hex.
pub(super) fn sha256(text: &[u8]) -> String {
    hex(&Sha256::digest(text))
}

/// Whether two addresses are of one repository, be it by https or ssh.
pub(super) fn same_repository(one: &str, two: &str) -> bool {
    bare(one) == bare(two)
}

/// Returns host and path of an address, as far as they are the same however the repository is reached.
fn bare(url: &str) -> String {
    let url = url.trim_end_matches('/').trim_end_matches(".git");
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (host, path) = match rest.split_once(if scheme.is_empty() { ':' } else { '/' }) {
        Some((host, path)) if !scheme.is_empty() || !host.contains('/') => (host, path),
        _ => return rest.to_ascii_lowercase(),
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    // That of ssh says nothing about others.
    let host = match (scheme, host.rsplit_once(':')) {
        ("ssh" | "git+ssh", Some((name, _)))
        | ("https", Some((name, "443")))
        | ("http", Some((name, "80"))) => name,
        _ => host,
    };
    let bare = format!("{host}/{}", path.trim_start_matches('/')).to_ascii_lowercase();
    // Azure DevOps has another path for each.
    match bare.strip_prefix("ssh.dev.azure.com/v3/") {
        Some(path) => format!("dev.azure.com/{path}"),
        None if bare.starts_with("dev.azure.com/") => bare.replacen("/_git/", "/", 1),
        None => bare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let owned = Owned {
            environment: "prod".to_owned(),
            source: "https://git.example.com/shop/hld".to_owned(),
            definition: String::new(),
            files: [("a b.yaml".to_owned(), sha256(b"")), ("x/y.yaml".to_owned(), sha256(b"a"))].into(),
        };
        let text = owned.to_text();
        let want = "# What fab wrote here, with checksums. The next publish replaces it; anything else stays.\n# environment: prod\n# source: https://git.example.com/shop/hld\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a b.yaml\nca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  x/y.yaml\n";
        assert_eq!(text, want);
        assert_eq!(Owned::parse(&text), owned);
    }

    #[test]
    fn lines_that_lead_out_are_passed_over() {
        let digest = "0".repeat(64);
        assert_eq!(Owned::parse(&format!("{digest}  ../x\nx\n{digest} y\n")), Owned::default());
    }

    #[test]
    fn what_somebody_did_to_the_file_harms_nothing() {
        let digest = "0".repeat(64);
        let want = [("a.yaml".to_owned(), digest.clone())].into();
        // Line breaks of another system.
        let owned = Owned::parse(&format!("# source: s\r\n{digest}  a.yaml\r\n"));
        assert_eq!((owned.files, owned.source.as_str()), (want, "s"));
        // The list does not list itself, nor a hold that it would end.
        assert_eq!(Owned::parse(&format!("{digest}  fab.owned\n{digest}  fab.hold\n")), Owned::default());
        for text in ["\0\u{fffd}", "# : \n#\n", "  ", &"x".repeat(70), &format!("{digest}  /etc/x\n")] {
            assert_eq!(Owned::parse(text), Owned::default(), "{text:?}");
        }
    }

    #[test]
    fn one_repository_has_several_addresses() {
        let https = "https://git.example.com/shop/hld.git";
        assert!(same_repository(https, "git@git.example.com:shop/hld"));
        assert!(same_repository(https, "ssh://git@Git.example.com/shop/hld/"));
        assert!(same_repository(https, "ssh://git@git.example.com:2222/shop/hld.git"));
        assert!(same_repository(https, "https://bot:pw@git.example.com:443/shop/hld"));
        assert!(!same_repository(https, "https://git.example.com:8443/shop/hld"));
        assert!(!same_repository(https, "https://git.example.com/shop/hld2"));
        let azure = "https://org@dev.azure.com/org/shop/_git/hld";
        assert!(same_repository(azure, "git@ssh.dev.azure.com:v3/org/shop/hld"));
        assert!(same_repository("/srv/git/hld", "/srv/git/hld.git"));
        assert!(!same_repository("/srv/git/hld", "/srv/git/shop"));
    }
}
