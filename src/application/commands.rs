//! Running a command: read what it depends on, decide, append; again when somebody else was faster.

use std::sync::Arc;
use std::time::Duration;

use cqrs_es::Aggregate;
use gatebook_aggregates::group::{Footing, Group, GroupAsker, GroupCommand, GroupEvent, GroupWish};
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::integration_app::{
    GroupFacts, IntegrationApp, IntegrationAppCommand, IntegrationAppEvent, SAME_REVEAL, Wish,
};
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::recorded::StoredEvent;

use super::admin_letters::{address_to_account, letters_made_untrue};
use super::caller::{Caller, Who};
use super::credentials::owner;
use super::failure::Failure;
use super::gatebook::Gatebook;
use super::password_links::link_letter;
use super::seen::Pin;
use crate::log::append::{CredentialChange, CredentialKind, Guard, Premise};
use crate::log::{CommandError, Done, Extras, IdempotencyIntent, Intent, Look, Pinned};
use crate::request_log::note_app;
use crate::throttle::{Budget, Spent};

/// How often a command is tried when others change the same thing.
pub(super) const TRIES: u32 = 6;

/// What a caller may insist on.
#[derive(Clone, Debug, Default)]
pub struct ChangeOptions {
    /// What they saw, or the version that they named.
    pub pin: Pin,
    /// The `Idempotency-Key`, and the hash of the request.
    pub idempotency: Option<IdempotencyIntent>,
    /// Whether they only look (see [`Wish::is_look`]). Looks wait for each other, and nobody waits for them.
    pub is_look: bool,
}

/// What goes with a command about a group, and what it depends on.
#[derive(Default)]
pub(super) struct GroupOptions {
    /// The version of the group that was looked at; else the caller's conditions say what they insist on.
    pub(super) pinned: Pinned,
    /// The form or request that counts once.
    pub(super) idempotency: Option<IdempotencyIntent>,
    /// What is written with the events.
    pub(super) extras: Extras,
}

/// Makes the wish, knowing the group as it is now.
pub(super) type WishOf<'a> = &'a (dyn Fn(&GroupRow) -> Result<Wish, Failure> + Send + Sync);

/// Makes what goes with the events of an application.
pub(super) type AppExtras<'a> =
    &'a (dyn Fn(&GroupRow, &IntegrationApp, &[IntegrationAppEvent]) -> Result<Extras, CommandError> + Send + Sync);

/// Nothing goes with the events.
pub(super) fn no_extras(_: &GroupRow, _: &IntegrationApp, _: &[IntegrationAppEvent]) -> Result<Extras, CommandError> {
    Ok(Extras::default())
}

