//! R27: what stops something, of an application, of a group, or of the whole installation.

use gatebook_aggregates::group::{Group, GroupCommand, GroupCommandEnvelope, GroupEvent};
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::integration_app::{AppCommand, AppCommandEnvelope, IntegrationApp};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::system::{SYSTEM_ID, System, SystemCommand};
use gatebook_projections::groups::GroupRow;

use super::stop::{Decided, StopCommand};
use crate::application::apps::emails::address_to_account;
use crate::application::caller::Caller;
use crate::application::command::run::{ChangeOptions, group_facts, group_principal, with_what_ended};
use crate::application::operations::require_operator;
use crate::application::{Failure, Gatebook};
use crate::log::append::CredentialChange;
use crate::log::{CommandError, Committed, Loaded, SideEffects};
use crate::request_log::note_app;

/// What is asked, knowing the group as it is under the log's lock.
pub(in crate::application) type MakeGroupCommand =
    Box<dyn Fn(Option<&GroupRow>) -> Result<GroupCommand, Failure> + Send + Sync>;

impl Gatebook {
    /// Runs a command that stops an application, or something of it.
    pub(in crate::application) async fn stop_app(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        app_id: AppId,
        options: &ChangeOptions,
        command: AppCommand,
    ) -> Result<(Committed<IntegrationApp>, GroupRow), Failure> {
        note_app(app_id);
        let (gatebook, of, expected) = (self.itself()?, caller.clone(), options.expected.clone());
        let caller = of.clone();
        // An account keeps its address, so it can be looked up before.
        let account = self.linked_account(&app_id.to_string()).await?;
        let decide = move |stream: &Loaded<IntegrationApp>, group: Option<&GroupRow>| -> Result<_, Failure> {
            let group = group.ok_or(Refusal::NotFound)?;
            expected.require(stream)?;
            let command = AppCommandEnvelope {
                at: gatebook.clock.now(),
                by: caller.principal_in(group)?,
                group: group_facts(group),
                command: command.clone(),
            };
            let events = stream.aggregate.decide(command)?;
            let after = stream.after(&events);
            let mut side_effects = gatebook.side_effects_of_stopping(&caller, app_id, group, &after, &events)?;
            address_to_account(&mut side_effects.emails, account.as_ref());
            Ok(Decided {
                events,
                origin: caller.origin(Some(group)),
                side_effects,
            })
        };
        let command = StopCommand {
            caller: of,
            id: app_id.to_string(),
            stops: |_| true,
            group_id: Some(group_id.clone()),
            idempotency: options.idempotency.clone(),
            decide: Box::new(decide),
        };
        let (done, group) = self.stop(command).await?;
        Ok((done, group.ok_or(Refusal::NotFound)?))
    }

    /// Runs a command that stops something of a group, or the whole of it, together with what goes with it.
    pub(in crate::application) async fn stop_in_group(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        command: MakeGroupCommand,
        side_effects: SideEffects,
    ) -> Result<Committed<Group>, Failure> {
        let (id, of) = (group_id.clone(), caller.clone());
        let caller = of.clone();
        let decide = move |stream: &Loaded<Group>, group: Option<&GroupRow>| -> Result<_, Failure> {
            let by = group_principal(&caller, group)?;
            let current = stream.version_for_etag();
            if current > 0 && !caller.conditions.if_match.allows(current) {
                return Err(CommandError::VersionMismatch { current }.into());
            }
            let command = command(group)?;
            let events = stream.aggregate.decide(GroupCommandEnvelope { by, command })?;
            Ok(Decided {
                side_effects: with_what_ended(&side_effects, &id, &events),
                events,
                origin: caller.origin(group),
            })
        };
        let command = StopCommand {
            caller: of,
            id: group_id.to_string(),
            stops: GroupEvent::takes_away,
            group_id: Some(group_id.clone()),
            idempotency: None,
            decide: Box::new(decide),
        };
        Ok(self.stop(command).await?.0)
    }

    /// Runs a command that stops something of the whole installation, together with the credentials that end with it.
    /// Operators only.
    pub(in crate::application) async fn stop_in_system(
        &self,
        caller: &Caller,
        command: SystemCommand,
        credentials: Vec<CredentialChange>,
    ) -> Result<Committed<System>, Failure> {
        require_operator(caller)?;
        let side_effects = SideEffects {
            credentials,
            ..SideEffects::default()
        };
        let origin = caller.origin(None);
        let decide = move |stream: &Loaded<System>, _: Option<&GroupRow>| -> Result<_, Failure> {
            Ok(Decided {
                events: stream.aggregate.decide(command.clone())?,
                origin: origin.clone(),
                side_effects: side_effects.clone(),
            })
        };
        let command = StopCommand {
            caller: caller.clone(),
            id: SYSTEM_ID.to_owned(),
            stops: |_| true,
            group_id: None,
            idempotency: None,
            decide: Box::new(decide),
        };
        Ok(self.stop(command).await?.0)
    }
}
