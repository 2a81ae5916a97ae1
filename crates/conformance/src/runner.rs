//! Runs cases on several threads and gives the verdicts in the cases' order.
//!
//! A case may recurse as deep as the reference allows and may panic: threads
//! have a large stack, and a panic is a failed case that says so.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::case::{Case, Verdict};

/// Room for templates that include each other a thousand times.
const STACK: usize = 1 << 30;

/// A case that was run.
pub(crate) struct Outcome {
    /// Unique name in its file.
    pub(crate) id: String,
    /// What the case is counted under.
    pub(crate) group: String,
    /// How it came out.
    pub(crate) verdict: Verdict,
}

/// Runs every case.
pub(crate) fn run(cases: Vec<Case>) -> std::io::Result<Vec<Outcome>> {
    let next = AtomicUsize::new(0);
    let verdicts: Vec<Mutex<Option<Verdict>>> = cases.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while let Some((case, slot)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            cases.get(index).zip(verdicts.get(index))
        } {
            let verdict = run_one(case);
            *slot.lock().expect("a verdict is stored without panicking") = Some(verdict);
        }
    };
    // The message is in the report; the default hook would print it as well.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let started = thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        (0..threads)
            .try_for_each(|_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).map(drop))
    });
    panic::set_hook(hook);
    started?;
    let verdicts = verdicts.into_iter().map(|slot| slot.into_inner().ok().flatten());
    let outcomes = cases.into_iter().zip(verdicts).map(|(case, verdict)| Outcome {
        id: case.id,
        group: case.group,
        verdict: verdict.expect("every case is run"),
    });
    Ok(outcomes.collect())
}

/// Runs one case; a panic is its failure.
fn run_one(case: &Case) -> Verdict {
    // A case owns its data, so nothing half-changed outlives the panic.
    panic::catch_unwind(AssertUnwindSafe(|| (case.run)())).unwrap_or_else(|payload| Verdict::Failed {
        reason: format!("panicked: {}", panic_text(payload.as_ref())),
        want: String::new(),
        got: String::new(),
    })
}

/// The text of a panic.
fn panic_text(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no text")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, run: fn() -> Verdict) -> Case {
        Case { id: id.to_owned(), group: "g".to_owned(), run: Box::new(run) }
    }

    #[test]
    fn a_panic_is_a_failed_case_and_the_others_are_run() {
        let cases = vec![
            case("a", || Verdict::Passed),
            case("b", || panic!("index {}", 7)),
            case("c", || Verdict::Passed),
        ];
        let outcomes = run(cases).unwrap();
        let ids: Vec<&str> = outcomes.iter().map(|outcome| outcome.id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "c"]);
        assert_eq!(outcomes[0].verdict, Verdict::Passed);
        let Verdict::Failed { reason, .. } = &outcomes[1].verdict else { panic!("it passed") };
        assert_eq!(reason, "panicked: index 7");
        assert_eq!(outcomes[2].verdict, Verdict::Passed);
    }
}
