//! Commands that stop something: of an application, of a group, of the installation.

use std::sync::Arc;

use gatebook_aggregates::group::{Group, GroupCommand, GroupCommandEnvelope, GroupEvent};
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::integration_app::{AppCommandEnvelope, IntegrationApp};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::system::{SYSTEM_ID, System};
use gatebook_projections::groups::{GroupRow, Groups};

use crate::application::command::consequences::app::AppContext;

use crate::application::command::consequences::group::GroupContext;

use crate::application::command::consequences::system::SystemContext;
use crate::application::command::request::Drawn;
use crate::application::command::run_app::{AppCommitted, AppRequest, group_facts};
use crate::application::command::run_group::{GroupRequest, group_principal};
use crate::application::command::run_system::SystemRequest;
use crate::application::command::section_versions::ExpectedVersion;
use crate::application::command::stop::{Decided, StopCommand};
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::idempotency_key::IdempotencyKey;
use crate::log::{Committed, Loaded};

impl Gatebook {
    /// R27: runs a command that stops an application, or something of it.
    pub(super) async fn stop_app(
        &self,
        group_id: &GroupId,
        app_id: AppId,
        expected: &ExpectedVersion,
        request: AppRequest<'_>,
    ) -> Result<AppCommitted, Failure> {
        let (gatebook, caller, expected) = (self.itself()?, request.caller.clone(), expected.clone());
        let command = request.command;
        // An account keeps its address, so it can be looked up before.
        let account = self.linked_account(&app_id.to_string()).await?;
        let decide = move |stream: &Loaded<IntegrationApp>, group: Option<&GroupRow>| -> Result<_, Failure> {
            let group = group.ok_or(Refusal::NotFound)?;
            let (by, facts) = (caller.principal_in(group)?, group_facts(group));
            expected.require(stream, &by, &facts)?;
            let events = stream.aggregate.decide(AppCommandEnvelope {
                at: gatebook.clock.now(),
                by,
                group: facts,
                command: command.clone(),
            })?;
            let after = stream.after(&events);
            let context = AppContext {
                caller: &caller,
                app_id,
                group,
                app: after.created()?,
                is_new: false,
                account: account.as_ref(),
                drawn: Drawn::Nothing,
                key: None,
            };
            Ok(Decided {
                side_effects: gatebook.app_consequences(&events, &context)?,
                origin: caller.origin(Some(group)),
                events,
            })
        };
        let command = StopCommand {
            caller: request.caller.clone(),
            id: app_id.to_string(),
            stops: |_| true,
            group_id: Some(group_id.clone()),
            idempotency: request.key.map(IdempotencyKey::request),
            decide: Box::new(decide),
        };
        let (committed, group) = self.stop(command).await?;
        Ok((committed, Arc::new(group.ok_or(Refusal::NotFound)?)))
    }

    /// R27: runs a command that stops something of a group, or the whole of it. `command` makes it from the group as it is
    /// under the log's lock; the command of the request only says what is wanted.
    pub(in crate::application) async fn stop_in_group(
        &self,
        group_id: &GroupId,
        request: GroupRequest<'_>,
        command: impl Fn(Option<&GroupRow>) -> Result<GroupCommand, Failure> + Send + Sync + 'static,
    ) -> Result<Committed<Group>, Failure> {
        let (gatebook, caller, id) = (self.itself()?, request.caller.clone(), group_id.clone());
        let guards = request.guards;
        // The stream is the group's own, and tells all of it.
        let decide = move |stream: &Loaded<Group>, _: Option<&GroupRow>| -> Result<_, Failure> {
            let group = stream.row::<Groups>();
            let group = group.as_deref();
            let by = group_principal(&caller, group)?;
            caller.conditions.if_match.require(stream.version_for_etag())?;
            let command = command(group)?;
            let events = stream.aggregate.decide(GroupCommandEnvelope { by, command })?;
            let context = GroupContext {
                group_id: &id,
                drawn: Drawn::Nothing,
            };
            let mut side_effects = gatebook.consequences_of::<Group>(&events, &context)?;
            side_effects.credential_guards.clone_from(&guards);
            Ok(Decided {
                side_effects,
                origin: caller.origin(group),
                events,
            })
        };
        let command = StopCommand {
            caller: request.caller.clone(),
            id: group_id.to_string(),
            stops: GroupEvent::takes_away,
            group_id: None,
            idempotency: None,
            decide: Box::new(decide),
        };
        Ok(self.stop(command).await?.0)
    }

    /// R27: runs a command that stops something of the whole installation.
    pub(super) async fn stop_in_system(&self, request: SystemRequest<'_>) -> Result<Committed<System>, Failure> {
        let (gatebook, origin) = (self.itself()?, request.caller.origin(None));
        let command = request.command;
        let decide = move |stream: &Loaded<System>, _: Option<&GroupRow>| -> Result<_, Failure> {
            let events = stream.aggregate.decide(command.clone())?;
            let drawn = Drawn::Nothing;
            Ok(Decided {
                side_effects: gatebook.consequences_of::<System>(&events, &SystemContext { drawn })?,
                origin: origin.clone(),
                events,
            })
        };
        let command = StopCommand {
            caller: request.caller.clone(),
            id: SYSTEM_ID.to_owned(),
            stops: |_| true,
            group_id: None,
            idempotency: None,
            decide: Box::new(decide),
        };
        Ok(self.stop(command).await?.0)
    }
}
