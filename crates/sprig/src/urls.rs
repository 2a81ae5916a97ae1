//! URLs, taken apart and put together as Go's `net/url` does.

use std::net::Ipv6Addr;

use gotmpl::Type::String as Text;
use gotmpl::{CallError, Function, Map, Type, Value, strconv};

use crate::args::{NIL_POINTER, Outcome, bytes, deep, function, map};
use crate::text::{find, runes};

pub(crate) const FUNCTIONS: &[Function] = &[
    function("urlParse", &[Text], Type::MAP, |_, args| parse_to_map(bytes(args, 0))),
    deep(function("urlJoin", &[Type::MAP], Text, |_, args| join(&map(args, 0)).map(Value::str))),
    // Looking up names is left to the network, which templates do not reach.
    function("getHostByName", &[Text], Text, |_, _| Ok(Value::str(""))),
];

/// The parts of a URL, which differ in the characters they take unescaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    Zone,
    UserPassword,
    Fragment,
}

impl Part {
    fn takes(self, byte: u8) -> bool {
        let extra: &[u8] = match self {
            Part::Path => b"$&+,/:;=@",
            Part::Host | Part::Zone => b"!\"$&'()*+,:;<=>[]",
            Part::UserPassword => b"$&+,;=",
            Part::Fragment => b"!$&()*+,/:;=?@",
        };
        byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || extra.contains(&byte)
    }
}

#[derive(Debug, Default)]
struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    user: Option<User>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

#[derive(Debug, Default)]
struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

impl User {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = escape(&self.name, Part::UserPassword);
        if let Some(password) = &self.password {
            out.push(b':');
            out.extend(escape(password, Part::UserPassword));
        }
        out
    }
}

fn parse_to_map(text: &[u8]) -> Outcome {
    let url = parse(text).map_err(|err| CallError::new(format!("unable to parse url: {err}")))?;
    let userinfo = url.user.as_ref().map(User::to_bytes).unwrap_or_default();
    let hostname = hostname(&url.host).to_vec();
    Ok(Value::map([
        ("scheme", Value::str(url.scheme)),
        ("host", Value::str(url.host)),
        ("hostname", Value::str(hostname)),
        ("path", Value::str(url.path)),
        ("query", Value::str(url.query)),
        ("opaque", Value::str(url.opaque)),
        ("fragment", Value::str(url.fragment)),
        ("userinfo", Value::str(userinfo)),
    ]))
}

/// Returns the host without its port, and without the brackets of an IPv6 address.
fn hostname(host: &[u8]) -> &[u8] {
    let colon = host.iter().rposition(|byte| *byte == b':');
    let host = match colon {
        Some(at) if host[at + 1..].iter().all(u8::is_ascii_digit) => &host[..at],
        _ => host,
    };
    host.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(host)
}

fn join(parts: &Map) -> Result<Vec<u8>, CallError> {
    let mut url = Url {
        scheme: part(parts, "scheme")?,
        host: part(parts, "host")?,
        path: part(parts, "path")?,
        query: part(parts, "query")?,
        opaque: part(parts, "opaque")?,
        fragment: part(parts, "fragment")?,
        user: None,
    };
    let userinfo = part(parts, "userinfo")?;
    if !userinfo.is_empty() {
        let probe = [b"proto://", &userinfo[..], b"@host"].concat();
        let parsed = parse(&probe)
            .map_err(|err| CallError::new(format!("unable to parse userinfo in dict: {err}")))?;
        url.user = parsed.user;
    }
    Ok(print(&url))
}

fn part(parts: &Map, key: &str) -> Result<Vec<u8>, CallError> {
    match parts.get(key.as_bytes()) {
        None => Ok(Vec::new()),
        Some(Value::Str(text)) => Ok(text.as_bytes().to_vec()),
        Some(Value::Nil) => Err(CallError::new(NIL_POINTER)),
        Some(other) => Err(CallError::new(format!(
            "unable to parse {key} key, must be of type string, but {} found",
            other.kind().name()
        ))),
    }
}

fn print(url: &Url) -> Vec<u8> {
    let mut out = Vec::new();
    if !url.scheme.is_empty() {
        out.extend_from_slice(&url.scheme);
        out.push(b':');
    }
    if url.opaque.is_empty() {
        print_hierarchy(url, &mut out);
    } else {
        out.extend_from_slice(&url.opaque);
    }
    if !url.query.is_empty() {
        out.push(b'?');
        out.extend_from_slice(&url.query);
    }
    if !url.fragment.is_empty() {
        out.push(b'#');
        out.extend(escape(&url.fragment, Part::Fragment));
    }
    out
}

fn print_hierarchy(url: &Url, out: &mut Vec<u8>) {
    if !url.host.is_empty() || url.user.is_some() || !url.scheme.is_empty() && !url.path.is_empty() {
        out.extend_from_slice(b"//");
    }
    if let Some(user) = &url.user {
        out.extend(user.to_bytes());
        out.push(b'@');
    }
    out.extend(escape(&url.host, Part::Host));
    let path = if url.path == b"*" { url.path.clone() } else { escape(&url.path, Part::Path) };
    if !path.is_empty() && path[0] != b'/' && !url.host.is_empty() {
        out.push(b'/');
    }
    let first = path.split(|byte| *byte == b'/').next().unwrap_or_default();
    if out.is_empty() && first.contains(&b':') {
        out.extend_from_slice(b"./");
    }
    out.extend(path);
}

