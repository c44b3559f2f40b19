//! Counting in memory. A check takes one lock that hardly anybody else holds, looks up two names and adds: it allocates nothing
//! but for the first check of its kind since the last write.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use gatebook_aggregates::api_permission::Access;
use gatebook_aggregates::gate::Verdict;
use gatebook_aggregates::identifiers::{AppId, ClientSecretId, GroupId};
use gatebook_aggregates::timestamp::Timestamp;

use super::batch::Batch;
use super::hour::{Day, Hour};
use super::refusals::{Newest, Refusal};
use super::{TOKENS_ISSUED, TOKENS_REFUSED};

/// Threads share a part of the memory only when there are more of them than parts.
const PARTS: usize = 16;
/// How many refusals one part holds until the next write, of all applications together. Others are counted, and not shown.
const REFUSALS_PER_PART_MAX: usize = 1_000;

/// What was counted and is not written yet.
#[derive(Default)]
pub struct UsageCounter {
    parts: [Part; PARTS],
    /// Taken out and not written yet, because it is being written or could not be.
    pub(super) unwritten: tokio::sync::Mutex<Batch>,
}

/// Alone in its cache lines, so that threads that count do not slow each other down.
#[derive(Default)]
#[repr(align(128))]
struct Part(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    apps: HashMap<AppId, AppCounts>,
    refusals: usize,
}

struct AppCounts {
    group_id: GroupId,
    hours: Vec<(Hour, &'static str, u64)>,
    /// By entity; under the empty name those that named none, or none of the group.
    entities: HashMap<Box<str>, Vec<Checks>>,
    last_used: Option<Timestamp>,
    refusals: Newest,
}

/// Checks of one kind, of one entity.
pub(super) struct Checks {
    pub(super) kind: Kind,
    pub(super) allowed: u64,
    pub(super) refused: u64,
    pub(super) last_at: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) day: Day,
    pub(super) access: Option<Access>,
    pub(super) client_secret_id: Option<ClientSecretId>,
}

/// Checks of one kind that were answered.
#[derive(Clone, Copy)]
pub struct CheckCounted<'a> {
    pub app_id: AppId,
    pub group_id: &'a GroupId,
    /// One of the group's entities, so that nobody fills memory and tables with names that they make up.
    pub entity: Option<&'a str>,
    pub access: Option<Access>,
    pub client_secret_id: Option<ClientSecretId>,
    pub verdict: Verdict,
    pub at: Timestamp,
    pub count: u64,
}

impl UsageCounter {
    /// Counts checks.
    pub fn checked(&self, check: &CheckCounted<'_>) {
        self.part().app(check.app_id, check.group_id).checked(check);
    }

    /// Keeps a refusal, which is counted as well.
    pub fn refused(&self, app_id: AppId, group_id: &GroupId, refusal: Refusal) {
        let mut part = self.part();
        if part.refusals < REFUSALS_PER_PART_MAX {
            part.refusals += part.app(app_id, group_id).refusals.add(refusal);
        }
    }

    /// Counts an access token that was issued.
    pub fn token_issued(&self, app_id: AppId, group_id: &GroupId, at: Timestamp) {
        self.part().app(app_id, group_id).add(Hour::of(at), TOKENS_ISSUED, 1);
    }

    /// Counts a request for an access token that was refused.
    pub fn token_refused(&self, app_id: AppId, group_id: &GroupId, at: Timestamp) {
        self.part().app(app_id, group_id).add(Hour::of(at), TOKENS_REFUSED, 1);
    }

    /// Takes out all that was counted.
    pub(super) fn take_into(&self, batch: &mut Batch) {
        for Part(part) in &self.parts {
            let counts = std::mem::take(&mut *part.lock().unwrap_or_else(PoisonError::into_inner));
            for (app_id, counted) in counts.apps {
                counted.move_into(app_id, batch);
            }
        }
    }

    fn part(&self) -> MutexGuard<'_, Counts> {
        // There is one part at least.
        let Part(part) = &self.parts[own_number() % PARTS];
        part.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of this thread.
fn own_number() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: Cell<usize> = Cell::new(THREADS.fetch_add(1, Ordering::Relaxed));
    }
    NUMBER.get()
}

impl Counts {
    fn app(&mut self, app_id: AppId, group_id: &GroupId) -> &mut AppCounts {
        self.apps.entry(app_id).or_insert_with(|| AppCounts {
            group_id: group_id.clone(),
            hours: Vec::new(),
            entities: HashMap::new(),
            last_used: None,
            refusals: Newest::default(),
        })
    }
}

impl AppCounts {
    fn add(&mut self, hour: Hour, what: &'static str, count: u64) {
        // The current hour is at the end, with a few reasons at most.
        let counted = self.hours.iter_mut().rev();
        match counted
            .into_iter()
            .find(|(of, counted, _)| *of == hour && *counted == what)
        {
            Some((_, _, counted)) => *counted += count,
            None => self.hours.push((hour, what, count)),
        }
    }

    fn checked(&mut self, check: &CheckCounted<'_>) {
        let hour = Hour::of(check.at);
        self.add(hour, check.verdict.code(), check.count);
        let kind = Kind {
            day: hour.day(),
            access: check.access,
            client_secret_id: check.client_secret_id,
        };
        let is_allowed = check.verdict == Verdict::Ok;
        if is_allowed {
            self.last_used = self.last_used.max(Some(check.at));
        }
        let entity = check.entity.unwrap_or_default();
        let kinds = match self.entities.get_mut(entity) {
            Some(kinds) => kinds,
            None => self.entities.entry(entity.into()).or_default(),
        };
        let checks = match kinds.iter().position(|checks| checks.kind == kind) {
            Some(index) => &mut kinds[index],
            None => {
                let index = kinds.len();
                kinds.push(Checks {
                    kind,
                    allowed: 0,
                    refused: 0,
                    last_at: check.at,
                });
                &mut kinds[index]
            }
        };
        checks.last_at = checks.last_at.max(check.at);
        match is_allowed {
            true => checks.allowed += check.count,
            false => checks.refused += check.count,
        }
    }

    fn move_into(self, app_id: AppId, batch: &mut Batch) {
        batch.groups.insert(app_id, self.group_id);
        for (hour, what, count) in self.hours {
            batch.add(app_id, hour, what, count);
        }
        for (entity, kinds) in self.entities {
            kinds
                .into_iter()
                .for_each(|checks| batch.add_checks(app_id, &entity, &checks));
        }
        if let Some(at) = self.last_used {
            batch.used(app_id, at);
        }
        batch.add_refusals(app_id, self.refusals);
    }
}
