//! R28: once a day is over, what a group's applications were used for becomes an event of the log: the totals, and the hash of
//! the rows that they were added up from.

use std::collections::BTreeMap;
use std::sync::Mutex;

use futures::FutureExt;
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::metadata::{Actor, ActorType};
use gatebook_aggregates::text::AppName;
use gatebook_aggregates::usage::{RecordUsage, Usage, UsageEvent, UsedApplication};
use gatebook_projections::sql::{Query, RowError, RowReader, Value};
use sha2::{Digest, Sha256};

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::{CommandContext, Origin, SideEffects};
use crate::store::StoreError;
use crate::usage::{self, Bucket, DAY_RECORDED_AFTER, Day};

impl Gatebook {
    /// Records the usage of every group on every day that is over and not recorded yet, oldest first: also of days on which
    /// no node ran to record it. Whoever else records the same makes no difference.
    ///
    /// # Errors
    /// The database cannot be read or written. What was not recorded is recorded the next time.
    pub async fn record_usage(&self) -> Result<(), Failure> {
        let open = Day::of(self.clock.now().plus(-DAY_RECORDED_AFTER));
        for (day, group) in usage::unrecorded(self.database(), open).await? {
            let Ok(group_id) = GroupId::parse(&group) else { continue };
            self.record_usage_of(&group_id, &day).await?;
            usage::forget_unrecorded(self.database(), &day, &group_id).await?;
        }
        Ok(())
    }

    async fn record_usage_of(&self, group_id: &GroupId, day: &str) -> Result<(), Failure> {
        let counted = usage::group_day(self.database(), day, group_id).await?;
        let names = self.names_of(counted.keys().copied().collect()).await?;
        let used = counted.into_iter();
        let applications = used
            .filter_map(|(app_id, bucket)| Some(used_application(app_id, names.get(&app_id)?.clone(), bucket)))
            .collect();
        let event = UsageEvent::UsageRecorded {
            day: day.to_owned(),
            applications,
            rows_hash: hash_of(&usage::rows_of_group_day(self.database(), day, group_id).await?),
        };
        let stream_id = Usage::stream_id(group_id, day);
        self.retry(|_| self.try_record_usage(&stream_id, &event).boxed()).await
    }

    async fn try_record_usage(&self, stream_id: &str, event: &UsageEvent) -> Result<(), Failure> {
        let context = CommandContext {
            origin: Origin {
                actor: Actor {
                    actor_type: ActorType::System,
                    actor_id: String::new(),
                    actor_name: String::new(),
                },
                ip_address: String::new(),
                request_id: String::new(),
                read_only: false,
            },
            require: &|_| Ok(()),
            preconditions: Vec::new(),
            idempotency: None,
            // Nothing is decided by what was counted before.
            despite_unreadable: true,
            stream: Mutex::default(),
            audited_read: None,
            side_effects: &|_: &Usage, _: &[UsageEvent]| Ok(SideEffects::default()),
        };
        let command = RecordUsage(event.clone());
        self.log.execute::<Usage>(stream_id, command, context).await?;
        Ok(())
    }

    async fn names_of(&self, apps: Vec<AppId>) -> Result<BTreeMap<AppId, AppName>, StoreError> {
        let list = self.database().dialect().list("$1");
        let sql = format!("select app_id, name from app_list where app_id in ({list})");
        let rows = self.database().rows(Query::new(sql, [Value::json(&apps)])).await?;
        let read = rows.into_iter().map(|row| {
            let mut row = RowReader::new("app_list", row);
            Ok((row.uuid()?.into(), row.value()?))
        });
        read.collect::<Result<_, RowError>>().map_err(StoreError::from)
    }
}

fn used_application(app_id: AppId, app_name: AppName, bucket: Bucket) -> UsedApplication {
    UsedApplication {
        app_id,
        app_name,
        tokens_issued: bucket.tokens_issued,
        tokens_refused: bucket.tokens_refused,
        allowed: bucket.checks_allowed,
        refused: bucket.refused,
    }
}

/// The hash of the rows, each followed by a line feed.
fn hash_of(rows: &[String]) -> String {
    let mut hash = Sha256::new();
    for row in rows {
        hash.update(row);
        hash.update("\n");
    }
    hex::encode(hash.finalize())
}
