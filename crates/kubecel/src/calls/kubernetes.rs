//! What Kubernetes adds: addresses, quantities, versions and formats of texts.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use super::{Called, done, list_of, wrong};
use crate::url::Url;
use crate::value::{Key, Map, Value, parse_timestamp};

const BILLION: i128 = 1_000_000_000;

pub(super) fn call(name: &str, args: &[Value]) -> Called {
    match args {
        [Value::String(text)] => of_text(name, text, false),
        [Value::String(text), Value::Bool(lenient)] if name.ends_with("emver") => {
            of_text(name, text, *lenient)
        }
        [] => Ok(name.strip_prefix("format.").and_then(format_named).map(Value::Format)),
        [Value::Url(url)] => Ok(of_url(name, url)),
        [Value::Ip(address)] => Ok(of_ip(name, *address)),
        [Value::Cidr(address, bits), rest @ ..] => of_cidr(name, (*address, *bits), rest),
        [Value::Quantity(nanos), rest @ ..] => of_quantity(name, *nanos, rest),
        [Value::Semver(version), rest @ ..] => Ok(of_semver(name, version, rest)),
        [Value::Format(format), Value::String(text)] if name == "validate" => {
            done(match complaint(format, text) {
                Some(complaint) => Value::some(list_of([complaint])),
                None => Value::Optional(None),
            })
        }
        _ => Ok(None),
    }
}

fn of_text(name: &str, text: &str, lenient: bool) -> Called {
    let none = || wrong(format!("{text:?} is no {name}"));
    let value = match name {
        "url" => Value::Url(Rc::new(Url::parse(text).ok_or_else(none)?)),
        "isURL" => Value::Bool(Url::parse(text).is_some()),
        "ip" => Value::Ip(ip(text).ok_or_else(none)?),
        "isIP" => Value::Bool(ip(text).is_some()),
        "ip.isCanonical" => Value::Bool(ip(text).ok_or_else(none)?.to_string() == text),
        "cidr" => cidr(text).map(|(address, bits)| Value::Cidr(address, bits)).ok_or_else(none)?,
        "isCIDR" => Value::Bool(cidr(text).is_some()),
        "quantity" => Value::Quantity(quantity(text).ok_or_else(none)?),
        "isQuantity" => Value::Bool(quantity(text).is_some()),
        "semver" => Value::Semver(Rc::new(semver_of(text, lenient).ok_or_else(none)?)),
        "isSemver" => Value::Bool(semver_of(text, lenient).is_some()),
        "format.named" => Value::Optional(format_named(text).map(|name| Rc::new(Value::Format(name)))),
        _ => return Ok(None),
    };
    done(value)
}

fn of_url(name: &str, url: &Url) -> Option<Value> {
    Some(match name {
        "getScheme" => Value::text(&url.scheme),
        "getHost" => Value::text(&url.host),
        "getHostname" => Value::text(url.hostname()),
        "getPort" => Value::text(url.port()),
        "getEscapedPath" => Value::text(&url.path),
        "getQuery" => {
            let mut query: Map = Map::new();
            for (key, value) in url.parameters() {
                let all =
                    query.entry(Key::String(key.as_str().into())).or_insert_with(|| Value::list(Vec::new()));
                if let Value::List(items) = all {
                    Rc::make_mut(items).push(Value::text(&value));
                }
            }
            Value::map(query)
        }
        _ => return None,
    })
}

/// Reads an address; what maps one of version 4 into one of version 6 is none.
fn ip(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    match address {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => None,
        address => Some(address),
    }
}

fn of_ip(name: &str, address: IpAddr) -> Option<Value> {
    Some(Value::Bool(match (name, address) {
        ("family", IpAddr::V4(_)) => return Some(Value::Int(4)),
        ("family", IpAddr::V6(_)) => return Some(Value::Int(6)),
        ("isUnspecified", address) => address.is_unspecified(),
        ("isLoopback", address) => address.is_loopback(),
        ("isLinkLocalMulticast", IpAddr::V4(address)) => address.octets()[..3] == [224, 0, 0],
        ("isLinkLocalMulticast", IpAddr::V6(address)) => address.segments()[0] & 0xff0f == 0xff02,
        ("isLinkLocalUnicast", IpAddr::V4(address)) => address.is_link_local(),
        ("isLinkLocalUnicast", IpAddr::V6(address)) => address.is_unicast_link_local(),
        ("isGlobalUnicast", IpAddr::V4(address)) => {
            !(address.is_unspecified()
                || address.is_loopback()
                || address.is_multicast()
                || address.is_link_local()
                || address.is_broadcast())
        }
        ("isGlobalUnicast", IpAddr::V6(address)) => {
            !(address.is_unspecified()
                || address.is_loopback()
                || address.is_multicast()
                || address.is_unicast_link_local())
        }
        _ => return None,
    }))
}

