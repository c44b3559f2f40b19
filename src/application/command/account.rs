//! Commands of people about their own account: signing in and out, passwords.

use gatebook_aggregates::group::DecisionInputs;
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::user_account::{UserAccount, UserAccountCommand};
use gatebook_projections::groups::GroupRow;

use crate::application::accounts::credentials::owner;
use crate::application::caller::Caller;
use crate::application::command::idempotency::IdempotencyKey;
use crate::application::command::run::{TRIES, depending_on, on_all_of};
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::append::Precondition;
use crate::log::{CommandContext, CommandError, Origin, SideEffects, StoredAggregate, VersionCondition};

/// Makes a command about a group user's account and what goes with it, knowing the group as it is now.
pub(in crate::application) type AccountCommand<'a> =
    &'a (dyn Fn(&GroupRow) -> Result<(UserAccountCommand, SideEffects), Failure> + Send + Sync);

impl Gatebook {
    /// Runs a command about an account, with what goes with it; once for a key.
    pub(in crate::application) async fn account_command<A>(
        &self,
        id: &str,
        command: A::Command,
        origin: Origin,
        preconditions: Vec<Precondition>,
        side_effects: SideEffects,
        once: Option<&IdempotencyKey>,
    ) -> Result<(), Failure>
    where
        A: StoredAggregate<Error = Refusal, Services = ()>,
        A::Command: Clone,
    {
        let _turn = self.locks.lock(id).await;
        let mut tries = 1;
        loop {
            let context = CommandContext {
                origin: origin.clone(),
                version_condition: VersionCondition::Any,
                preconditions: preconditions.clone(),
                idempotency: once.map(IdempotencyKey::request),
                despite_unreadable: false,
                audited_read: None,
                side_effects: &|_, _| Ok(side_effects.clone()),
            };
            match self.log.execute::<A>(id, command.clone(), context).await {
                // What has fallen stays so; only the account's own stream is worth another try.
                Err(CommandError::Conflict) if tries < TRIES && preconditions.is_empty() => {
                    self.step_back(tries).await;
                    tries += 1;
                }
                result => {
                    self.emails_waiting.notify_one();
                    return Ok(result.map(|_| ())?);
                }
            }
        }
    }

    /// Runs a command about a group user's account. It holds only for a user that the group still has, and the command is
    /// made anew from the group for every try: whoever asks may be somebody else there by now, and so may the user.
    /// `stands_on` says what of the group it is based on.
    pub(in crate::application) async fn user_account_command(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        user_id: &UserId,
        stands_on: fn(&GroupRow, &UserId) -> Precondition,
        command: AccountCommand<'_>,
    ) -> Result<(), Failure> {
        let id = owner(group_id, user_id);
        let mut tries = 1;
        loop {
            let group = self.group(group_id).await?.ok_or(Refusal::NotFound)?;
            group.user(user_id).ok_or(Refusal::NotFound)?;
            let (command, side_effects) = command(&group)?;
            let preconditions = vec![stands_on(&group, user_id)];
            let origin = caller.origin(Some(&group));
            let done = self.account_command::<UserAccount>(
                &id,
                command,
                origin,
                preconditions,
                side_effects,
                caller.conditions.key.as_ref(),
            );
            match done.await {
                Err(Failure::Command(CommandError::Conflict)) if tries < TRIES => {
                    self.step_back(tries).await;
                    tries += 1;
                }
                result => return result,
            }
        }
    }
}

/// What a user does with the own account depends on being in the group, and on nothing else there.
pub(in crate::application) fn on_the_user(group: &GroupRow, user_id: &UserId) -> Precondition {
    depending_on(group, DecisionInputs::of_user(user_id.clone()))
}

/// What depends on who asks and on the user's address, too: on a group that has not changed at all.
pub(in crate::application) fn on_the_group(group: &GroupRow, _: &UserId) -> Precondition {
    on_all_of(group)
}
