//! The patterns of `.Files.Glob`, which are those of `gobwas/glob` 0.2.3 with
//! `/` as separator: `*` and `?` stay within a path element, `**` does not, and
//! neither do `[…]` and `[!…]`; `{a,b}` is one of several patterns.

/// How deep braces may nest: deeper ones are taken for a broken pattern.
const MAX_DEPTH: usize = 100;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Glob(Vec<Node>);

#[derive(Debug)]
enum Node {
    Char(char),
    /// `?`
    Single,
    /// `*`
    Any,
    /// `**`
    Super,
    /// `[abc]` or `[!abc]`
    Set {
        chars: Vec<char>,
        not: bool,
    },
    /// `[a-c]` or `[!a-c]`
    Range {
        low: char,
        high: char,
        not: bool,
    },
    /// `{…,…}`
    OneOf(Vec<Vec<Node>>),
}

impl Glob {
    /// Compiles a pattern; one that cannot be compiled matches everything, as in
    /// Helm.
    pub(super) fn new(pattern: &str) -> Glob {
        let chars: Vec<char> = pattern.chars().collect();
        let mut parser = Parser { chars: &chars, at: 0 };
        match parser.alternatives(0) {
            Some(mut patterns) => Glob(patterns.swap_remove(0)),
            None => Glob(vec![Node::Super]),
        }
    }

    /// Returns whether a path matches as a whole.
    pub(super) fn matches(&self, path: &str) -> bool {
        let chars: Vec<char> = path.chars().collect();
        let mut starts = vec![false; chars.len() + 1];
        starts[0] = true;
        advance(&self.0, &chars, starts)[chars.len()]
    }
}

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        // The lexer takes NUL for the end and U+FFFD for a broken character.
        let next = self.chars.get(self.at).copied().filter(|c| *c != '\0')?;
        self.at += 1;
        Some(next)
    }

    /// Reads patterns up to the end or, within braces, to the closing one; braces
    /// that are not closed end with the text.
    fn alternatives(&mut self, depth: usize) -> Option<Vec<Vec<Node>>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let in_braces = depth > 0;
        let mut patterns = vec![Vec::new()];
        while let Some(c) = self.next() {
            let node = match c {
                '\u{fffd}' => return None,
                '}' if in_braces => break,
                ',' if in_braces => {
                    patterns.push(Vec::new());
                    continue;
                }
                '{' => Node::OneOf(self.alternatives(depth + 1)?),
                '[' => self.set()?,
                '?' => Node::Single,
                '*' if self.chars.get(self.at) == Some(&'*') => {
                    self.at += 1;
                    Node::Super
                }
                '*' => Node::Any,
                '\\' => match self.next() {
                    Some(escaped) => Node::Char(escaped),
                    None => continue,
                },
                plain => Node::Char(plain),
            };
            if let Some(pattern) = patterns.last_mut() {
                pattern.push(node);
            }
        }
        Some(patterns)
    }

    /// Reads what follows `[`.
    fn set(&mut self) -> Option<Node> {
        let mut first = self.next()?;
        let not = first == '!';
        if not {
            first = self.next()?;
        }
        if self.chars.get(self.at) == Some(&'-') {
            self.at += 1;
            let high = self.next()?;
            return (self.next()? == ']' && first <= high).then_some(Node::Range { low: first, high, not });
        }
        self.at -= 1;
        let mut chars = Vec::new();
        loop {
            match self.next()? {
                ']' => break,
                '\\' => chars.push(self.next()?),
                plain => chars.push(plain),
            }
        }
        (!chars.is_empty()).then_some(Node::Set { chars, not })
    }
}

/// Returns where a match of all nodes can end, for the places where it can start.
/// Working on sets of places keeps hostile patterns from taking exponential time.
fn advance(nodes: &[Node], text: &[char], mut places: Vec<bool>) -> Vec<bool> {
    for node in nodes {
        places = match node {
            Node::Any => spread(&places, text, |c| c != '/'),
            Node::Super => spread(&places, text, |_| true),
            Node::Single => step(&places, text, |c| c != '/'),
            Node::Char(want) => step(&places, text, |c| c == *want),
            Node::Set { chars, not } => step(&places, text, |c| chars.contains(&c) != *not),
            Node::Range { low, high, not } => step(&places, text, |c| (*low..=*high).contains(&c) != *not),
            Node::OneOf(patterns) => {
                let mut ends = vec![false; places.len()];
                for pattern in patterns {
                    for (end, reached) in ends.iter_mut().zip(advance(pattern, text, places.clone())) {
                        *end |= reached;
                    }
                }
                ends
            }
        };
    }
    places
}

/// One character further.
fn step(places: &[bool], text: &[char], fits: impl Fn(char) -> bool) -> Vec<bool> {
    let mut ends = vec![false; places.len()];
    for (at, c) in text.iter().enumerate() {
        ends[at + 1] = places[at] && fits(*c);
    }
    ends
}

/// Any number of characters further.
fn spread(places: &[bool], text: &[char], fits: impl Fn(char) -> bool) -> Vec<bool> {
    let mut ends = places.to_vec();
    for (at, c) in text.iter().enumerate() {
        ends[at + 1] |= ends[at] && fits(*c);
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let glob = Glob::new(pattern);
        for path in matching {
            assert!(glob.matches(path), "{pattern} should match {path}");
        }
        for path in others {
            assert!(!glob.matches(path), "{pattern} should not match {path}");
        }
    }

    #[test]
    fn stars_stop_at_slashes_and_double_stars_do_not() {
        check("*.yaml", &["a.yaml", ".yaml"], &["d/a.yaml", "a.yml"]);
        check("conf/**", &["conf/a", "conf/a/b", "conf/"], &["conf", "xconf/a"]);
        check("**.yaml", &["a.yaml", "d/e/a.yaml"], &["a.json"]);
        check("a?c", &["abc", "aéc"], &["a/c", "ac"]);
    }

    #[test]
    fn sets_ranges_and_braces() {
        check("[a-c].x", &["b.x"], &["d.x"]);
        check("[!ab]x", &["cx", "/x"], &["ax"]);
        check("conf/{a,b}.*", &["conf/a.yaml", "conf/b."], &["conf/c.yaml", "conf/ab.x"]);
        check("{a,b{c,d}}e", &["ae", "bce", "bde"], &["be"]);
        check("{x", &["x"], &["{x", ""]);
        check("\\*", &["*"], &["a"]);
        check("", &[""], &["a"]);
    }

    #[test]
    fn a_broken_pattern_matches_everything() {
        check("[", &["a", "b/c", ""], &[]);
        check("[z-a]", &["a/b"], &[]);
        check("[]", &["a/b"], &[]);
        check(&"{".repeat(100_000), &["a/b"], &[]);
    }
}
