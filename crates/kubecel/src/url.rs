//! Addresses in the web, cut into parts as Go's `net/url` does it.

/// An address: of the web with a host, or a path alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Url {
    pub(crate) scheme: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: String,
}

impl Url {
    /// Reads an absolute address, or an absolute path.
    pub(crate) fn parse(text: &str) -> Option<Url> {
        if text.is_empty() || text.chars().any(|c| c.is_ascii_control()) {
            return None;
        }
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
            _ if text.starts_with('/') => (String::new(), text),
            _ => return None,
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        if !scheme.is_empty() && !rest.starts_with('/') {
            // As in `mailto:a@b`.
            return Some(Url { scheme, host: String::new(), path: String::new(), query: query.to_owned() });
        }
        let (host, path) = match rest.strip_prefix("//").filter(|_| !scheme.is_empty()) {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None => ("", rest),
        };
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        (is_host(host) && has_whole_escapes(path)).then(|| Url {
            scheme,
            host: host.to_owned(),
            path: escaped(path),
            query: query.to_owned(),
        })
    }

    /// Returns the host without its port and brackets.
    pub(crate) fn hostname(&self) -> &str {
        let host = self.split_port().0;
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// Returns the port, or nothing.
    pub(crate) fn port(&self) -> &str {
        self.split_port().1
    }

    fn split_port(&self) -> (&str, &str) {
        match self.host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !port.contains(']') => {
                (host, port)
            }
            _ => (&self.host, ""),
        }
    }

    /// Returns the parameters of the query, each with a value.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let parts = self.query.split('&').filter(|part| !part.is_empty() && !part.contains(';'));
        let pairs = parts.map(|part| part.split_once('=').unwrap_or((part, "")));
        pairs.filter_map(|(key, value)| Some((unescaped(key)?, unescaped(value)?))).collect()
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_host(host: &str) -> bool {
    if let Some(rest) = host.strip_prefix('[') {
        let Some((_, port)) = rest.split_once(']') else { return false };
        return is_port(port);
    }
    let (name, port) = match host.rfind(':') {
        Some(at) => host.split_at(at),
        None => (host, ""),
    };
    is_port(port) && !name.contains([':', ' ', '"', '<', '>', '\\', '^', '`', '{', '}', '|', '%', '[', ']'])
}

/// An empty text is one, and so is a colon alone.
fn is_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn has_whole_escapes(text: &str) -> bool {
    unescaped(text).is_some()
}

fn unescaped(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                out.push(u8::from_str_radix(digits, 16).ok()?);
            }
            b'+' => out.push(b' '),
            other => out.push(other),
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@%!'()*[]".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}
