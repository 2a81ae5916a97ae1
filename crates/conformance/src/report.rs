//! Prints what came out: skipped and failing cases, a line per group, and the
//! totals last, so that a script reads the end and a person reads upwards.

use std::collections::BTreeMap;
use std::io::{self, Write};

use similar::TextDiff;

use crate::case::Verdict;
use crate::runner::Outcome;

/// The outcomes of a run.
pub(crate) struct Report {
    outcomes: Vec<Outcome>,
}

/// How many cases of a group passed.
#[derive(Default)]
struct Tally {
    passed: usize,
    total: usize,
}

impl Report {
    /// Reports on these.
    pub(crate) fn new(outcomes: Vec<Outcome>) -> Self {
        Self { outcomes }
    }

    /// Per cent of the compared cases that passed; 0 if there are none, as a
    /// run that compares nothing shows nothing.
    pub(crate) fn rate(&self) -> f64 {
        let Tally { passed, total } = self.total();
        if total == 0 { 0.0 } else { 100.0 * passed as f64 / total as f64 }
    }

    /// Prints everything, with diffs of the first `show` failing cases.
    pub(crate) fn write(&self, out: &mut impl Write, show: usize) -> io::Result<()> {
        self.write_skipped(out)?;
        self.write_failed(out, show)?;
        self.write_groups(out)?;
        self.write_totals(out)
    }

    fn write_skipped(&self, out: &mut impl Write) -> io::Result<()> {
        for outcome in &self.outcomes {
            if let Verdict::Skipped(reason) = &outcome.verdict {
                writeln!(out, "skip {}: {reason}", outcome.id)?;
            }
        }
        Ok(())
    }

    fn write_failed(&self, out: &mut impl Write, show: usize) -> io::Result<()> {
        let mut shown = 0;
        for outcome in &self.outcomes {
            let Verdict::Failed { reason, want, got } = &outcome.verdict else { continue };
            writeln!(out, "FAIL {}: {reason}", outcome.id)?;
            if shown < show {
                let diff = TextDiff::from_lines(want, got);
                write!(out, "{}", diff.unified_diff().context_radius(3).header("recorded", "ours"))?;
                shown += 1;
            }
        }
        Ok(())
    }

    fn write_groups(&self, out: &mut impl Write) -> io::Result<()> {
        let mut groups: BTreeMap<&str, Tally> = BTreeMap::new();
        for outcome in &self.outcomes {
            groups.entry(&outcome.group).or_default().add(&outcome.verdict);
        }
        for (name, Tally { passed, total }) in &groups {
            writeln!(out, "{name} {passed}/{total}")?;
        }
        Ok(())
    }

    fn write_totals(&self, out: &mut impl Write) -> io::Result<()> {
        let texts = self.outcomes.iter().filter_map(|outcome| match outcome.verdict {
            Verdict::FailedAlike { same_text } => same_text,
            Verdict::Passed | Verdict::Failed { .. } | Verdict::Skipped(_) => None,
        });
        let (same, compared) =
            texts.fold((0, 0), |(same, total), equal| (same + usize::from(equal), total + 1));
        if compared > 0 {
            writeln!(out, "errors with the recorded text: {same}/{compared}")?;
        }
        let Tally { passed, total } = self.total();
        let skipped = self.outcomes.len() - total;
        if skipped > 0 {
            writeln!(out, "{skipped} skipped")?;
        }
        writeln!(out, "{passed} passed, {} failed", total - passed)
    }

    fn total(&self) -> Tally {
        let mut total = Tally::default();
        for outcome in &self.outcomes {
            total.add(&outcome.verdict);
        }
        total
    }
}

impl Tally {
    fn add(&mut self, verdict: &Verdict) {
        let (passed, counted) = match verdict {
            Verdict::Passed | Verdict::FailedAlike { .. } => (1, 1),
            Verdict::Failed { .. } => (0, 1),
            Verdict::Skipped(_) => (0, 0),
        };
        self.passed += passed;
        self.total += counted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let failed =
            Verdict::Failed { reason: "line 2 differs".into(), want: "a\nb\n".into(), got: "a\nc\n".into() };
        let verdicts = [
            ("eq/1", "eq", Verdict::Passed),
            ("eq/2", "eq", failed),
            ("len/1", "len", Verdict::FailedAlike { same_text: Some(true) }),
            ("len/2", "len", Verdict::FailedAlike { same_text: Some(false) }),
            ("len/3", "len", Verdict::Skipped("it varies".into())),
        ];
        let outcome = |(id, group, verdict): (&str, &str, Verdict)| Outcome {
            id: id.to_owned(),
            group: group.to_owned(),
            verdict,
        };
        Report::new(verdicts.map(outcome).into())
    }

    #[track_caller]
    fn check(show: usize, want: &str) {
        let mut text = Vec::new();
        report().write(&mut text, show).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), want);
    }

    #[test]
    fn groups_failing_ids_and_totals_are_printed() {
        check(
            0,
            "skip len/3: it varies\nFAIL eq/2: line 2 differs\neq 1/2\nlen 2/2\n\
             errors with the recorded text: 1/2\n1 skipped\n3 passed, 1 failed\n",
        );
    }

    #[test]
    fn show_adds_a_diff() {
        check(
            1,
            "skip len/3: it varies\nFAIL eq/2: line 2 differs\n--- recorded\n+++ ours\n\
             @@ -1,2 +1,2 @@\n a\n-b\n+c\neq 1/2\nlen 2/2\n\
             errors with the recorded text: 1/2\n1 skipped\n3 passed, 1 failed\n",
        );
    }

    #[test]
    fn skipped_cases_do_not_change_the_rate() {
        assert_eq!(report().rate(), 75.0);
        assert_eq!(Report::new(Vec::new()).rate(), 0.0);
    }
}
