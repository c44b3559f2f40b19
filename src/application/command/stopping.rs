//! R27: what stops something, of an application, of a group, or of the whole installation.

use gatebook_aggregates::group::{Group, GroupCommand, GroupEvent, GroupWish};
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppCommand, Wish};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::system::{SYSTEM_ID, System, SystemCommand};
use gatebook_projections::groups::GroupRow;

use super::stop::{Decided, StopCommand};
use crate::application::admin_letters::address_to_account;
use crate::application::caller::Caller;
use crate::application::commands::{ChangeOptions, group_asker, group_facts, with_what_ended};
use crate::application::operations::require_operator;
use crate::application::{Failure, Gatebook};
use crate::log::append::CredentialChange;
use crate::log::{CommandError, Done, Extras, Loaded};
use crate::request_log::note_app;

/// What is asked, knowing the group as it is under the log's lock.
pub(in crate::application) type WishOfGroup =
    Box<dyn Fn(Option<&GroupRow>) -> Result<GroupWish, Failure> + Send + Sync>;

impl Gatebook {
    /// Runs a command that stops an application, or something of it.
    pub(in crate::application) async fn stop_app(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        app_id: AppId,
        options: &ChangeOptions,
        wish: Wish,
    ) -> Result<(Done<IntegrationApp>, GroupRow), Failure> {
        note_app(app_id);
        let (gatebook, of, pin) = (self.itself()?, caller.clone(), options.pin.clone());
        let caller = of.clone();
        // An account keeps its address, so it can be looked up before.
        let account = self.linked_account(&app_id.to_string()).await?;
        let decide = move |stream: &Loaded<IntegrationApp>, group: Option<&GroupRow>| -> Result<_, Failure> {
            let group = group.ok_or(Refusal::NotFound)?;
            pin.require(stream)?;
            let command = IntegrationAppCommand {
                at: gatebook.clock.now(),
                by: caller.asker(group)?,
                group: group_facts(group),
                wish: wish.clone(),
            };
            let events = stream.aggregate.decide(command)?;
            let after = stream.after(&events);
            let mut extras = gatebook.extras_of_stopping(&caller, app_id, group, &after, &events)?;
            address_to_account(&mut extras.letters, account.as_ref());
            Ok(Decided {
                events,
                origin: caller.origin(Some(group)),
                extras,
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
        wish: WishOfGroup,
        extras: Extras,
    ) -> Result<Done<Group>, Failure> {
        let (id, of) = (group_id.clone(), caller.clone());
        let caller = of.clone();
        let decide = move |stream: &Loaded<Group>, group: Option<&GroupRow>| -> Result<_, Failure> {
            let by = group_asker(&caller, group)?;
            let current = stream.seen_version();
            if current > 0 && !caller.conditions.if_match.allows(current) {
                return Err(CommandError::VersionMismatch { current }.into());
            }
            let wish = wish(group)?;
            let events = stream.aggregate.decide(GroupCommand { by, wish })?;
            Ok(Decided {
                extras: with_what_ended(&extras, &id, &events),
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
    ) -> Result<Done<System>, Failure> {
        require_operator(caller)?;
        let extras = Extras {
            credentials,
            ..Extras::default()
        };
        let origin = caller.origin(None);
        let decide = move |stream: &Loaded<System>, _: Option<&GroupRow>| -> Result<_, Failure> {
            Ok(Decided {
                events: stream.aggregate.decide(command.clone())?,
                origin: origin.clone(),
                extras: extras.clone(),
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
