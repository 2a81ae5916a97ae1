//! The constraint language: comparisons that all must hold, in groups of which
//! one must (`>=1.2 <2 || ^3`).
//!
//! A version with a prerelease fails every group that does not name one itself.

use gotmpl::strconv;

use super::{SemverError, Spelled, Version, compare_prerelease, fail, take};

const MAX_LEN: usize = 512;
const MAX_GROUPS: usize = 32;

/// What versions are asked for, such as `>=1.21-0`, `~1.2`, `1.x` or `1.2 - 2`.
#[derive(Debug, Clone)]
pub struct Constraint {
    groups: Vec<Group>,
}

#[derive(Debug, Clone)]
struct Group {
    comparisons: Vec<Comparison>,
    names_prerelease: bool,
}

#[derive(Debug, Clone)]
struct Comparison {
    operator: Operator,
    version: Version,
    given: Given,
}

/// How much of the version was given; the rest is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    /// `*`
    Nothing,
    /// `1` or `1.x`
    Major,
    /// `1.2` or `1.2.x`
    Minor,
    /// `1.2.3`
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

impl Operator {
    fn read(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"" | b"=" => Operator::Equal,
            b"!=" => Operator::NotEqual,
            b">" => Operator::Greater,
            b"<" => Operator::Less,
            b">=" | b"=>" => Operator::GreaterEqual,
            b"<=" | b"=<" => Operator::LessEqual,
            b"~" | b"~>" => Operator::Tilde,
            b"^" => Operator::Caret,
            _ => return None,
        })
    }
}

impl Constraint {
    /// Reads a constraint.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        Self::parse_bytes(text.as_bytes())
    }

    pub(super) fn parse_bytes(text: &[u8]) -> Result<Self, SemverError> {
        if text.len() > MAX_LEN {
            return Err(fail(format!("constraint string is too long (max {MAX_LEN} bytes)")));
        }
        let text = spell_out_ranges(text);
        let groups = crate::text::split(&text, b"||", usize::MAX);
        if groups.len() > MAX_GROUPS {
            return Err(fail(format!("too many constraint groups (max {MAX_GROUPS})")));
        }
        let groups = groups.into_iter().map(Group::parse).collect::<Result<_, _>>()?;
        Ok(Constraint { groups })
    }

    /// Returns whether the version is one of those asked for.
    pub fn check(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| group.check(version))
    }
}

impl Group {
    fn parse(text: &[u8]) -> Result<Self, SemverError> {
        let improper = || fail(format!("improper constraint: {}", strconv::quote(text)));
        let comparisons = split_comparisons(text).ok_or_else(improper)?;
        let comparisons = comparisons
            .into_iter()
            .map(|(operator, spelled, text)| Comparison::new(operator, &spelled, text));
        let comparisons = comparisons.collect::<Result<Vec<_>, _>>()?;
        let names_prerelease = comparisons.iter().any(|comparison| !comparison.version.prerelease.is_empty());
        Ok(Group { comparisons, names_prerelease })
    }

    fn check(&self, version: &Version) -> bool {
        let allowed = version.prerelease.is_empty() || self.names_prerelease;
        allowed && self.comparisons.iter().all(|comparison| comparison.check(version))
    }
}

type Part<'a> = (Operator, Spelled<'a>, &'a [u8]);

/// Splits a group at blanks and commas; `None` if it is no list of comparisons.
fn split_comparisons(text: &[u8]) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = text;
    take(&mut rest, is_space);
    loop {
        let operator = Operator::read(take(&mut rest, |byte| b"=!<>~^".contains(byte)))?;
        take(&mut rest, is_space);
        let spelled = Spelled::read(rest, is_numeral)?;
        let (version, after) = rest.split_at(spelled.len);
        parts.push((operator, spelled, version));
        rest = after;
        let spaces = take(&mut rest, is_space);
        if rest.is_empty() {
            return Some(parts);
        }
        match rest.strip_prefix(b",") {
            Some(after) => {
                rest = after;
                take(&mut rest, is_space);
            }
            None if spaces.is_empty() => return None,
            None => {}
        }
    }
}

fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

/// Returns whether a part of a version in a constraint may hold this byte; the
/// bar is an oddity of Masterminds' pattern.
fn is_numeral(byte: &u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'x' | b'X' | b'*' | b'|')
}

/// Rewrites each `1.2 - 3` as `>= 1.2, <= 3 `.
fn spell_out_ranges(text: &[u8]) -> Vec<u8> {
    let mut out = text.to_vec();
    let mut at = 0;
    while at < text.len() {
        let Some((low, high, len)) = read_range(&text[at..]) else {
            at += 1;
            continue;
        };
        let comparisons = [b">= ", low, b", <= ", high, b" "].concat();
        if let Some(found) = crate::text::find(&out, &text[at..at + len]) {
            out.splice(found..found + len, comparisons);
        }
        at += len;
    }
    out
}

