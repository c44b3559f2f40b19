//! Reading the projections: one line per question.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::{AppId, DeveloperId, GroupId};
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::app_list::{self, AppCounts, AppListed, AttentionAt, Cursor, Filter, Sort};
use gatebook_projections::developers::{self, DeveloperRow, Developers};
use gatebook_projections::groups::{self, GroupRow, Groups};
use gatebook_projections::part_search::PartSearch;
use gatebook_projections::portal_apps::{self, PortalAppRow, PortalApps};
use gatebook_projections::projection::Projection;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::{Query, Value};

use crate::activity_log::newest_first;
use crate::application::apps::view::AppView;
use crate::application::authorization::{Operator, Reader};
use crate::application::caller::Caller;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::node::read_slots::ReadSlot;
use crate::request_log::note_app;
use crate::store::StoreError;

/// A page of a list.
pub struct ListPage<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}

/// A page of an application's events, newest first.
pub struct EventsPage {
    /// What happened.
    pub events: Vec<StoredEvent>,
    /// Before which position the next page begins; none on the last.
    pub next: Option<i64>,
}

impl Gatebook {
    /// The group with this id.
    pub async fn group(&self, id: &GroupId) -> Result<Option<GroupRow>, StoreError> {
        self.one::<Groups>(groups::by_id(id)).await
    }

    /// All groups, for an operator.
    pub async fn groups(&self, operator: Operator<'_>) -> Result<Vec<GroupRow>, Failure> {
        let rows = self.read(operator.caller, groups::all()).await?;
        let groups = rows.into_iter().map(Groups::row).collect::<Result<_, _>>();
        Ok(groups.map_err(StoreError::from)?)
    }

    /// The developer with this account.
    pub(in crate::application) async fn developer(&self, id: DeveloperId) -> Result<Option<DeveloperRow>, StoreError> {
        self.one::<Developers>(developers::by_id(id)).await
    }

