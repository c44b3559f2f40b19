//! Running a command: read what it depends on, decide, append; again when somebody else was faster.

use std::sync::Arc;
use std::time::Duration;

use cqrs_es::Aggregate;
use gatebook_aggregates::group::{
    DecisionInputs, Group, GroupCommand, GroupCommandEnvelope, GroupEvent, GroupPrincipal,
};
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::integration_app::{
    AppCommand, AppCommandEnvelope, GroupFacts, IntegrationApp, IntegrationAppEvent, SAME_REVEAL,
};
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::recorded::StoredEvent;

use crate::application::accounts::credentials::owner;
use crate::application::accounts::password_links::password_link_subject;
use crate::application::apps::emails::{address_to_account, emails_made_obsolete};
use crate::application::caller::{Caller, Who};
use crate::application::command::section_versions::ExpectedVersion;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::append::{CredentialChange, CredentialKind, Guard, Precondition};
use crate::log::{
    AuditedRead, CommandContext, CommandError, Committed, IdempotentRequest, SideEffects, VersionCondition,
};
use crate::request_log::note_app;
use crate::throttle::{Budget, Spent};

/// How often a command is tried when others change the same thing.
pub(in crate::application) const TRIES: u32 = 6;

/// What a caller may insist on.
#[derive(Clone, Debug, Default)]
pub struct ChangeOptions {
    /// What they saw, or the version that they named.
    pub expected: ExpectedVersion,
    /// The `Idempotency-Key`, and the hash of the request.
    pub idempotency: Option<IdempotentRequest>,
    /// Whether they only look (see [`AppCommand::is_audited_read`]). Looks wait for each other, and nobody waits for them.
    pub is_audited_read: bool,
}

/// What goes with a command about a group, and what it depends on.
#[derive(Default)]
pub(in crate::application) struct GroupOptions {
    /// The version of the group that was looked at; else the caller's conditions say what they insist on.
    pub(in crate::application) version_condition: VersionCondition,
    /// The form or request that counts once.
    pub(in crate::application) idempotency: Option<IdempotentRequest>,
    /// What is written with the events.
    pub(in crate::application) side_effects: SideEffects,
}

/// Makes the command, knowing the group as it is now.
pub(in crate::application) type MakeAppCommand<'a> =
    &'a (dyn Fn(&GroupRow) -> Result<AppCommand, Failure> + Send + Sync);

/// Makes what goes with the events of an application.
pub(in crate::application) type AppSideEffects<'a> =
    &'a (dyn Fn(&GroupRow, &IntegrationApp, &[IntegrationAppEvent]) -> Result<SideEffects, CommandError> + Send + Sync);

/// Nothing goes with the events.
pub(in crate::application) fn no_side_effects(
    _: &GroupRow,
    _: &IntegrationApp,
    _: &[IntegrationAppEvent],
) -> Result<SideEffects, CommandError> {
    Ok(SideEffects::default())
}

impl Gatebook {
    /// Runs a command about an application of a group.
    ///
    /// The decision holds only if what it took from the group (its plan, the entities that are named, what the principal may
    /// do) has not changed until the commit: that is a precondition of the append (R26). A caller who pinned a version learns
    /// at the next try whether it has moved on.
    pub(in crate::application) async fn app_command(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        app_id: AppId,
        options: &ChangeOptions,
        command: MakeAppCommand<'_>,
        side_effects: AppSideEffects<'_>,
    ) -> Result<(Committed<IntegrationApp>, GroupRow), Failure> {
        note_app(app_id);
        let id = app_id.to_string();
        let spent = self.spend(caller, &id)?;
        let lock = match options.is_audited_read {
            true => self.locks.lock(&format!("{id} looks")).await,
            false => self.locks.lock(&id).await,
        };
        let mut tries = 1;
        loop {
            match self
                .try_app_command(caller, group_id, &id, options, command, side_effects)
                .await
            {
                Err(Failure::Command(CommandError::Conflict)) if tries < TRIES => {
                    self.step_back(tries).await;
                    tries += 1;
                }
                Err(Failure::Command(CommandError::Conflict)) => {
                    // What keeps it from being decided may be an event of the group that nobody can read.
                    self.log.load::<Group>(group_id.as_str()).await?;
                    return Err(CommandError::Conflict.into());
                }
                result => {
                    drop(lock);
                    self.emails_waiting.notify_one();
                    // A key is written down, too, whatever else happens.
                    let is_written = |done: &Committed<_>| !done.events.is_empty() || options.idempotency.is_some();
                    if result.as_ref().is_ok_and(|(done, _)| is_written(done)) {
                        spent.into_iter().for_each(Spent::keep);
                    }
                    return result;
                }
            }
        }
    }