fn cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = text.split_once('/')?;
    let address = ip(address)?;
    let is_plain = bits == "0" || (!bits.starts_with('0') && bits.bytes().all(|byte| byte.is_ascii_digit()));
    let bits: u8 = bits.parse().ok().filter(|_| is_plain)?;
    (bits <= width(address)).then_some((address, bits))
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Returns the address with all but its first bits cleared.
fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(address) & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(address) & mask))
        }
    }
}

fn of_cidr(name: &str, (address, bits): (IpAddr, u8), args: &[Value]) -> Called {
    let holds =
        |other: IpAddr| other.is_ipv4() == address.is_ipv4() && masked(other, bits) == masked(address, bits);
    let value = match (name, args) {
        ("ip", []) => Value::Ip(address),
        ("prefixLength", []) => Value::Int(bits.into()),
        ("masked", []) => Value::Cidr(masked(address, bits), bits),
        ("string", []) => Value::String(format!("{address}/{bits}").into()),
        ("containsIP", [Value::Ip(other)]) => Value::Bool(holds(*other)),
        ("containsIP", [Value::String(text)]) => {
            Value::Bool(holds(ip(text).ok_or_else(|| wrong(format!("{text:?} is no ip")))?))
        }
        ("containsCIDR", [Value::Cidr(other, length)]) => Value::Bool(holds(*other) && *length >= bits),
        ("containsCIDR", [Value::String(text)]) => {
            let (other, length) = cidr(text).ok_or_else(|| wrong(format!("{text:?} is no cidr")))?;
            Value::Bool(holds(other) && length >= bits)
        }
        _ => return Ok(None),
    };
    done(value)
}

/// Reads a quantity as resources have it, in billionths; rounded up, as the server does.
fn quantity(text: &str) -> Option<i128> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !"+-.".contains(c)).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (is_negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let (factor, divisor) = scale(suffix)?;
    let places = fraction.get(..fraction.len().min(18)).unwrap_or_default();
    let mantissa: i128 = format!("{whole}{places}").parse().ok()?;
    let unit = 10i128.checked_pow(u32::try_from(places.len()).ok()?)?.checked_mul(divisor)?;
    let scaled = mantissa.checked_mul(factor)?;
    let nanos = match scaled.checked_mul(BILLION) {
        Some(all) => all.checked_add(unit - 1)? / unit,
        None => (scaled / unit).checked_mul(BILLION)?,
    };
    Some(if is_negative { -nanos } else { nanos })
}

/// Returns what a suffix multiplies and divides by.
fn scale(suffix: &str) -> Option<(i128, i128)> {
    let binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].iter().position(|known| *known == suffix);
    if let Some(power) = binary {
        return Some((1 << (10 * power), 1));
    }
    let decimal = ["", "k", "M", "G", "T", "P", "E"].iter().position(|known| *known == suffix);
    let small = ["", "m", "u", "n"].iter().position(|known| *known == suffix);
    let (power, is_small) = match (decimal, small, suffix.strip_prefix(['e', 'E'])) {
        (Some(power), ..) => (3 * power, false),
        (_, Some(power), _) => (3 * power, true),
        (.., Some(exponent)) => {
            let exponent: i8 = exponent.parse().ok()?;
            (usize::from(exponent.unsigned_abs()), exponent < 0)
        }
        _ => return None,
    };
    let power = 10i128.checked_pow(u32::try_from(power).ok()?)?;
    Some(if is_small { (1, power) } else { (power, 1) })
}

fn of_quantity(name: &str, nanos: i128, args: &[Value]) -> Called {
    let number = |value: &Value| match value {
        Value::Quantity(nanos) => Some(*nanos),
        Value::Int(number) => i128::from(*number).checked_mul(BILLION),
        _ => None,
    };
    let other = match args {
        [] => None,
        [other] => number(other),
        _ => return Ok(None),
    };
    let made =
        |nanos: Option<i128>| nanos.map(Value::Quantity).ok_or_else(|| wrong("the quantity does not fit"));
    let whole = i64::try_from(nanos / BILLION).ok().filter(|_| nanos % BILLION == 0);
    let value = match (name, other) {
        ("sign", None) => Value::Int(nanos.signum() as i64),
        ("isInteger", None) => Value::Bool(whole.is_some()),
        ("asInteger", None) => Value::Int(whole.ok_or_else(|| wrong("the quantity is no integer"))?),
        ("asApproximateFloat", None) => Value::Double(nanos as f64 / BILLION as f64),
        ("add", Some(other)) => made(nanos.checked_add(other))?,
        ("sub", Some(other)) => made(nanos.checked_sub(other))?,
        ("isGreaterThan", Some(other)) => Value::Bool(nanos > other),
        ("isLessThan", Some(other)) => Value::Bool(nanos < other),
        ("compareTo", Some(other)) => compared(nanos.cmp(&other)),
        _ => return Ok(None),
    };
    done(value)
}

fn compared(order: Ordering) -> Value {
    Value::Int(order as i64)
}

