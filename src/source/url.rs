//! An address without its secrets.
//!
//! People write credentials into addresses. They are needed to ask for the
//! source and must not go anywhere else: not into messages, the lockfile, the
//! cache or a comparison. So an address is split once, where it is read.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use url::Url;

/// An address of a source. It is shown, compared and stored without user and password.
#[derive(Clone)]
pub struct SourceUrl {
    plain: String,
    user: Option<String>,
    password: Option<String>,
    /// The query as it was, if there is a secret in it.
    query: Option<String>,
}

impl SourceUrl {
    /// Splits an address as it is written in a component file.
    pub fn new(text: &str) -> Self {
        let (text, query) = without_secret_query(text);
        let whole = || SourceUrl { plain: text.clone(), user: None, password: None, query: query.clone() };
        let Some((scheme, rest)) = text.split_once("://") else { return whole() };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let Some((secret, host)) = authority.rsplit_once('@') else { return whole() };
        let behind = &rest[authority.len()..];
        let (user, password) = match secret.split_once(':') {
            Some((user, password)) => (user, Some(decode(password))),
            None => (secret, None),
        };
        // The user of an ssh address is part of the place, `git@`, and no secret.
        if scheme == "ssh" || scheme == "git+ssh" {
            let plain = format!("{scheme}://{user}@{host}{behind}");
            return SourceUrl { plain, user: Some(decode(user)), password, query };
        }
        SourceUrl { plain: format!("{scheme}://{host}{behind}"), user: Some(decode(user)), password, query }
    }

    /// Returns the address without user and password.
    pub fn as_str(&self) -> &str {
        &self.plain
    }

    /// Returns the user in the address.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Returns the password in the address. It must not be printed or stored.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// Returns the scheme in lower case; `ssh` for `user@host:path`, none for a path.
    pub fn scheme(&self) -> Option<String> {
        match self.plain.split_once("://") {
            Some((scheme, _)) => Some(scheme.to_ascii_lowercase()),
            None => self.scp().map(|_| "ssh".to_owned()),
        }
    }

    /// Returns the host with its port, in lower case; none for a path.
    pub fn host(&self) -> Option<String> {
        let authority = match self.plain.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("file") => return None,
            Some((_, rest)) => rest.split(['/', '?', '#']).next()?,
            None => self.scp()?,
        };
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        (!host.is_empty()).then(|| host.to_ascii_lowercase())
    }

    /// Returns it as a URL with user and password, to make a request with; none for a path, and for what is none.
    pub(crate) fn to_url(&self) -> Option<Url> {
        let mut url = match self.scp() {
            Some(authority) if !self.plain.contains("://") => {
                Url::parse(&format!("ssh://{authority}/{}", &self.plain[authority.len() + 1..])).ok()?
            }
            _ => Url::parse(&self.plain).ok().filter(Url::has_host)?,
        };
        if let Some(user) = &self.user {
            url.set_username(user).ok()?;
            url.set_password(self.password.as_deref()).ok()?;
        }
        if let Some(query) = &self.query {
            url.set_query(Some(query));
        }
        Some(url)
    }

    /// Returns whether it names an archive: `.tar.gz`, `.tgz` or `.zip`.
    pub(crate) fn is_archive(&self) -> bool {
        self.has_end(&[".tar.gz", ".tgz", ".zip"])
    }

    /// Returns whether it names a manifest.
    pub(crate) fn is_manifest(&self) -> bool {
        self.has_end(&[".yaml", ".yml"])
    }

    fn has_end(&self, ends: &[&str]) -> bool {
        let path = self.plain.split(['?', '#']).next().unwrap_or(&self.plain).to_ascii_lowercase();
        ends.iter().any(|end| path.ends_with(end))
    }

    /// The part before the colon of `user@host:path`, as git takes it: no slash before the first colon.
    fn scp(&self) -> Option<&str> {
        let (authority, _) = self.plain.split_once(':')?;
        let drive = authority.len() == 1;
        (!drive && !authority.is_empty() && !authority.contains(['/', '\\'])).then_some(authority)
    }
}

/// Puts stars in place of the secrets in a query, such as `?token=…`; returns the query as it was, too, if there are any.
fn without_secret_query(text: &str) -> (String, Option<String>) {
    let (whole, fragment) =
        text.split_once('#').map_or((text, ""), |(whole, _)| (whole, &text[whole.len()..]));
    let Some((address, query)) = whole.split_once('?').filter(|(address, _)| address.contains("://")) else {
        return (text.to_owned(), None);
    };
    let shown = |parameter: &str| match parameter.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}=***"),
        _ => parameter.to_owned(),
    };
    let plain = query.split('&').map(shown).collect::<Vec<_>>().join("&");
    let secret = (plain != query).then(|| query.to_owned());
    (format!("{address}?{plain}{fragment}"), secret)
}