    async fn try_app_command(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        id: &str,
        options: &ChangeOptions,
        command: MakeAppCommand<'_>,
        side_effects: AppSideEffects<'_>,
    ) -> Result<(Committed<IntegrationApp>, GroupRow), Failure> {
        let group = self.group(group_id).await?.ok_or(Refusal::NotFound)?;
        let version_condition = self.version_condition(id, &options.expected).await?;
        let (command, account) = self.with_account(id, command(&group)?).await?;
        let command = AppCommandEnvelope {
            at: self.clock.now(),
            by: caller.principal_in(&group)?,
            group: group_facts(&group),
            command,
        };
        let context = CommandContext {
            origin: caller.origin(Some(&group)),
            version_condition,
            preconditions: vec![depending_on(&group, command.decision_inputs())],
            idempotency: options.idempotency.clone(),
            despite_unreadable: false,
            audited_read: audited_read(&command),
            side_effects: &|app, events| {
                let mut side_effects = side_effects(&group, app, events)?;
                side_effects.withdrawn_emails.extend(emails_made_obsolete(id, events));
                let app = app.created()?;
                self.add_secret_emails(&mut side_effects, caller, id, &group, app, events)?;
                address_to_account(&mut side_effects.emails, account.as_ref());
                side_effects.actor_name = caller.name_for_admins(app);
                Ok(side_effects)
            },
        };
        let done = self.log.execute::<IntegrationApp>(id, command, context).await;
        Ok((done.map_err(|error| options.expected.of_conflict(error))?, group))
    }

    /// Runs a command about a group.
    pub(in crate::application) async fn group_command(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        command: GroupCommand,
        credentials: &[CredentialChange],
    ) -> Result<Committed<Group>, Failure> {
        let side_effects = SideEffects {
            credentials: credentials.to_vec(),
            ..SideEffects::default()
        };
        if command.stops() {
            let command = Box::new(move |_: Option<&GroupRow>| Ok(command.clone()));
            return self.stop_in_group(caller, group_id, command, side_effects).await;
        }
        let options = GroupOptions {
            side_effects,
            ..GroupOptions::default()
        };
        self.run_group_command(caller, group_id, command, &options).await
    }

    /// Runs a command about a group, with what goes with it and what it depends on.
    pub(in crate::application) async fn group_command_with(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        command: GroupCommand,
        options: &GroupOptions,
    ) -> Result<Committed<Group>, Failure> {
        self.run_group_command(caller, group_id, command, options).await
    }

    async fn run_group_command(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        command: GroupCommand,
        options: &GroupOptions,
    ) -> Result<Committed<Group>, Failure> {
        let spent = self.spend(caller, group_id.as_str())?;
        let _turn = self.locks.lock(group_id.as_str()).await;
        let mut tries = 1;
        loop {
            match self.try_group_command(caller, group_id, command.clone(), options).await {
                Err(Failure::Command(CommandError::Conflict)) if tries < TRIES => {
                    self.step_back(tries).await;
                    tries += 1;
                }
                result => {
                    let is_written = |done: &Committed<_>| !done.events.is_empty() || options.idempotency.is_some();
                    if result.as_ref().is_ok_and(is_written) {
                        spent.into_iter().for_each(Spent::keep);
                    }
                    return result;
                }
            }
        }
    }

    async fn try_group_command(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        command: GroupCommand,
        options: &GroupOptions,
    ) -> Result<Committed<Group>, Failure> {
        let group = self.group(group_id).await?;
        let by = group_principal(caller, group.as_ref())?;
        let is_audited_read = matches!(command, GroupCommand::RecordActivityLogDownload { .. });
        // An operator's command may be about the group as it was seen, or about there being none.
        let precondition = match (&by, &group) {
            // It is told that they looked, whatever else happens to the group.
            (GroupPrincipal::Operator, Some(_)) if is_audited_read => None,
            (GroupPrincipal::GroupUser(membership), Some(group)) => {
                Some(depending_on(group, DecisionInputs::of_user(membership.user_id.clone())))
            }
            (_, Some(group)) => Some(on_all_of(group)),
            (_, None) => Some(at_version(group_id, 0).into()),
        };
        let context = CommandContext {
            origin: caller.origin(group.as_ref()),
            version_condition: match &options.version_condition {
                VersionCondition::Any => caller.conditions.if_match.clone(),
                seen => seen.clone(),
            },
            preconditions: precondition.into_iter().collect(),
            idempotency: options.idempotency.clone(),
            despite_unreadable: false,
            audited_read: is_audited_read.then(|| AuditedRead {
                since: None,
                holds_after: Arc::new(|_| true),
            }),
            side_effects: &|_, events| Ok(with_what_ended(&options.side_effects, group_id, events)),
        };
        Ok(self
            .log
            .execute::<Group>(group_id.as_str(), GroupCommandEnvelope { by, command }, context)
            .await?)
    }

