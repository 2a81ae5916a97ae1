//! Regular expressions of Go in those of this language.

use regex::Regex;

/// Compiles a regular expression as Go reads it.
///
/// # Errors
///
/// It is none.
pub fn go_regex(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&from_go(pattern))
}

/// Writes a regular expression of Go as one of this program's: in a class, Go
/// takes `[` for itself, and knows no `&&`, `--` and `~~`.
fn from_go(pattern: &str) -> String {
    let mut written = String::with_capacity(pattern.len());
    let (mut in_class, mut class_start) = (false, 0);
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                written.push(c);
                written.extend(chars.next());
                continue;
            }
            '[' if !in_class => {
                in_class = true;
                written.push(c);
                if chars.peek() == Some(&'^') {
                    written.extend(chars.next());
                }
                class_start = written.len();
                continue;
            }
            '[' if chars.peek() == Some(&':') => {
                // A named class, up to its own end.
                written.push(c);
                for inner in chars.by_ref() {
                    written.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
                continue;
            }
            ']' if in_class && written.len() > class_start => in_class = false,
            '[' | '&' | '~' if in_class => written.push('\\'),
            '-' if in_class && chars.peek() == Some(&'-') => written.push('\\'),
            _ => {}
        }
        written.push(c);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, good: &str, bad: &str) {
        let regex = go_regex(pattern).unwrap();
        assert!(regex.is_match(good), "{pattern} {good}");
        assert!(!regex.is_match(bad), "{pattern} {bad}");
    }

    #[test]
    fn classes_are_read_as_go_reads_them() {
        check(r"^[^()\[\]?]+$", "a", "[");
        check("^[a[b]$", "[", "c");
        check("^[]a]$", "]", "b");
        check("^[[:alpha:]&&b]$", "&", "1");
        check(r"^\[a$", "[a", "a");
    }
}