/// Reads a version; a lenient reader takes `v1.2` as well.
fn semver_of(text: &str, lenient: bool) -> Option<semver::Version> {
    if !lenient {
        return semver::Version::parse(text).ok();
    }
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let mut parts: Vec<&str> = text[..end].split('.').collect();
    parts.resize(parts.len().max(3), "0");
    let parts = parts.iter().map(|part| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0",
        trimmed => trimmed,
    });
    let numbers: Vec<&str> = parts.collect();
    semver::Version::parse(&format!("{}{}", numbers.join("."), &text[end..])).ok()
}

fn of_semver(name: &str, version: &semver::Version, args: &[Value]) -> Option<Value> {
    let number = |number: u64| Some(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)));
    let order = || match args {
        [Value::Semver(other)] => Some(version.cmp_precedence(other)),
        _ => None,
    };
    match (name, args) {
        ("major", []) => number(version.major),
        ("minor", []) => number(version.minor),
        ("patch", []) => number(version.patch),
        ("isGreaterThan", _) => Some(Value::Bool(order()? == Ordering::Greater)),
        ("isLessThan", _) => Some(Value::Bool(order()? == Ordering::Less)),
        ("compareTo", _) => Some(compared(order()?)),
        _ => None,
    }
}

const FORMATS: [&str; 13] = [
    "dns1123Label",
    "dns1123Subdomain",
    "dns1035Label",
    "qualifiedName",
    "dns1123LabelPrefix",
    "dns1123SubdomainPrefix",
    "dns1035LabelPrefix",
    "labelValue",
    "uri",
    "uuid",
    "byte",
    "date",
    "datetime",
];

fn format_named(name: &str) -> Option<&'static str> {
    FORMATS.into_iter().find(|known| *known == name)
}

/// Says what keeps a text from being of a format.
fn complaint(format: &str, text: &str) -> Option<&'static str> {
    // A prefix may end in a dash, because something follows it.
    let (format, text) = match format.strip_suffix("Prefix") {
        Some(format) => (format, text.strip_suffix('-').unwrap_or(text)),
        None => (format, text),
    };
    let (fits, complaint) = match format {
        "dns1123Label" => (is_label(text), "it is no label of a domain"),
        "dns1123Subdomain" => {
            (text.len() <= 253 && text.split('.').all(is_subdomain_part), "it is no domain")
        }
        "dns1035Label" => {
            (is_label(text) && !text.starts_with(|c: char| c.is_ascii_digit()), "it is no label of a domain")
        }
        "qualifiedName" => (is_qualified(text), "it is no name with an optional domain before it"),
        "labelValue" => (text.is_empty() || is_name(text), "it is no value of a label"),
        "uri" => (Url::parse(text).is_some(), "it is no absolute URI or path"),
        "uuid" => (is_uuid(text), "it is no UUID"),
        "byte" => (is_base64(text), "it is not base64"),
        "date" => {
            (text.len() == 10 && parse_timestamp(&format!("{text}T00:00:00Z")).is_some(), "it is no date")
        }
        _ => (parse_timestamp(text).is_some(), "it is no date and time"),
    };
    (!fits).then_some(complaint)
}

fn is_subdomain_part(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().all(|byte| is_inner(byte) || byte == b'-')
        && text.bytes().next().is_some_and(is_inner)
        && text.bytes().last().is_some_and(is_inner)
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_subdomain_part(text)
}

fn is_name(text: &str) -> bool {
    text.len() <= 63
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

fn is_qualified(text: &str) -> bool {
    match text.split_once('/') {
        Some((domain, name)) => {
            domain.len() <= 253 && domain.split('.').all(is_subdomain_part) && is_name(name)
        }
        None => is_name(text),
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts.iter().all(is_hex) && parts.iter().map(|part| part.len()).eq(lengths)
}

fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - data.len() <= 2
        && data.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunError;

    #[test]
    fn quantities_are_compared_by_what_they_stand_for() {
        assert_eq!(quantity("1Ki"), Some(1024 * BILLION));
        assert_eq!(quantity("0.5"), quantity("500m"));
        assert_eq!(quantity("1e3"), quantity("1k"));
        assert_eq!(quantity("-1n"), Some(-1));
        assert!(quantity("1E").is_some());
        for text in ["", "1kk", "Ki", "1.2.3", "1 Ki", "1ee3"] {
            assert_eq!(quantity(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_hold_addresses_of_their_kind() {
        let holds =
            |range: &str, address: &str| of_cidr("containsIP", cidr(range).unwrap(), &[Value::text(address)]);
        assert_eq!(holds("10.0.0.0/8", "10.1.2.3"), done(Value::Bool(true)));
        assert_eq!(holds("10.0.0.0/8", "11.1.2.3"), done(Value::Bool(false)));
        assert_eq!(holds("::/0", "10.1.2.3"), done(Value::Bool(false)));
        assert_eq!(holds("0.0.0.0/0", "10.1.2.3"), done(Value::Bool(true)));
        assert!(matches!(holds("0.0.0.0/0", "x"), Err(RunError::Values(_))));
        assert_eq!(cidr("10.0.0.0/08"), None);
    }
}