fn parse(text: &[u8]) -> Result<Url, String> {
    let (front, fragment) = cut_at(text, b"#");
    let context = |text: &[u8], err: String| format!("parse {}: {err}", strconv::quote(text));
    let mut url = parse_front(front).map_err(|err| context(front, err))?;
    url.fragment =
        unescape(fragment.unwrap_or_default(), Part::Fragment).map_err(|err| context(text, err))?;
    Ok(url)
}

fn parse_front(text: &[u8]) -> Result<Url, String> {
    if text.iter().any(u8::is_ascii_control) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let mut url = Url::default();
    if text == b"*" {
        url.path = text.to_vec();
        return Ok(url);
    }
    let (scheme, rest) = split_scheme(text)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (mut rest, query) = cut_at(rest, b"?");
    url.query = query.unwrap_or_default().to_vec();
    if !rest.starts_with(b"/") {
        if !url.scheme.is_empty() {
            url.opaque = rest.to_vec();
            return Ok(url);
        }
        if cut_at(rest, b"/").0.contains(&b':') {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let rooted = !url.scheme.is_empty() || !rest.starts_with(b"///");
    if let Some(after) = rest.strip_prefix(b"//").filter(|_| rooted) {
        let end = after.iter().position(|byte| *byte == b'/').unwrap_or(after.len());
        (url.user, url.host) = parse_authority(&after[..end], &url.scheme)?;
        rest = &after[end..];
    }
    url.path = unescape(rest, Part::Path)?;
    Ok(url)
}

fn split_scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok((b"", text))
}

fn parse_authority(text: &[u8], scheme: &[u8]) -> Result<(Option<User>, Vec<u8>), String> {
    let Some(at) = text.iter().rposition(|byte| *byte == b'@') else {
        return Ok((None, parse_host(text, scheme)?));
    };
    let host = parse_host(&text[at + 1..], scheme)?;
    let userinfo = &text[..at];
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !runes(userinfo).all(|rune| allowed(rune.c)) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let (name, password) = cut_at(userinfo, b":");
    let name = unescape(name, Part::UserPassword)?;
    let password = password.map(|password| unescape(password, Part::UserPassword)).transpose()?;
    Ok((Some(User { name, password }), host))
}

fn parse_host(host: &[u8], scheme: &[u8]) -> Result<Vec<u8>, String> {
    match host.iter().rposition(|byte| *byte == b'[') {
        Some(0) => return parse_literal(host),
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    if let Some(first) = host.iter().position(|byte| *byte == b':') {
        let last = host.iter().rposition(|byte| *byte == b':').unwrap_or(first);
        // Go 1.26 is strict about several colons for these two only.
        let strict = matches!(scheme, b"http" | b"https");
        check_port(&host[if strict { first } else { last }..])?;
    }
    unescape(host, Part::Host)
}

/// Parses `[address%25zone]:port`.
fn parse_literal(host: &[u8]) -> Result<Vec<u8>, String> {
    let close =
        host.iter().rposition(|byte| *byte == b']').ok_or_else(|| "missing ']' in host".to_owned())?;
    let (inner, port) = (&host[1..close], &host[close + 1..]);
    check_port(port)?;
    let zone = find(inner, b"%25").unwrap_or(inner.len());
    let mut name = unescape(&inner[..zone], Part::Host)?;
    name.extend(unescape(&inner[zone..], Part::Zone)?);
    let address = cut_at(&name, b"%").0;
    let parsed = std::str::from_utf8(address).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
    if parsed.is_none() {
        if address.contains(&b'.') && !address.contains(&b':') {
            return Err("invalid IP-literal".to_owned());
        }
        return Err(format!("invalid host: ParseAddr({}): unable to parse IP", strconv::quote(&name)));
    }
    Ok([b"[", &name[..], b"]", &unescape(port, Part::Host)?[..]].concat())
}

fn check_port(port: &[u8]) -> Result<(), String> {
    match port {
        [] => Ok(()),
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Ok(()),
        _ => Err(format!("invalid port {} after host", strconv::quote(port))),
    }
}

fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte != b'%' {
            if matches!(part, Part::Host | Part::Zone) && byte.is_ascii() && !part.takes(byte) {
                return Err(format!("invalid character {} in host name", strconv::quote(&[byte])));
            }
            out.push(byte);
            at += 1;
            continue;
        }
        let escape = &text[at..text.len().min(at + 3)];
        let invalid = || format!("invalid URL escape {}", strconv::quote(escape));
        let value = hex_byte(escape).ok_or_else(invalid)?;
        let percent = escape == b"%25";
        let refused = match part {
            Part::Host => value < 0x80 && !percent,
            Part::Zone => !percent && value != b' ' && !Part::Host.takes(value),
            Part::Path | Part::UserPassword | Part::Fragment => false,
        };
        if refused {
            return Err(invalid());
        }
        out.push(value);
        at += 3;
    }
    Ok(out)
}

fn hex_byte(escape: &[u8]) -> Option<u8> {
    let [b'%', high, low] = escape else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

fn escape(text: &[u8], part: Part) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if part.takes(*byte) {
            out.push(*byte);
        } else {
            out.extend(format!("%{byte:02X}").into_bytes());
        }
    }
    out
}

/// Returns what lies before and after the first separator.
fn cut_at<'a>(text: &'a [u8], separator: &[u8]) -> (&'a [u8], Option<&'a [u8]>) {
    match find(text, separator) {
        Some(at) => (&text[..at], Some(&text[at + separator.len()..])),
        None => (text, None),
    }
}
