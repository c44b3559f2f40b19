//! What an admin sees first: how many applications there are, which of them need attention, and what happened lately.

use cqrs_es::Aggregate;
use gatebook_aggregates::group::{Group, GroupEvent};
use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppEvent};
use gatebook_projections::app_list::{self, AppCounts, Filter, NeedsAttention, Sort};
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::Query;

use crate::application::apps::AppView;
use crate::application::authorization::Reader;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::read::{SELECT_EVENTS, events};
use crate::store::StoreError;

/// How many applications a home page, and an e-mail, names of those that need attention.
pub const ATTENTION_SHOWN: u32 = 50;
/// How many events it tells.
const EVENTS: usize = 6;
/// Among how many of the group's newest events those are: the others are about sessions, tokens and looks.
const AMONG: usize = 100;

/// The home page of a group.
pub struct GroupHome {
    /// How many applications there are.
    pub counts: AppCounts,
    /// Those that need attention, the most urgent first.
    pub attention: Vec<AppView>,
    /// Whether there are more.
    pub more: bool,
    /// The newest changes of applications and of the group.
    pub recent: Vec<StoredEvent>,
}

impl Gatebook {
    /// R2-R4: the home page of the reader's group. What it tells of the log are changes that the lists show as well, so it
    /// is no look at the log that would be recorded (R28).
    ///
    /// # Errors
    /// `TooManyReads`; the database failed.
    pub async fn group_home(&self, reader: Reader<'_>) -> Result<GroupHome, Failure> {
        let group_id = reader.member.group_id();
        let rows = self.database().rows(app_list::counts(group_id)).await?;
        let (attention, more) = self.needing_attention(reader).await?;
        Ok(GroupHome {
            counts: AppCounts::read(rows).map_err(StoreError::from)?,
            attention,
            more,
            recent: self.recent_changes(group_id).await?,
        })
    }

    /// R2-R4: the applications of the reader's group that need attention, the most urgent first, and whether there are more.
    pub(in crate::application) async fn needing_attention(
        &self,
        reader: Reader<'_>,
    ) -> Result<(Vec<AppView>, bool), Failure> {
        let filter = Filter {
            attention: Some(NeedsAttention::ANY),
            ..Filter::default()
        };
        let page = self
            .apps(reader, filter, Sort::default(), None, ATTENTION_SHOWN)
            .await?;
        let mut views = page.items;
        views.sort_by_key(|view| view.attention().first().copied());
        Ok((views, page.next.is_some()))
    }

    async fn recent_changes(&self, group_id: &GroupId) -> Result<Vec<StoredEvent>, StoreError> {
        let sql =
            format!("{SELECT_EVENTS} where group_id = $1 and group_id <> '' order by position desc limit {AMONG}");
        let newest = events(
            self.database()
                .rows(Query::new(sql, [group_id.as_str().into()]))
                .await?,
        )?;
        Ok(newest.into_iter().filter(is_change).take(EVENTS).collect())
    }
}

/// Whether it changed an application or its group, and is no matter of one user's account.
fn is_change(event: &StoredEvent) -> bool {
    let name = event.event_type.as_str();
    match event.aggregate_type.as_str() {
        IntegrationApp::TYPE => !IntegrationAppEvent::AUDITED_READS.contains(&name),
        Group::TYPE => !GroupEvent::AUDITED_READS.contains(&name) && !name.starts_with("UserToken"),
        _ => false,
    }
}
