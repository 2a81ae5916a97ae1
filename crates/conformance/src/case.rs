//! What a case is, whatever its kind: a name, a group and something to run
//! that ends in a verdict.

use std::path::PathBuf;

/// One recorded case, ready to run.
pub(crate) struct Case {
    /// Unique name in its file.
    pub(crate) id: String,
    /// What the case is counted under.
    pub(crate) group: String,
    /// Runs the case and compares.
    pub(crate) run: Box<dyn Fn() -> Verdict + Send + Sync>,
}

/// How a case came out.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The same output.
    Passed,
    /// The reference fails and so do we.
    FailedAlike {
        /// Whether the texts are equal; `None` if the reference's own varies.
        same_text: Option<bool>,
    },
    /// Something else came out.
    Failed {
        /// What is different, in one line.
        reason: String,
        /// The recorded text.
        want: String,
        /// Our text.
        got: String,
    },
    /// The case cannot be compared, for this reason.
    Skipped(String),
}

/// What the reference did.
pub(crate) enum Expected {
    /// It printed these bytes.
    Output(Vec<u8>),
    /// It failed; the texts it may have failed with, empty if those vary.
    Error(Vec<String>),
}

/// Compares what we did with what the reference did.
pub(crate) fn compare(want: &Expected, got: Result<Vec<u8>, String>) -> Verdict {
    match (want, got) {
        (Expected::Output(want), Ok(got)) if *want == got => Verdict::Passed,
        (Expected::Output(want), Ok(got)) => {
            let (want, got) = (text(want), text(&got));
            Verdict::Failed { reason: first_difference(&want, &got), want, got }
        }
        (Expected::Output(want), Err(got)) => {
            Verdict::Failed { reason: format!("failed: {}", first_line(&got)), want: text(want), got }
        }
        (Expected::Error(texts), Err(got)) => Verdict::FailedAlike {
            same_text: (!texts.is_empty())
                .then(|| texts.iter().any(|text| text.trim_end() == got.trim_end())),
        },
        (Expected::Error(texts), Ok(got)) => {
            let want = texts.first().cloned().unwrap_or_default();
            Verdict::Failed { reason: format!("did not fail: {}", first_line(&want)), want, got: text(&got) }
        }
    }
}

/// Bytes as they are shown.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Names the first line in which two texts differ.
fn first_difference(want: &str, got: &str) -> String {
    let same = want.lines().zip(got.lines()).take_while(|(want, got)| want == got).count();
    match (want.lines().nth(same), got.lines().nth(same)) {
        (Some(_), Some(_)) => format!("line {} differs", same + 1),
        (Some(_), None) => format!("ends before line {}", same + 1),
        (None, Some(_)) => format!("goes on at line {}", same + 1),
        (None, None) => "differs in line ends".to_owned(),
    }
}

/// The first line of a text, cut so that a list of failures stays readable.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(160).collect()
}

/// The cases could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// A file is missing or unreadable.
    #[error("{path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    /// The program that the cases run is not there.
    #[error("`fab` is not built beside this program: run `cargo build --release` first")]
    NoFab,
    /// A line is not a case of the kind.
    #[error("{path}:{line}: {source}")]
    Line { path: PathBuf, line: usize, source: serde_json::Error },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(want: &Expected, got: Result<&str, &str>, verdict: &str) {
        let got = compare(want, got.map(Into::into).map_err(str::to_owned));
        let text = match got {
            Verdict::Passed => "passed".to_owned(),
            Verdict::FailedAlike { same_text } => format!("failed alike, {same_text:?}"),
            Verdict::Failed { reason, .. } => reason,
            Verdict::Skipped(reason) => format!("skipped, {reason}"),
        };
        assert_eq!(text, verdict);
    }

    #[test]
    fn output_counts_by_the_byte() {
        let want = Expected::Output("a\nb\n".into());
        check(&want, Ok("a\nb\n"), "passed");
        check(&want, Ok("a\nc\n"), "line 2 differs");
        check(&want, Ok("a\nb"), "differs in line ends");
        check(&want, Ok("a\n"), "ends before line 2");
        check(&want, Ok("a\nb\nc\n"), "goes on at line 3");
        check(&want, Err("no\nmore"), "failed: no");
    }

    #[test]
    fn failing_counts_and_not_its_text() {
        let want = Expected::Error(vec!["boom".to_owned()]);
        check(&want, Err("boom"), "failed alike, Some(true)");
        check(&want, Err("bang"), "failed alike, Some(false)");
        check(&want, Ok("fine"), "did not fail: boom");
        check(&Expected::Error(Vec::new()), Err("bang"), "failed alike, None");
    }
}