/// Whether a parameter of this name lets its owner in, as forges and stores of files call them.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "sig" || ["token", "signature", "password", "secret"].iter().any(|end| name.ends_with(end))
}

/// Replaces `%xx`; what is no such thing stays.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(byte) if bytes[at] == b'%' => {
                decoded.push(byte);
                at += 3;
            }
            _ => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

impl fmt::Display for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.plain)
    }
}

impl fmt::Debug for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.plain)
    }
}

impl PartialEq for SourceUrl {
    fn eq(&self, other: &Self) -> bool {
        self.plain == other.plain
    }
}

impl Eq for SourceUrl {}

impl PartialOrd for SourceUrl {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SourceUrl {
    fn cmp(&self, other: &Self) -> Ordering {
        self.plain.cmp(&other.plain)
    }
}

impl Hash for SourceUrl {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.plain.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, plain: &str, user: Option<&str>, password: Option<&str>) {
        let url = SourceUrl::new(text);
        assert_eq!((url.as_str(), url.user(), url.password()), (plain, user, password), "{text}");
        assert_eq!((format!("{url}"), format!("{url:?}")), (plain.to_owned(), format!("{plain:?}")));
    }

    #[test]
    fn secrets_are_split_off() {
        check("https://me:s%40cret@h.example/a@b", "https://h.example/a@b", Some("me"), Some("s@cret"));
        check("https://t0ken@h.example:8443/x", "https://h.example:8443/x", Some("t0ken"), None);
        check("https://h.example/x", "https://h.example/x", None, None);
        check("https://a@b:pw@h.example", "https://h.example", Some("a@b"), Some("pw"));
    }

    #[test]
    fn secrets_in_a_query_are_sent_and_not_shown() {
        let text = "https://h.example/x.yaml?ref=v1&private_token=s3cret&sig=a%2Fb#y";
        check(text, "https://h.example/x.yaml?ref=v1&private_token=***&sig=***#y", None, None);
        check_url(text, Some(text));
        check(
            "https://me:pw@h.example/x?X-Amz-Signature=a",
            "https://h.example/x?X-Amz-Signature=***",
            Some("me"),
            Some("pw"),
        );
        check(
            "https://h.example/x?design=a&key=b.yaml",
            "https://h.example/x?design=a&key=b.yaml",
            None,
            None,
        );
    }

    #[test]
    fn the_user_of_an_ssh_address_is_kept() {
        check("ssh://git@h.example/x", "ssh://git@h.example/x", Some("git"), None);
        check("ssh://git:pw@h.example/x", "ssh://git@h.example/x", Some("git"), Some("pw"));
        check("git@h.example:x/y", "git@h.example:x/y", None, None);
    }

    #[track_caller]
    fn check_host(text: &str, scheme: Option<&str>, host: Option<&str>) {
        let url = SourceUrl::new(text);
        assert_eq!((url.scheme().as_deref(), url.host().as_deref()), (scheme, host), "{text}");
    }

    #[test]
    fn scheme_and_host_are_known() {
        check_host("HTTPS://me@H.example:8443/x", Some("https"), Some("h.example:8443"));
        check_host("git@h.example:x/y", Some("ssh"), Some("h.example"));
        check_host("oci://h.example/charts", Some("oci"), Some("h.example"));
        check_host("file:///srv/x", Some("file"), None);
        check_host("../x:y/z", None, None);
        check_host("/srv/x", None, None);
        check_host("C:\\x", None, None);
    }

    #[track_caller]
    fn check_url(text: &str, want: Option<&str>) {
        assert_eq!(SourceUrl::new(text).to_url().as_ref().map(Url::as_str), want, "{text}");
    }

    #[test]
    fn a_request_is_made_with_user_and_password() {
        check_url("https://me:s%40cret@h.example/a", Some("https://me:s%40cret@h.example/a"));
        check_url("git@h.example:x/y", Some("ssh://git@h.example/x/y"));
        check_url("ssh://git@h.example/x", Some("ssh://git@h.example/x"));
        check_url("oci://h.example/charts", Some("oci://h.example/charts"));
        check_url("file:///srv/x", None);
        check_url("../x", None);
    }

    #[test]
    fn an_archive_is_known_by_its_end() {
        assert!(SourceUrl::new("https://h/x.tar.GZ?download=1").is_archive());
        assert!(!SourceUrl::new("https://h/x.yaml").is_archive());
        assert!(SourceUrl::new("https://h/x.yml#a").is_manifest());
    }

    #[test]
    fn secrets_do_not_count_in_comparisons() {
        assert_eq!(SourceUrl::new("https://a:b@h/x"), SourceUrl::new("https://h/x"));
    }
}
