//! Rehearsing a change of a group, which may stop something of many applications.

use std::sync::Arc;

use gatebook_aggregates::group::{Customer, Group, GroupCommandEnvelope, GroupPrincipal};
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::app_list::{Filter, Sort};
use gatebook_projections::projection::Projection;
use gatebook_projections::token_gate::{self, GateFacts, TokenGate};

use super::{GroupChange, Rehearsal, UsageWindow};
use crate::application::authorization::Operator;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::store::StoreError;
use crate::usage::{self, FirstDays};

/// How many applications are looked at.
const APPS_MAX: u32 = 200;

impl Gatebook {
    /// What a change of a group would have stopped of its applications: of the first [`APPS_MAX`] by name, if there are more.
    /// Nothing is changed, and no event is written.
    ///
    /// # Errors
    /// Whatever the real command would be refused with; `TooManyReads`; the usage cannot be read.
    pub async fn rehearse_in_group(
        &self,
        operator: Operator<'_>,
        group_id: &GroupId,
        change: GroupChange,
    ) -> Result<Rehearsal, Failure> {
        let group = self.latest_group(group_id).await?;
        let entity = change.entity().cloned();
        let envelope = GroupCommandEnvelope {
            by: GroupPrincipal::Operator,
            command: change.command(&group.customer),
        };
        let events = Group::Registered(Box::new(group.customer.clone())).decide(envelope)?;
        let mut customer = group.customer.clone();
        events.iter().for_each(|event| customer.record(event.subject()));

        let filter = Filter {
            group_id: Some(group_id.clone()),
            entity: entity.clone(),
            ..Filter::default()
        };
        let listed = self.all_apps(operator, &filter, Sort::Name, None, APPS_MAX).await?;
        let running = listed.items.iter().filter(|view| view.app().status != Status::Revoked);
        let ids: Vec<AppId> = running.map(|view| view.app().app_id).collect();

        let _slot = self.read_slot(operator.caller).await?;
        let now = self.clock.now();
        let since = UsageWindow::looked_at(now);
        let calls = usage::recorded_calls(self.database(), &ids, since, entity.as_ref()).await?;
        let first = usage::first_days(self.database(), AppId::from_uuid(uuid::Uuid::nil())).await?;
        let window = UsageWindow::of(now, None, FirstDays { of_app: None, ..first });
        let mut apps = Vec::with_capacity(ids.len());
        for before in self.facts_of(&ids, &group.customer).await? {
            let of_app = calls.get(&before.app.app_id).map(Vec::as_slice).unwrap_or_default();
            let mut rehearsed = self
                .rehearsed(&before, &before.in_group(&customer), of_app, window)
                .await?;
            // What is read is only about this one.
            rehearsed
                .unused
                .retain(|unused| entity.as_ref().is_none_or(|entity| unused.entity_id == *entity));
            apps.push(rehearsed);
        }
        apps.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
        Ok(Rehearsal {
            window,
            apps,
            has_more: listed.next.is_some(),
            group,
        })
    }

    async fn facts_of(&self, apps: &[AppId], customer: &Customer) -> Result<Vec<GateFacts>, Failure> {
        let list = self.database().dialect().list("$1");
        let rows = self.database().rows(token_gate::by_ids(&list, apps)).await?;
        let rows = rows.into_iter().map(TokenGate::row).collect::<Result<Vec<_>, _>>();
        let rows = rows.map_err(StoreError::from)?;
        if rows.len() < apps.len() {
            return Err(Refusal::NotFound.into());
        }
        let facts = rows
            .into_iter()
            .map(|row| GateFacts::of_new_token(Arc::new(row), customer));
        Ok(facts.collect())
    }
}
