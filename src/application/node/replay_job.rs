//! A rebuild or a verification of projections that runs in the background, and how far it has come.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::replay::Progress;

/// What is done with projections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Folds the log into new tables, and switches.
    Rebuild,
    /// Folds the log, and compares.
    Verify,
}

/// A replay, and how far it has come.
pub struct ReplayJob {
    /// What is done.
    pub replay: Replay,
    /// With which projections, by name.
    pub projections: Vec<&'static str>,
    done: AtomicI64,
    total: AtomicI64,
    ended: AtomicBool,
    findings: Mutex<Vec<String>>,
    failed: AtomicBool,
}

impl ReplayJob {
    pub(in crate::application) fn new(replay: Replay, projections: Vec<&'static str>) -> Self {
        Self {
            replay,
            projections,
            done: AtomicI64::new(0),
            total: AtomicI64::new(0),
            ended: AtomicBool::new(false),
            findings: Mutex::default(),
            failed: AtomicBool::new(false),
        }
    }

    /// How many events of how many are done, in the part that is under way.
    pub fn progress(&self) -> (i64, i64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Whether it is over.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Whether something differs, or it could not go on.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// What it found, a line each.
    pub fn findings(&self) -> Vec<String> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(in crate::application) fn note(&self, line: String) {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub(in crate::application) fn note_failure(&self, line: String) {
        self.failed.store(true, Ordering::Relaxed);
        self.note(line);
    }
}

impl ReplayJob {
    /// It is over, however it ended.
    pub(in crate::application) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }
}

impl Progress for ReplayJob {
    fn step(&self, _: &str, done: i64, total: i64) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }
}
