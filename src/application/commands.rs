//! Running a command: read what it depends on, decide, append; again when somebody else was faster.

use std::time::Duration;

use gatebook_aggregates::group::{Group, GroupAsker, GroupCommand, GroupWish};
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::integration_app::{
    GroupFacts, IntegrationApp, IntegrationAppCommand, IntegrationAppEvent, Wish,
};
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;

use super::caller::{Caller, Who};
use super::failure::Failure;
use super::gatebook::Gatebook;
use super::seen::Pin;
use crate::log::append::{CredentialChange, Guard};
use crate::log::{CommandError, Done, Extras, IdempotencyIntent, Intent};

/// How often a command is tried when others change the same thing.
pub(super) const TRIES: u32 = 6;

/// What a caller may insist on.
#[derive(Clone, Debug, Default)]
pub struct ChangeOptions {
    /// What they saw, or the version that they named.
    pub pin: Pin,
    /// The `Idempotency-Key`, and the hash of the request.
    pub idempotency: Option<IdempotencyIntent>,
}

/// What goes with a command about a group, and what it depends on.
#[derive(Default)]
pub(super) struct GroupOptions {
    /// The version of the group that was looked at.
    pub(super) pinned_version: Option<i64>,
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
    /// The decision holds only if the group (its plan, its entities, who may do what) has not changed until the
    /// commit: the group's version is a guard of the append (R26). A caller who pinned a version learns at the next try
    /// whether it has moved on.
    pub(super) async fn app_command(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        app_id: AppId,
        options: &ChangeOptions,
        wish: WishOf<'_>,
        extras: AppExtras<'_>,
    ) -> Result<(Done<IntegrationApp>, GroupRow), Failure> {
        let id = app_id.to_string();
        let _turn = self.turns.take(&id).await;
        let mut tries = 1;
        loop {
            match self.try_app_command(caller, group_id, &id, options, wish, extras).await {
                Err(Failure::Command(CommandError::Conflict)) if tries < TRIES => {
                    self.step_back(tries).await;
                    tries += 1;
                }
                result => {
                    self.letters_waiting.notify_one();
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
        let pinned_version = self.pinned_version(id, options.pin).await?;
        let command = IntegrationAppCommand {
            at: self.clock.now(),
            by: caller.asker(&group)?,
            group: GroupFacts {
                id: group.group_id.clone(),
                product_plan: group.customer.product_plan.clone(),
                entities: group.customer.entities.keys().cloned().collect(),
            },
            wish: wish(&group)?,
        };
        let intent = Intent {
            origin: caller.origin(Some(&group)),
            pinned_version,
            guards: vec![group_guard(&group)],
            idempotency: options.idempotency.clone(),
            extras: &|app, events| {
                let mut extras = extras(&group, app, events)?;
                self.add_secret_letters(&mut extras, id, &group, app.created()?, events)?;
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
        let options = GroupOptions {
            extras,
            ..GroupOptions::default()
        };
        self.group_command_with(caller, group_id, wish, &options).await
    }

    /// Runs a command about a group, with what goes with it and what it depends on.
    pub(super) async fn group_command_with(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        wish: GroupWish,
        options: &GroupOptions,
    ) -> Result<Done<Group>, Failure> {
        let _turn = self.turns.take(group_id.as_str()).await;
        let mut tries = 1;
        loop {
            match self.try_group_command(caller, group_id, wish.clone(), options).await {
                Err(Failure::Command(CommandError::Conflict)) if tries < TRIES => {
                    self.step_back(tries).await;
                    tries += 1;
                }
                result => return result,
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
        let by = match (&caller.who, &group) {
            (Who::Operator { .. }, _) => GroupAsker::Operator,
            (_, Some(group)) => GroupAsker::GroupUser(caller.standing(group)?),
            (_, None) => return Err(Failure::Unauthenticated),
        };
        let intent = Intent {
            origin: caller.origin(group.as_ref()),
            pinned_version: options.pinned_version,
            // Who asks is in the group's own stream, which the append depends on anyway.
            guards: group.iter().map(group_guard).collect(),
            idempotency: options.idempotency.clone(),
            extras: &|_, _| Ok(options.extras.clone()),
        };
        Ok(self
            .log
            .execute::<Group>(group_id.as_str(), GroupCommand { by, wish }, intent)
            .await?)
    }

    /// Waits a little, longer each time and never the same, before trying again.
    pub(super) async fn step_back(&self, tries: u32) {
        let most = 10_u32 << tries.min(5);
        tokio::time::sleep(Duration::from_millis(u64::from(1 + self.dice.below(most)))).await;
    }
}

pub(super) fn group_guard(group: &GroupRow) -> Guard {
    Guard {
        aggregate_type: "Group",
        aggregate_id: group.group_id.to_string(),
        version: group.version,
    }
}
