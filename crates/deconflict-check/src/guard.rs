//! Our own bugs: caught per root and per rule, so that one of them loses no more than what it stood in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// What was lost by our own mistakes, a sentence each.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    all: Mutex<Vec<String>>,
}

impl Losses {
    /// What `work` gives; `None` when it panicked: then `what` is noted as lost.
    pub(crate) fn guard<T>(&self, what: impl FnOnce() -> String, work: impl FnOnce() -> T) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(work)).ok();
        if done.is_none() {
            self.note(what());
        }
        done
    }

    /// Note a loss.
    pub(crate) fn note(&self, what: String) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// True when nothing was lost so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// All of them, sorted, each once.
    pub(crate) fn into_sorted(self) -> Vec<String> {
        let mut all = self.all.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.sort();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::Losses;

    #[test]
    fn a_panic_is_a_sentence() {
        let losses = Losses::default();
        let lost = || "rule `a-b` on x: its findings are lost".to_owned();
        assert_eq!(losses.guard(lost, || 1), Some(1));
        for _ in 0..2 {
            let nothing: Option<()> = losses.guard(lost, || panic!("a mistake of ours"));
            assert_eq!(nothing, None);
        }
        assert_eq!(losses.into_sorted(), [lost()]);
    }
}