    /// R9: the developer with this address.
    pub(in crate::application) async fn developer_by_email(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<DeveloperRow>, StoreError> {
        self.one::<Developers>(developers::by_email(email)).await
    }

    /// R20: the account of the developer who is linked to an application, if they have one.
    pub(in crate::application) async fn linked_account(
        &self,
        app_id: &str,
    ) -> Result<Option<DeveloperRow>, StoreError> {
        self.one::<Developers>(developers::linked_to(app_id)).await
    }

    /// The application as portal and operators see it.
    pub(in crate::application) async fn portal_app(&self, id: AppId) -> Result<Option<PortalAppRow>, StoreError> {
        note_app(id);
        self.one::<PortalApps>(portal_apps::by_id(id)).await
    }

    /// R2-R4: an application of the reader's group.
    pub async fn app(&self, reader: Reader<'_>, id: AppId) -> Result<AppView, Failure> {
        let group = reader.member.group();
        let listed = self.listed(id).await?;
        let listed = listed.filter(|listed| listed.app.group_id == group.group_id);
        Ok(AppView::new(
            listed.ok_or(Refusal::NotFound)?,
            group.clone(),
            self.clock.now(),
        ))
    }

    /// R2-R4: a page of the applications of the reader's group.
    pub async fn apps(
        &self,
        reader: Reader<'_>,
        filter: Filter,
        sort: Sort,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<ListPage<AppView>, Failure> {
        let group = reader.member.group();
        let filter = Filter {
            group_id: Some(group.group_id.clone()),
            attention_at: self.attention_at(&filter, group),
            ..filter
        };
        let page = self.page(reader.caller, &filter, sort, after, limit).await?;
        let now = self.clock.now();
        let items = page
            .items
            .into_iter()
            .map(|listed| AppView::new(listed, group.clone(), now))
            .collect();
        Ok(ListPage { items, next: page.next })
    }

    /// R2-R4: how many applications the reader's group has, by status.
    pub async fn app_counts(&self, reader: Reader<'_>) -> Result<AppCounts, Failure> {
        let rows = self
            .read(reader.caller, app_list::counts(&reader.member.group().group_id))
            .await?;
        Ok(AppCounts::read(rows).map_err(StoreError::from)?)
    }

    /// As of when a filter asks for what needs attention. R1: off the plan, nothing does.
    pub(in crate::application) fn attention_at(&self, filter: &Filter, group: &GroupRow) -> Option<AttentionAt> {
        let is_on_plan = group.customer.product_plan.has_integration_apps();
        let asked = filter.attention.is_some() && is_on_plan;
        asked.then(|| AttentionAt {
            now: self.clock.now(),
            json: self.database().dialect().json_lists(),
        })
    }

    /// A page of all groups' applications, for operators.
    pub async fn all_apps(
        &self,
        operator: Operator<'_>,
        filter: &Filter,
        sort: Sort,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<ListPage<AppView>, Failure> {
        let filter = &self.of_a_group_if_by_attention(filter).await?;
        let page = self.page(operator.caller, filter, sort, after, limit).await?;
        let mut groups: BTreeMap<GroupId, Arc<GroupRow>> = BTreeMap::new();
        let mut items = Vec::with_capacity(page.items.len());
        for listed in page.items {
            let group = match groups.get(&listed.app.group_id) {
                Some(group) => group.clone(),
                None => Arc::new(self.group(&listed.app.group_id).await?.ok_or(Refusal::NotFound)?),
            };
            groups.insert(listed.app.group_id.clone(), group.clone());
            items.push(AppView::new(listed, group, self.clock.now()));
        }
        Ok(ListPage { items, next: page.next })
    }

    /// What needs attention is asked of one group: of all, every application would have to be looked at.
    async fn of_a_group_if_by_attention(&self, filter: &Filter) -> Result<Filter, Failure> {
        let attention_at = match (&filter.attention, &filter.group_id) {
            (None, _) => None,
            (Some(_), None) => {
                let message = "Name a group as well: “attention” is looked for in one group.";
                return Err(Refusal::field("attention", "invalid_attention", message).into());
            }
            (Some(_), Some(group_id)) => {
                let group = self.group(group_id).await?;
                group.and_then(|group| self.attention_at(filter, &group))
            }
        };
        Ok(Filter {
            attention_at,
            ..filter.clone()
        })
    }

    /// An application of any group.
    pub(in crate::application) async fn listed(&self, id: AppId) -> Result<Option<AppListed>, StoreError> {
        note_app(id);
        let rows = self.database().rows(app_list::by_id(id)).await?;
        Ok(rows.into_iter().next().map(AppListed::read).transpose()?)
    }

    /// R3: the newest events of an application of the reader's group; those before a position,
    /// if there is one. R28: that they are read is recorded.
    pub async fn app_events(
        &self,
        reader: Reader<'_>,
        id: AppId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<EventsPage, Failure> {
        let view = self.app(reader, id).await?;
        // One more than asked for tells whether there is a next page.
        let database = self.log.database.clone();
        let reading = async move { newest_first(&*database, id, before, limit + 1).await };
        let mut events = self.read_slots.run(reader.caller.principal_key(), reading).await??;
        let more = events.len() > limit as usize;
        events.truncate(limit as usize);
        let next = events.last().filter(|_| more).map(|last| last.position);
        self.record_timeline_view(reader, &view).await?;
        Ok(EventsPage { events, next })
    }

    async fn page(
        &self,
        caller: &Caller,
        filter: &Filter,
        sort: Sort,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<ListPage<AppListed>, Failure> {
        // One more than asked for tells whether there is a next page.
        let wanted = i64::from(limit) + 1;
        let search = self.database().dialect().part_search();
        let rows = if filter.has_text() && search == PartSearch::ByIndex {
            let among_first = app_list::page_among_first(filter, sort, after, wanted);
            let by_index = app_list::page_by_index(filter, sort, after, wanted);
            self.searched(caller, [among_first, by_index], wanted as usize).await?
        } else {
            let query = app_list::page(filter, sort, after, wanted, search);
            match filter.is_search() {
                true => self.searched(caller, [query], wanted as usize).await?,
                false => self.read(caller, query).await?,
            }
        };
        let more = rows.len() > limit as usize;
        let listed = rows.into_iter().take(limit as usize).map(AppListed::read);
        let items: Vec<AppListed> = listed.collect::<Result<_, _>>().map_err(StoreError::from)?;
        let next = items.last().filter(|_| more).map(|last| Cursor::after(sort, &last.app));
        Ok(ListPage { items, next })
    }

    /// The rows of the first of these queries that finds as many as are wanted, otherwise those of the last.
    async fn searched<const N: usize>(
        &self,
        caller: &Caller,
        queries: [Query; N],
        wanted: usize,
    ) -> Result<Vec<Vec<Value>>, Failure> {
        let (database, slots, principal) = (
            self.log.database.clone(),
            self.search_slots.clone(),
            caller.principal_key(),
        );
        let search = async move {
            let mut rows = Vec::new();
            for query in queries {
                rows = database.rows(query).await?;
                if rows.len() >= wanted {
                    break;
                }
            }
            Ok::<_, StoreError>(rows)
        };
        let search = async move { slots.run(principal, search).await };
        Ok(self.read_slots.run(caller.principal_key(), search).await???)
    }

    async fn read(&self, caller: &Caller, query: Query) -> Result<Vec<Vec<Value>>, Failure> {
        let database = self.log.database.clone();
        let reading = async move { database.rows(query).await };
        Ok(self.read_slots.run(caller.principal_key(), reading).await??)
    }

    /// A slot of the caller's, for a list or a download to hold until it ends.
    ///
    /// # Errors
    /// `TooManyReads` when as many lists, searches and downloads of theirs are under way as one may have.
    pub async fn read_slot(&self, caller: &Caller) -> Result<ReadSlot, Failure> {
        self.read_slots.take(caller.principal_key()).await
    }

    pub(in crate::application) async fn one<P: Projection>(&self, query: Query) -> Result<Option<P::Row>, StoreError> {
        let rows = self.database().rows(query).await?;
        Ok(rows.into_iter().next().map(P::row).transpose()?)
    }
}
