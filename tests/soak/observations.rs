//! What clients have seen together: when something was acknowledged, and what was not right.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::eventually::eventually;

/// Shared by the clients of a test.
#[derive(Default)]
pub struct Seen {
    acknowledged: Mutex<Vec<Instant>>,
    decided: AtomicUsize,
    /// Commands that were sent again, because there was no answer, or none but that it cannot be done now.
    repeated: AtomicUsize,
    /// Checks that could not be decided, and so opened nothing.
    undecided: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

impl Seen {
    /// A command was acknowledged, at last.
    pub fn acknowledge(&self, repeats: usize) {
        self.acknowledged.lock().unwrap().push(Instant::now());
        self.repeated.fetch_add(repeats, Ordering::Relaxed);
    }

    /// The gate has said yes or no.
    pub fn decide(&self) {
        self.decided.fetch_add(1, Ordering::Relaxed);
    }

    /// The gate could not say.
    pub fn cannot_decide(&self) {
        self.undecided.fetch_add(1, Ordering::Relaxed);
    }

    /// Somebody was answered what must not be.
    pub fn is_wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    /// Waits until so many more commands were acknowledged.
    pub async fn acknowledges(&self, more: usize) {
        let before = self.acknowledged.lock().unwrap().len();
        eventually("acknowledgement", async || {
            (self.acknowledged.lock().unwrap().len() >= before + more).then_some(())
        })
        .await;
    }

    /// The longest time, since a moment, in which nothing was acknowledged.
    pub fn longest_silence(&self, since: Instant) -> Duration {
        let moments = self.acknowledged.lock().unwrap();
        let later = moments.iter().copied().filter(|moment| *moment > since);
        let mut marks: Vec<_> = std::iter::once(since).chain(later).collect();
        marks.push(Instant::now());
        marks.sort();
        let gaps = marks.windows(2).map(|pair| pair[1] - pair[0]);
        gaps.max().unwrap_or_default()
    }

    /// Nothing was wrong.
    #[track_caller]
    pub fn was_right(&self) {
        let wrong = self.wrong.lock().unwrap();
        let some: Vec<_> = wrong.iter().take(20).collect();
        assert!(wrong.is_empty(), "{} answers were wrong: {some:#?}", wrong.len());
    }

    /// The figures, for whoever watches.
    pub fn message(&self) -> String {
        format!(
            "{} commands acknowledged, {} repeats, {} checks decided, {} undecided, {} wrong",
            self.acknowledged.lock().unwrap().len(),
            self.repeated.load(Ordering::Relaxed),
            self.decided.load(Ordering::Relaxed),
            self.undecided.load(Ordering::Relaxed),
            self.wrong.lock().unwrap().len(),
        )
    }
}
