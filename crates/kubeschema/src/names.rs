//! Names, labels and keys: what characters they have and how long they are.
//!
//! Each function returns what is wrong with the text, or nothing. The forms are
//! those of `k8s.io/apimachinery/pkg/util/validation`.

/// What is wrong with a text.
pub(crate) type Complaint = &'static str;

fn first_of(checks: &[(bool, Complaint)]) -> Option<Complaint> {
    checks.iter().find(|(is_fine, _)| !is_fine).map(|(_, complaint)| *complaint)
}

fn is_lower_alnum(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// Returns whether text is not empty, has these bytes only, and letters or digits at its ends.
fn is_word(text: &str, is_end: fn(u8) -> bool, others: &[u8]) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|byte| is_end(*byte))
        && bytes.last().is_some_and(|byte| is_end(*byte))
        && bytes.iter().all(|byte| is_end(*byte) || others.contains(byte))
}

/// A DNS label, as in RFC 1123.
pub(crate) fn dns_label(text: &str) -> Option<Complaint> {
    first_of(&[
        (text.len() <= 63, "it is longer than 63 characters"),
        (
            is_word(text, is_lower_alnum, b"-"),
            "it has to consist of lower-case letters, digits and '-', and start and end with a letter or digit",
        ),
    ])
}

/// A DNS label as in RFC 1035: it starts with a letter.
pub(crate) fn dns1035_label(text: &str) -> Option<Complaint> {
    let starts_well = !text.starts_with(|first: char| first.is_ascii_digit());
    dns_label(text).or_else(|| (!starts_well).then_some("it has to start with a letter"))
}

/// A DNS subdomain, as in RFC 1123: labels with dots between them.
pub(crate) fn dns_subdomain(text: &str) -> Option<Complaint> {
    first_of(&[
        (text.len() <= 253, "it is longer than 253 characters"),
        (
            text.split('.').all(|part| is_word(part, is_lower_alnum, b"-")),
            "it has to consist of lower-case letters, digits, '-' and '.', and start and end with a letter or digit",
        ),
    ])
}

/// A DNS subdomain whose first label may be `*`.
pub(crate) fn wildcard_subdomain(text: &str) -> Option<Complaint> {
    dns_subdomain(text.strip_prefix("*.").unwrap_or(text))
}

/// The key of a label or annotation: `[prefix/]name`.
pub(crate) fn qualified_name(text: &str) -> Option<Complaint> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    first_of(&[
        (!name.contains('/'), "it has more than one '/'"),
        (
            prefix.is_none_or(|prefix| dns_subdomain(prefix).is_none()),
            "the part before '/' has to be a DNS subdomain",
        ),
        (name.len() <= 63, "its name is longer than 63 characters"),
        (
            is_word(name, |byte| byte.is_ascii_alphanumeric(), b"-_."),
            "its name has to consist of letters, digits, '-', '_' and '.', and start and end with a letter or digit",
        ),
    ])
}

/// The value of a label.
pub(crate) fn label_value(text: &str) -> Option<Complaint> {
    first_of(&[
        (text.len() <= 63, "it is longer than 63 characters"),
        (
            text.is_empty() || is_word(text, |byte| byte.is_ascii_alphanumeric(), b"-_."),
            "it has to consist of letters, digits, '-', '_' and '.', and start and end with a letter or digit",
        ),
    ])
}

/// The key of a ConfigMap or Secret.
pub(crate) fn config_key(text: &str) -> Option<Complaint> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    first_of(&[
        (text.len() <= 253, "it is longer than 253 characters"),
        (
            !text.is_empty() && text.bytes().all(is_letter),
            "it has to consist of letters, digits, '-', '_' and '.'",
        ),
        (text != "." && !text.starts_with(".."), "it is '.' or starts with '..'"),
    ])
}

/// The name of a port, as IANA has it.
pub(crate) fn port_name(text: &str) -> Option<Complaint> {
    first_of(&[
        (text.len() <= 15, "it is longer than 15 characters"),
        (
            is_word(text, is_lower_alnum, b"-"),
            "it has to consist of lower-case letters, digits and '-', and start and end with a letter or digit",
        ),
        (text.bytes().any(|byte| byte.is_ascii_lowercase()), "it has no letter"),
        (!text.contains("--"), "it has '--'"),
    ])
}

/// The name of an environment variable: any printable ASCII but `=`.
pub(crate) fn env_name(text: &str) -> Option<Complaint> {
    first_of(&[(
        text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'='),
        "it has to consist of printable ASCII characters other than '='",
    )])
}

/// A name that becomes a part of a URL's path, as of RBAC kinds.
pub(crate) fn path_segment(text: &str) -> Option<Complaint> {
    first_of(&[(
        text != "." && text != ".." && !text.contains(['/', '%']),
        "it is '.', '..' or has '/' or '%'",
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(complaint: fn(&str) -> Option<Complaint>, good: &[&str], bad: &[&str]) {
        good.iter().for_each(|text| assert_eq!(complaint(text), None, "{text:?}"));
        bad.iter().for_each(|text| assert!(complaint(text).is_some(), "{text:?} is fine"));
    }

    #[test]
    fn dns_names() {
        check(dns_label, &["a", "9a", "a-b"], &["", "A", "-a", "a-", "a.b", "a_b", &"a".repeat(64)]);
        check(dns_subdomain, &["a", "a.b-c.9"], &["", "a..b", ".a", "a.", "a.-b", "ä", &"a".repeat(254)]);
        check(wildcard_subdomain, &["*.a.b", "a"], &["*", "*a.b", "a.*.b"]);
    }

    #[test]
    fn labels() {
        check(
            qualified_name,
            &["a", "A_b.c", "x.io/a", "0"],
            &["", "a/b/c", "/a", "a/", "X.io/a", "-a", "a b", &"a".repeat(64)],
        );
        check(label_value, &["", "A-b_c.d", "1"], &["-", "a b", "a/b", "a:b", &"a".repeat(64)]);
    }

    #[test]
    fn keys_and_ports() {
        check(config_key, &["a", ".a", "A_b-c.d"], &["", ".", "..", "..a", "a/b", "a b"]);
        check(port_name, &["http", "a-1", "1a"], &["", "80", "HTTP", "a--b", "-a", "longer-than-fifteen"]);
        check(env_name, &["A", "a.b", "a b", "1"], &["a=b", "ä", "a\n"]);
        check(path_segment, &["system:a", "A b"], &[".", "..", "a/b", "a%b"]);
    }
}
