//! Rehearsing a change of an application.

use std::collections::BTreeSet;
use std::sync::Arc;

use gatebook_aggregates::api_permission::Access;
use gatebook_aggregates::group::Group;
use gatebook_aggregates::identifiers::{AppId, EntityId, GroupId};
use gatebook_aggregates::integration_app::{AppCommandEnvelope, IntegrationApp};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::rehearsal::{Effect, RecordedCalls, Rehearsal as Rehearsing};
use gatebook_projections::groups::{GroupRow, Groups};
use gatebook_projections::token_gate::{GateFacts, TokenGate};

use super::{AppChange, AppRehearsal, Rehearsal, UnusedEntity, UsageWindow};
use crate::application::authorization::Manager;
use crate::application::caller::{Caller, Who};
use crate::application::command::run_app::group_facts;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::request_log::note_app;
use crate::store::StoreError;
use crate::usage;

impl Gatebook {
    /// What a change of an application would have stopped. Nothing is changed, and no event is written.
    ///
    /// # Errors
    /// Whatever the real command would be refused with; `TooManyReads`; the usage cannot be read.
    pub async fn rehearse(&self, caller: &Caller, app_id: AppId, change: AppChange) -> Result<Rehearsal, Failure> {
        note_app(app_id);
        let stream = self
            .log
            .load_latest::<IntegrationApp>(&app_id.to_string())
            .await?
            .whole()?;
        let app = stream.aggregate.created()?;
        // R4: users are answered about their own group, and the command refuses what is another's.
        let group_id = match &caller.who {
            Who::GroupUser(member) => member.group_id(),
            _ => &app.group_id,
        };
        let group = self.latest_group(group_id).await?;
        let row = stream.row::<TokenGate>().ok_or(Refusal::NotFound)?;
        let before = GateFacts::of_new_token(row, &group.customer);
        let after = match change.command() {
            Some(command) => {
                let envelope = AppCommandEnvelope {
                    at: self.clock.now(),
                    by: caller.principal_in(&group)?,
                    group: group_facts(&group),
                    command,
                };
                before.after(&stream.aggregate.decide(envelope)?)
            }
            None => {
                self.require_own(caller.manager()?, &group, &app.group_id)?;
                before.reading_only()
            }
        };
        let _slot = self.read_slot(caller).await?;
        let now = self.clock.now();
        let calls = usage::recorded_calls(self.database(), &[app_id], UsageWindow::looked_at(now), None).await?;
        let first = usage::first_days(self.database(), app_id).await?;
        let created_at = stream.history.first().map(|event| event.recorded_at);
        let window = UsageWindow::of(now, created_at, first);
        let calls = calls.get(&app_id).map(Vec::as_slice).unwrap_or_default();
        let rehearsed = self.rehearsed(&before, &after, calls, window).await?;
        Ok(Rehearsal {
            window,
            apps: vec![rehearsed],
            has_more: false,
            group,
        })
    }

    fn require_own(&self, _: Manager<'_>, group: &GroupRow, group_id: &GroupId) -> Result<(), Failure> {
        match group.group_id == *group_id {
            true => Ok(()),
            false => Err(Refusal::NotFound.into()),
        }
    }

    /// The group as commands are decided on it.
    pub(super) async fn latest_group(&self, group_id: &GroupId) -> Result<Arc<GroupRow>, Failure> {
        let stream = self.log.load_latest::<Group>(group_id.as_str()).await?.whole()?;
        Ok(stream.row::<Groups>().ok_or(Refusal::NotFound)?)
    }

    /// What becomes of calls of one application between these facts.
    pub(super) async fn rehearsed(
        &self,
        before: &GateFacts,
        after: &GateFacts,
        calls: &[RecordedCalls],
        window: UsageWindow,
    ) -> Result<AppRehearsal, StoreError> {
        let entities: Vec<_> = before.entities().cloned().collect();
        let rehearsal = Rehearsing {
            before,
            after,
            entities: &entities,
            now: window.until,
        };
        let used: BTreeSet<_> = calls.iter().filter_map(|calls| calls.entity.as_ref()).collect();
        let is_lost = |entity: &EntityId| {
            let calls = RecordedCalls {
                entity: Some(entity.clone()),
                access: Some(Access::Read),
                client_secret_id: None,
                allowed: 0,
                last_at: window.until,
            };
            matches!(rehearsal.effect(&calls), Effect::Stops(_))
        };
        let unused = entities
            .iter()
            .filter(|entity| !used.contains(entity) && is_lost(entity));
        let unused: Vec<_> = unused.cloned().collect();
        Ok(AppRehearsal {
            app_id: before.app.app_id,
            name: before.app.name.clone(),
            opened: entities.len(),
            rehearsed: rehearsal.of(calls),
            unused: self.with_last_use(before.app.app_id, unused, window).await?,
        })
    }

    /// Entities without a call in these days, each with its last use before.
    pub(super) async fn with_last_use(
        &self,
        app_id: AppId,
        unused: Vec<EntityId>,
        window: UsageWindow,
    ) -> Result<Vec<UnusedEntity>, StoreError> {
        if unused.is_empty() {
            return Ok(Vec::new());
        }
        let last = usage::last_used_before(self.database(), app_id, UsageWindow::looked_at(window.until)).await?;
        let with_last = |entity_id: EntityId| UnusedEntity {
            last_used_at: last.get(&entity_id).copied(),
            entity_id,
        };
        Ok(unused.into_iter().map(with_last).collect())
    }
}