/// Reads `low - high` with the blanks around it; returns its length as well.
fn read_range(text: &[u8]) -> Option<(&[u8], &[u8], usize)> {
    let mut rest = text;
    take(&mut rest, is_space);
    let (low, mut rest) = rest.split_at(Spelled::read(rest, is_numeral)?.len);
    if take(&mut rest, is_space).is_empty() {
        return None;
    }
    rest = rest.strip_prefix(b"-")?;
    if take(&mut rest, is_space).is_empty() {
        return None;
    }
    let (high, mut rest) = rest.split_at(Spelled::read(rest, is_numeral)?.len);
    take(&mut rest, is_space);
    Some((low, high, text.len() - rest.len()))
}

impl Comparison {
    fn new(operator: Operator, spelled: &Spelled<'_>, text: &[u8]) -> Result<Self, SemverError> {
        let is_open = |part: Option<&[u8]>| part.is_none_or(|part| matches!(part, b"x" | b"X" | b"*"));
        let given = match spelled {
            _ if is_open(Some(spelled.major)) => Given::Nothing,
            _ if is_open(spelled.minor) => Given::Major,
            _ if is_open(spelled.patch) => Given::Minor,
            _ => Given::All,
        };
        let dash: &[u8] = if spelled.prerelease.is_empty() { b"" } else { b"-" };
        let minor = spelled.minor.unwrap_or_default();
        let completed = match given {
            Given::Nothing => [b"0.0.0", dash, spelled.prerelease].concat(),
            Given::Major => [spelled.major, b".0.0", dash, spelled.prerelease].concat(),
            Given::Minor => [spelled.major, b".", minor, b".0", dash, spelled.prerelease].concat(),
            Given::All => text.to_vec(),
        };
        let version = Version::parse_bytes(&completed).map_err(|_| fail("constraint parser error"))?;
        Ok(Comparison { operator, version, given })
    }

    fn check(&self, version: &Version) -> bool {
        let wanted = &self.version;
        match self.operator {
            Operator::Equal if self.given == Given::All => version == wanted,
            Operator::Equal | Operator::Tilde => self.check_tilde(version),
            Operator::NotEqual => self.check_not_equal(version),
            Operator::Greater => self.check_greater(version),
            Operator::Less => version < wanted,
            Operator::GreaterEqual => version >= wanted,
            Operator::LessEqual => self.check_less_equal(version),
            Operator::Caret => self.check_caret(version),
        }
    }

    fn check_not_equal(&self, version: &Version) -> bool {
        let wanted = &self.version;
        match self.given {
            Given::All => version != wanted,
            _ if version.major != wanted.major => true,
            // `!=*` compares the minor version, too: only a given `x` there is open.
            Given::Nothing if version.minor != wanted.minor => true,
            Given::Nothing => version != wanted,
            Given::Major => false,
            Given::Minor if version.minor != wanted.minor => true,
            Given::Minor => compare_prerelease(&version.prerelease, &wanted.prerelease).is_ne(),
        }
    }

    fn check_greater(&self, version: &Version) -> bool {
        let wanted = &self.version;
        match self.given {
            Given::All => version > wanted,
            _ if version.major != wanted.major => version.major > wanted.major,
            Given::Nothing => version > wanted,
            Given::Major => false,
            Given::Minor => version.minor > wanted.minor,
        }
    }

    fn check_less_equal(&self, version: &Version) -> bool {
        let wanted = &self.version;
        match self.given {
            Given::All => version <= wanted,
            _ if version.major > wanted.major => false,
            Given::Major => true,
            Given::Nothing | Given::Minor => version.major != wanted.major || version.minor <= wanted.minor,
        }
    }

    fn check_tilde(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version < wanted {
            return false;
        }
        let zero = wanted.major == 0 && wanted.minor == 0 && wanted.patch == 0;
        if zero && matches!(self.given, Given::Nothing | Given::All) {
            return true;
        }
        version.major == wanted.major && (self.given == Given::Major || version.minor == wanted.minor)
    }

    fn check_caret(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version < wanted {
            return false;
        }
        if wanted.major > 0 || self.given == Given::Major {
            return version.major == wanted.major;
        }
        if version.major > 0 {
            return false;
        }
        if wanted.minor > 0 || self.given == Given::Minor {
            return version.minor == wanted.minor;
        }
        version.minor == 0 && version.patch == wanted.patch
    }
}
