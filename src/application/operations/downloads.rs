//! One download is one event: a program that goes on with a download that broke off gets the same bytes again, and is not
//! recorded once more.

use chrono::TimeDelta;
use cqrs_es::Aggregate;
use gatebook_aggregates::group::{Group, GroupEvent};
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppEvent};
use gatebook_aggregates::log_format::LogFormat;
use gatebook_aggregates::metadata::{Actor, ActorType};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::Query;

use crate::application::caller::{Caller, Wanted};
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::node::locks::KeyGuard;
use crate::application::operations::log_downloads::RecordedDownload;
use crate::log::read::{SELECT_EVENTS, events};
use crate::store::StoreError;

/// How long a download can be gone on with.
const GONE_ON_WITH_FOR: TimeDelta = TimeDelta::hours(1);
/// How many of the newest events of a stream are looked through for the download that is gone on with.
const LOOKED_THROUGH: i64 = 200;

impl Gatebook {
    /// One person's requests for parts of one log, an application's or a group's, are recorded one after the other, so that
    /// of several at once only one is.
    pub(in crate::application) async fn parts_in_order(&self, caller: &Caller, scope: &str) -> Option<KeyGuard<'_>> {
        match caller.wants {
            Wanted::Part => {
                let key = format!("{} {scope}", caller.principal_key());
                Some(self.parts_of_downloads.lock(&key).await)
            }
            Wanted::Whole | Wanted::HeadersOnly => None,
        }
    }

    /// The recorded download of an application's log that a request for a part goes on with, if there is one.
    ///
    /// # Errors
    /// As for the application itself, for whoever may not read it.
    pub(in crate::application) async fn begun_app_download(
        &self,
        caller: &Caller,
        app_id: AppId,
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Option<RecordedDownload>, Failure> {
        if caller.wants != Wanted::Part {
            return Ok(None);
        }
        let view = self.app(caller.reader()?, app_id).await?;
        let wanted = IntegrationAppEvent::ActivityLogDownloaded { format, from, to };
        let newest = self.newest_of::<IntegrationApp>(&app_id.to_string()).await?;
        let begun = self.begun::<IntegrationApp>(caller, &newest, &wanted);
        Ok(begun.map(|up_to_position| RecordedDownload {
            name: view.app().name.as_str().to_owned(),
            up_to_position,
        }))
    }

    /// The same, of a group's log.
    ///
    /// # Errors
    /// For whoever may not read it.
    pub(in crate::application) async fn begun_group_download(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Option<RecordedDownload>, Failure> {
        if caller.wants != Wanted::Part {
            return Ok(None);
        }
        let group = caller.reader()?.member.group();
        let wanted = GroupEvent::GroupActivityLogDownloaded { format, from, to };
        let newest = self.newest_of::<Group>(group_id.as_str()).await?;
        let begun = self.begun::<Group>(caller, &newest, &wanted);
        Ok(begun.map(|up_to_position| RecordedDownload {
            name: group.customer.name.as_str().to_owned(),
            up_to_position,
        }))
    }

    async fn newest_of<A: Aggregate>(&self, id: &str) -> Result<Vec<StoredEvent>, StoreError> {
        let sql =
            format!("{SELECT_EVENTS} where aggregate_type = $1 and aggregate_id = $2 order by sequence desc limit $3");
        let query = Query::new(sql, [A::TYPE.into(), id.into(), LOOKED_THROUGH.into()]);
        events(self.database().rows(query).await?)
    }

    /// The position of this event, if the caller caused it a short while ago.
    fn begun<A: Aggregate>(&self, caller: &Caller, newest: &[StoredEvent], wanted: &A::Event) -> Option<i64> {
        let Actor {
            actor_type, actor_id, ..
        } = caller.origin(None).actor;
        let is_theirs = |by: (ActorType, &str)| by == (actor_type, actor_id.as_str());
        let since = self.clock.now().plus(-GONE_ON_WITH_FOR);
        newest.iter().find_map(|stored| {
            let recorded = stored.read::<A>().ok()?;
            let by = (recorded.metadata.actor_type, recorded.metadata.actor_id.as_str());
            let theirs = recorded.event == *wanted && recorded.recorded_at > since && is_theirs(by);
            theirs.then_some(recorded.position)
        })
    }
}
