//! Whether groups have room for another application, counted under the log's lock: creations that race do not get past it
//! together.

use std::collections::BTreeMap;

use super::append::{Append, AppendError, GroupRoom};

/// How many applications that are not revoked the groups have in which somebody creates one.
#[derive(Default)]
pub(super) struct Applications(BTreeMap<String, i64>);

impl Applications {
    /// Takes note of how many a group has.
    pub(super) fn counted(&mut self, group_id: String, applications: i64) {
        self.0.insert(group_id, applications);
    }

    /// Whether there is room for the application that an append creates.
    pub(super) fn check(&self, append: &Append) -> Result<(), AppendError> {
        match &append.room {
            Some(room) if self.of(room) >= i64::from(room.applications_max) => Err(AppendError::ApplicationLimit {
                applications_max: room.applications_max,
            }),
            _ => Ok(()),
        }
    }

    /// Takes note of an application that an append of the batch creates.
    pub(super) fn created(&mut self, append: &Append) {
        if let Some(room) = &append.room {
            *self.0.entry(room.group_id.clone()).or_default() += 1;
        }
    }

    fn of(&self, room: &GroupRoom) -> i64 {
        self.0.get(&room.group_id).copied().unwrap_or_default()
    }
}
