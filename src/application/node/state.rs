//! The small states of a node: one value each, behind a lock or an atomic.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Instant;

use tokio::sync::Mutex;

use crate::application::node::replay_job::ReplayJob;

/// When the database was asked for metrics last. Scrapes that come meanwhile wait for the same answer.
#[derive(Default)]
pub struct Measurements(pub(in crate::application) Mutex<Option<Instant>>);

/// How many unreadable events were found last.
#[derive(Default)]
pub struct UnreadableWatch(pub(in crate::application) Mutex<Option<LastCount>>);

/// A count of unreadable events.
#[derive(Clone, Copy)]
pub(in crate::application) struct LastCount {
    pub(in crate::application) at: Instant,
    pub(in crate::application) count: i64,
}

/// Whether this node is about to end.
#[derive(Default)]
pub struct Draining(pub(in crate::application) AtomicBool);

/// The rebuild or verification that an operator started last on this node.
#[derive(Default)]
pub struct LatestReplay(pub(in crate::application) StdMutex<Option<Arc<ReplayJob>>>);