impl Gatebook {
    /// Runs a command about an application of a group.
    ///
    /// The decision holds only if what it took from the group (its plan, the entities that are named, what the asker may
    /// do) has not changed until the commit: that is a premise of the append (R26). A caller who pinned a version learns
    /// at the next try whether it has moved on.
    pub(super) async fn app_command(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        app_id: AppId,
        options: &ChangeOptions,
        wish: WishOf<'_>,
        extras: AppExtras<'_>,
    ) -> Result<(Done<IntegrationApp>, GroupRow), Failure> {
        note_app(app_id);
        let id = app_id.to_string();
        let spent = self.spend(caller, &id)?;
        let lock = match options.is_look {
            true => self.locks.lock(&format!("{id} looks")).await,
            false => self.locks.lock(&id).await,
        };
        let mut tries = 1;
        loop {
            match self.try_app_command(caller, group_id, &id, options, wish, extras).await {
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
                    self.letters_waiting.notify_one();
                    // A key is written down, too, whatever else happens.
                    let is_written = |done: &Done<_>| !done.events.is_empty() || options.idempotency.is_some();
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
        wish: WishOf<'_>,
        extras: AppExtras<'_>,
    ) -> Result<(Done<IntegrationApp>, GroupRow), Failure> {
        let group = self.group(group_id).await?.ok_or(Refusal::NotFound)?;
        let pinned = self.pinned(id, &options.pin).await?;
        let (wish, account) = self.with_account(id, wish(&group)?).await?;
        let command = IntegrationAppCommand {
            at: self.clock.now(),
            by: caller.asker(&group)?,
            group: group_facts(&group),
            wish,
        };
        let intent = Intent {
            origin: caller.origin(Some(&group)),
            pinned,
            premises: vec![standing_on(&group, command.footing())],
            idempotency: options.idempotency.clone(),
            despite_unreadable: false,
            look: look(&command),
            extras: &|app, events| {
                let mut extras = extras(&group, app, events)?;
                extras.withdrawn_letters.extend(letters_made_untrue(id, events));
                let app = app.created()?;
                self.add_secret_letters(&mut extras, caller, id, &group, app, events)?;
                address_to_account(&mut extras.letters, account.as_ref());
                extras.actor_name = caller.name_for_admins(app);
                Ok(extras)
            },
        };
        let done = self.log.execute::<IntegrationApp>(id, command, intent).await;
        Ok((done.map_err(|error| options.pin.of_conflict(error))?, group))
    }

    /// Runs a command about a group.
    pub(super) async fn group_command(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        wish: GroupWish,
        credentials: &[CredentialChange],
    ) -> Result<Done<Group>, Failure> {
        let extras = Extras {
            credentials: credentials.to_vec(),
            ..Extras::default()
        };
        if wish.stops() {
            let wish = Box::new(move |_: Option<&GroupRow>| Ok(wish.clone()));
            return self.stop_in_group(caller, group_id, wish, extras).await;
        }
        let options = GroupOptions {
            extras,
            ..GroupOptions::default()
        };
        self.run_group_command(caller, group_id, wish, &options).await
    }

    /// Runs a command about a group, with what goes with it and what it depends on.
    pub(super) async fn group_command_with(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        wish: GroupWish,
        options: &GroupOptions,
    ) -> Result<Done<Group>, Failure> {
        self.run_group_command(caller, group_id, wish, options).await
    }

    async fn run_group_command(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        wish: GroupWish,
        options: &GroupOptions,
    ) -> Result<Done<Group>, Failure> {
        let spent = self.spend(caller, group_id.as_str())?;
        let _turn = self.locks.lock(group_id.as_str()).await;
        let mut tries = 1;
        loop {
            match self.try_group_command(caller, group_id, wish.clone(), options).await {
                Err(Failure::Command(CommandError::Conflict)) if tries < TRIES => {
                    self.step_back(tries).await;
                    tries += 1;
                }
                result => {
                    let is_written = |done: &Done<_>| !done.events.is_empty() || options.idempotency.is_some();
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
        wish: GroupWish,
        options: &GroupOptions,
    ) -> Result<Done<Group>, Failure> {
        let group = self.group(group_id).await?;
        let by = group_asker(caller, group.as_ref())?;
        let is_look = matches!(wish, GroupWish::RecordActivityLogDownload { .. });
        // An operator's wish may be about the group as it was seen, or about there being none.
        let premise = match (&by, &group) {
            // It is told that they looked, whatever else happens to the group.
            (GroupAsker::Operator, Some(_)) if is_look => None,
            (GroupAsker::GroupUser(standing), Some(group)) => {
                Some(standing_on(group, Footing::of_user(standing.user_id.clone())))
            }
            (_, Some(group)) => Some(on_all_of(group)),
            (_, None) => Some(at_version(group_id, 0).into()),
        };
        let intent = Intent {
            origin: caller.origin(group.as_ref()),
            pinned: match &options.pinned {
                Pinned::Any => caller.conditions.if_match.clone(),
                seen => seen.clone(),
            },
            premises: premise.into_iter().collect(),
            idempotency: options.idempotency.clone(),
            despite_unreadable: false,
            look: is_look.then(|| Look {
                since: None,
                stands_after: Arc::new(|_| true),
            }),
            extras: &|_, events| Ok(with_what_ended(&options.extras, group_id, events)),
        };
        Ok(self
            .log
            .execute::<Group>(group_id.as_str(), GroupCommand { by, wish }, intent)
            .await?)
    }

    /// One of what a principal may change of a stream. Nothing for whoever sits at the machine itself, and for those who can
    /// do hardly anything.
    pub(super) fn spend(&self, caller: &Caller, stream: &str) -> Result<Option<Spent<'_>>, Failure> {
        let (budget, kind) = match &caller.who {
            Who::GroupUser { .. } => (Budget::Writes, "user"),
            Who::Developer(_) => (Budget::Writes, "developer"),
            Who::Operator { id, .. } if !id.is_empty() => (Budget::OperatorWrites, "operator"),
            Who::Operator { .. } | Who::Nobody | Who::Invitee { .. } | Who::Integration { .. } => return Ok(None),
        };
        let whose = format!("{kind} {}", caller.principal());
        let spent = self.budgets.spend(budget, &whose, stream);
        Ok(Some(spent.map_err(Failure::too_often)?))
    }

    /// Waits a little, longer each time and never the same, before trying again.
    pub(super) async fn step_back(&self, tries: u32) {
        self.metrics.commands_tried_again.inc();
        let most = 10_u32 << tries.min(5);
        tokio::time::sleep(Duration::from_millis(u64::from(1 + self.dice.below(most)))).await;
    }
}

/// How a command is decided by which somebody only looks at an application; none for all others.
fn look(command: &IntegrationAppCommand) -> Option<Look> {
    let wish = command.wish.clone();
    if !wish.is_look() {
        return None;
    }
    Some(Look {
        since: Some(command.at.plus(-SAME_REVEAL)),
        stands_after: Arc::new(move |event| match event.read::<IntegrationApp>() {
            Ok(recorded) => wish.look_stands_after(&recorded.event),
            Err(_) => false,
        }),
    })
}

/// What the rules need to know about a group.
pub(super) fn group_facts(group: &GroupRow) -> GroupFacts {
    GroupFacts {
        id: group.group_id.clone(),
        product_plan: group.customer.product_plan.clone(),
        entities: group.customer.entities.keys().cloned().collect(),
    }
}

/// Who asks for a change of a group.
pub(super) fn group_asker(caller: &Caller, group: Option<&GroupRow>) -> Result<GroupAsker, Failure> {
    match (&caller.who, group) {
        (Who::Operator { .. }, _) => Ok(GroupAsker::Operator),
        (_, Some(group)) => Ok(GroupAsker::GroupUser(caller.standing(group)?)),
        (_, None) => Err(Failure::Unauthenticated),
    }
}

/// R26: the group as it was read, for a decision that stands on all of it.
pub(super) fn on_all_of(group: &GroupRow) -> Premise {
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
pub(super) fn standing_on(group: &GroupRow, footing: Footing) -> Premise {
    let lost = move |event: &StoredEvent| match event.read::<Group>() {
        Ok(recorded) => footing.is_lost_with(&recorded.event),
        // What cannot be read may be anything.
        Err(_) => true,
    };
    Premise {
        guard: at_version(&group.group_id, group.version),
        stands_after: Arc::new(move |event| !lost(event)),
    }
}

/// What goes with facts about a group, and what ends with them: everything that a removed user could come in with, so that nothing of it opens
/// anything when somebody is added under the same id; and the link that waits in the mailbox that is no longer theirs.
pub(super) fn with_what_ended(extras: &Extras, group_id: &GroupId, events: &[GroupEvent]) -> Extras {
    let (mut extras, mut ended) = (extras.clone(), Vec::new());
    for event in events {
        let (user_id, kinds): (_, &[CredentialKind]) = match event {
            GroupEvent::UserRemoved { user_id, .. } => (user_id, CredentialKind::OF_A_USER),
            GroupEvent::UserEmailChanged { user_id, before, after } if before != after => {
                (user_id, &[CredentialKind::UserPasswordLink])
            }
            _ => continue,
        };
        let owner = owner(group_id, user_id);
        extras.withdrawn_letters.push(link_letter(&owner));
        ended.extend(kinds.iter().map(|kind| CredentialChange::DeleteOwned {
            kind: *kind,
            owner: owner.clone(),
        }));
    }
    // What the command itself keeps is kept after that.
    extras.credentials.splice(0..0, ended);
    extras
}
