//! Minor versions of Kubernetes 1, and sets of them.

use std::fmt;

/// A minor version of Kubernetes that the schemas cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Minor(u8);

impl Minor {
    /// The oldest.
    pub const FIRST: Self = Self(28);
    /// The newest.
    pub const LAST: Self = Self(37);

    /// Returns the version `1.number`, if it is covered.
    pub fn new(number: u32) -> Option<Self> {
        let minor = Self(u8::try_from(number).ok()?);
        (Self::FIRST <= minor && minor <= Self::LAST).then_some(minor)
    }

    /// Returns the number behind the dot.
    pub fn number(self) -> u32 {
        self.0.into()
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

/// A set of minors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Minors(u16);

impl Minors {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ALL: Self = Self(u16::MAX);

    /// Reads a set in which the lowest bit is [`Minor::FIRST`].
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        u16::from_str_radix(text, 16).ok().map(Self)
    }

    pub(crate) fn contains(self, minor: Minor) -> bool {
        self.0 >> (minor.0 - Minor::FIRST.0) & 1 == 1
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the oldest and the newest of them.
    pub(crate) fn bounds(self) -> Option<(Minor, Minor)> {
        let mut known = (Minor::FIRST.0..=Minor::LAST.0).map(Minor).filter(|minor| self.contains(*minor));
        let first = known.next()?;
        Some((first, known.next_back().unwrap_or(first)))
    }
}
