//! What would have been stopped: a change is decided like the real command, with its rights and refusals, and not committed. The
//! facts after it are folded from its events, and the gate is asked about the calls that were counted.

mod change;
mod granted;
mod of_app;
mod of_group;
mod window;

use std::sync::Arc;

use gatebook_aggregates::identifiers::{AppId, EntityId};
use gatebook_aggregates::rehearsal::{CallSum, Rehearsed};
use gatebook_aggregates::text::AppName;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;

pub use change::{AppChange, GroupChange};
pub use granted::UnusedGrants;
pub use window::{REHEARSED_DAYS, UsageWindow};

/// What a change would have stopped.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// The days that the figures cover.
    pub window: UsageWindow,
    /// The applications that it is about.
    pub apps: Vec<AppRehearsal>,
    /// Whether there are more than were looked at.
    pub has_more: bool,
    /// Their group before the change, which names its entities.
    pub group: Arc<GroupRow>,
}

/// What it would have stopped of one application.
#[derive(Clone, Debug)]
pub struct AppRehearsal {
    pub app_id: AppId,
    /// R6: its name.
    pub name: AppName,
    /// How many entities it opens before the change.
    pub opened: usize,
    /// What becomes of the calls.
    pub rehearsed: Rehearsed,
    /// Entities that it would lose and did not use.
    pub unused: Vec<UnusedEntity>,
}

/// An entity that was not used in the days that the figures cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedEntity {
    pub entity_id: EntityId,
    /// When it was used last, before these days; none if never.
    pub last_used_at: Option<Timestamp>,
}

impl Rehearsal {
    /// Calls of all applications that would have been refused.
    pub fn stopped(&self) -> CallSum {
        self.sum(Rehearsed::stopped_in_all)
    }

    /// Calls of all applications of which it is not known.
    pub fn not_known(&self) -> CallSum {
        self.sum(Rehearsed::not_known)
    }

    /// Calls of all applications that would be refused today without the change, too.
    pub fn stopped_already(&self) -> CallSum {
        self.sum(|rehearsed| rehearsed.stopped_already)
    }

    /// Calls of all applications that would have passed.
    pub fn unaffected(&self) -> CallSum {
        self.sum(|rehearsed| rehearsed.unaffected)
    }

    /// A sum of all applications.
    pub fn sum(&self, of: impl Fn(&Rehearsed) -> CallSum) -> CallSum {
        let mut sum = CallSum::default();
        self.apps.iter().for_each(|app| sum.merge(of(&app.rehearsed)));
        sum
    }
}
