//! Whether groups have room for another application, counted under the log's lock: creations that race do not get past it
//! together.

use std::collections::{BTreeMap, BTreeSet};

use gatebook_aggregates::integration_app::Status;
use gatebook_projections::app_list::AppList;
use gatebook_projections::projection::Projection;
use gatebook_projections::sql::{Query, Value};

use super::append::{Append, AppendError, GroupRoom};
use crate::store::{StoreError, Transaction};

/// How many applications that are not revoked the groups have in which somebody creates one.
#[derive(Default)]
pub(super) struct Applications(BTreeMap<String, i64>);

impl Applications {
    /// Counts them; asks nothing where nobody creates one.
    pub(super) async fn read(transaction: &mut dyn Transaction, appends: &[Append]) -> Result<Self, StoreError> {
        let rooms = appends.iter().filter_map(|append| append.room.as_ref());
        let groups: BTreeSet<&str> = rooms.map(|room| room.group_id.as_str()).collect();
        if groups.is_empty() {
            return Ok(Self::default());
        }
        let sql = format!(
            "select group_id, count(*) from {} where group_id in ({}) and status <> $2 group by group_id",
            AppList::NAME,
            transaction.dialect().list("$1")
        );
        let args = [Value::json(&groups), <&str>::from(Status::Revoked).into()];
        let rows = transaction.rows(Query::new(sql, args)).await?;
        let counted = rows.into_iter().filter_map(|row| match row.as_slice() {
            [Value::Text(group), Value::Int(count)] => Some((group.clone(), *count)),
            _ => None,
        });
        Ok(Self(counted.collect()))
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
