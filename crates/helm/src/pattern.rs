//! Go's `filepath.Match`: the globs of `.helmignore` and `--show-only`.
//!
//! `*` and `?` never cross a `/`, `[^a-c]` is a class, `\` escapes. There is no
//! `**` and no `{a,b}`.

/// A glob that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Token>);

/// The one complaint that Go has about a glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(char),
    AnyOne,
    AnyRun,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Pattern {
    /// Reads a glob.
    pub(crate) fn parse(text: &str) -> Result<Self, BadPattern> {
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            tokens.push(match c {
                '*' => Token::AnyRun,
                '?' => Token::AnyOne,
                '[' => class(&mut rest)?,
                '\\' => {
                    let escaped = rest.chars().next().ok_or(BadPattern)?;
                    rest = &rest[escaped.len_utf8()..];
                    Token::Literal(escaped)
                }
                other => Token::Literal(other),
            });
        }
        tokens.dedup_by(|next, previous| *next == Token::AnyRun && *previous == Token::AnyRun);
        Ok(Pattern(tokens))
    }

    /// Returns whether the whole text matches.
    ///
    /// A failed attempt goes back to the latest `*` only: what an earlier one could
    /// take in addition, the latest can take as well.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let (mut tokens, mut rest) = (self.0.as_slice(), text);
        let mut retry: Option<(&[Token], &str)> = None;
        loop {
            match tokens.split_first() {
                None if rest.is_empty() => return true,
                Some((Token::AnyRun, after)) => {
                    retry = Some((after, rest));
                    tokens = after;
                    continue;
                }
                Some((token, after)) => {
                    if let Some(c) = rest.chars().next()
                        && token.takes(c)
                    {
                        (tokens, rest) = (after, &rest[c.len_utf8()..]);
                        continue;
                    }
                }
                None => {}
            }
            let Some((after, from)) = retry else { return false };
            match from.chars().next() {
                Some(c) if c != '/' => {
                    let next = &from[c.len_utf8()..];
                    retry = Some((after, next));
                    (tokens, rest) = (after, next);
                }
                _ => return false,
            }
        }
    }
}

impl Token {
    fn takes(&self, c: char) -> bool {
        match self {
            Token::Literal(literal) => *literal == c,
            Token::AnyOne => c != '/',
            Token::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
            Token::AnyRun => false,
        }
    }
}

fn class(rest: &mut &str) -> Result<Token, BadPattern> {
    let negated = rest.starts_with('^');
    if negated {
        *rest = &rest[1..];
    }
    let mut ranges = Vec::new();
    loop {
        if rest.starts_with(']') && !ranges.is_empty() {
            *rest = &rest[1..];
            return Ok(Token::Class { negated, ranges });
        }
        let low = bound(rest)?;
        let mut high = low;
        if rest.starts_with('-') {
            *rest = &rest[1..];
            high = bound(rest)?;
        }
        ranges.push((low, high));
    }
}

/// Reads one end of a range, after which the class must go on.
fn bound(rest: &mut &str) -> Result<char, BadPattern> {
    let mut c = rest.chars().next().filter(|c| !matches!(c, '-' | ']')).ok_or(BadPattern)?;
    *rest = &rest[c.len_utf8()..];
    if c == '\\' {
        c = rest.chars().next().ok_or(BadPattern)?;
        *rest = &rest[c.len_utf8()..];
    }
    if rest.is_empty() { Err(BadPattern) } else { Ok(c) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, want: Result<bool, BadPattern>) {
        assert_eq!(Pattern::parse(pattern).map(|pattern| pattern.matches(text)), want, "{pattern} on {text}");
    }

    #[test]
    fn stars_stay_within_a_path_segment() {
        check("*.yaml", "a.yaml", Ok(true));
        check("*.yaml", "d/a.yaml", Ok(false));
        check("*/a*b", "x/aabb", Ok(true));
        check("*a/b*c", "aa/bcbc", Ok(true));
        check("a?c", "a/c", Ok(false));
        check("a**", "abc", Ok(true));
        check("", "", Ok(true));
        check("*", "", Ok(true));
    }

    #[test]
    fn classes_take_ranges_escapes_and_negation() {
        check("[a-c]x", "bx", Ok(true));
        check("[^a-c]x", "bx", Ok(false));
        check("[^a-c]", "/", Ok(true));
        check("[!a]", "!", Ok(true));
        check(r"[\]a]", "]", Ok(true));
        check(r"\*", "*", Ok(true));
        check("[z-a]", "b", Ok(false));
    }

    #[test]
    fn broken_globs_are_errors_whatever_the_text() {
        for pattern in ["[", "[]", "[]a]", "[-]", "[a-]", "[a", r"a\", "[x-]b", "z[a-"] {
            check(pattern, "q", Err(BadPattern));
        }
    }
}