    /// One of what a principal may change of a stream. Nothing for whoever sits at the machine itself, and for those who can
    /// do hardly anything.
    pub(in crate::application) fn spend(&self, caller: &Caller, stream: &str) -> Result<Option<Spent<'_>>, Failure> {
        let (budget, kind) = match &caller.who {
            Who::GroupUser { .. } => (Budget::Writes, "user"),
            Who::Developer(_) => (Budget::Writes, "developer"),
            Who::Operator { id, .. } if !id.is_empty() => (Budget::OperatorWrites, "operator"),
            Who::Operator { .. } | Who::Nobody | Who::Invitee { .. } | Who::Integration { .. } => return Ok(None),
        };
        let whose = format!("{kind} {}", caller.principal_key());
        let spent = self.budgets.spend(budget, &whose, stream);
        Ok(Some(spent.map_err(Failure::too_often)?))
    }

    /// Waits a little, longer each time and never the same, before trying again.
    pub(in crate::application) async fn step_back(&self, tries: u32) {
        self.metrics.commands_tried_again.inc();
        let most = 10_u32 << tries.min(5);
        tokio::time::sleep(Duration::from_millis(u64::from(1 + self.randomness.below(most)))).await;
    }
}

/// How a command is decided by which somebody only looks at an application; none for all others.
fn audited_read(envelope: &AppCommandEnvelope) -> Option<AuditedRead> {
    let command = envelope.command.clone();
    if !command.is_audited_read() {
        return None;
    }
    Some(AuditedRead {
        since: Some(envelope.at.plus(-SAME_REVEAL)),
        holds_after: Arc::new(move |event| match event.read::<IntegrationApp>() {
            Ok(recorded) => command.read_holds_after(&recorded.event),
            Err(_) => false,
        }),
    })
}

/// What the rules need to know about a group.
pub(in crate::application) fn group_facts(group: &GroupRow) -> GroupFacts {
    GroupFacts {
        id: group.group_id.clone(),
        product_plan: group.customer.product_plan.clone(),
        entities: group.customer.entities.keys().cloned().collect(),
    }
}

/// Who asks for a change of a group.
pub(in crate::application) fn group_principal(
    caller: &Caller,
    group: Option<&GroupRow>,
) -> Result<GroupPrincipal, Failure> {
    match (&caller.who, group) {
        (Who::Operator { .. }, _) => Ok(GroupPrincipal::Operator),
        (_, Some(group)) => Ok(GroupPrincipal::GroupUser(caller.membership(group)?)),
        (_, None) => Err(Failure::Unauthenticated),
    }
}

/// R26: the group as it was read, for a decision that stands on all of it.
pub(in crate::application) fn on_all_of(group: &GroupRow) -> Precondition {
    at_version(&group.group_id, group.version).into()
}

fn at_version(group_id: &GroupId, version: i64) -> Guard {
    Guard {
        aggregate_type: Group::TYPE,
        aggregate_id: group_id.to_string(),
        version,
    }
}

/// R26: the group as it was read, for a decision that stands on this of it.
pub(in crate::application) fn depending_on(group: &GroupRow, decision_inputs: DecisionInputs) -> Precondition {
    let lost = move |event: &StoredEvent| match event.read::<Group>() {
        Ok(recorded) => decision_inputs.is_invalidated_by(&recorded.event),
        // What cannot be read may be anything.
        Err(_) => true,
    };
    Precondition {
        guard: at_version(&group.group_id, group.version),
        holds_after: Arc::new(move |event| !lost(event)),
    }
}

/// What goes with facts about a group, and what ends with them: everything that a removed user could come in with, so that nothing of it opens
/// anything when somebody is added under the same id; and the link that waits in the mailbox that is no longer theirs.
pub(in crate::application) fn with_what_ended(
    side_effects: &SideEffects,
    group_id: &GroupId,
    events: &[GroupEvent],
) -> SideEffects {
    let (mut side_effects, mut ended) = (side_effects.clone(), Vec::new());
    for event in events {
        let (user_id, kinds): (_, &[CredentialKind]) = match event {
            GroupEvent::UserRemoved { user_id, .. } => (user_id, CredentialKind::OF_A_USER),
            GroupEvent::UserEmailChanged { user_id, before, after } if before != after => {
                (user_id, &[CredentialKind::UserPasswordLink])
            }
            _ => continue,
        };
        let owner = owner(group_id, user_id);
        side_effects.withdrawn_emails.push(password_link_subject(&owner));
        ended.extend(kinds.iter().map(|kind| CredentialChange::DeleteOwned {
            kind: *kind,
            owner: owner.clone(),
        }));
    }
    // What the command itself keeps is kept after that.
    side_effects.credentials.splice(0..0, ended);
    side_effects
}
