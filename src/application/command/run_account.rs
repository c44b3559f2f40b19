//! Running commands of people about their own account: signing in and out, passwords.

use std::sync::Mutex;

use futures::FutureExt;
use gatebook_aggregates::developer::{Developer, DeveloperCommand};
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timeline_views::{TimelineViews, ViewTimeline};
use gatebook_aggregates::user_account::{UserAccount, UserAccountCommand};
use gatebook_projections::groups::GroupRow;
use tracing::Span;
use tracing::field::Empty;

use crate::application::caller::Who;
use crate::application::command::consequences::Consequences;
use crate::application::command::consequences::account::{DeveloperContext, UserContext};
use crate::application::command::request::CommandRequest;
use crate::application::command::retry::Attempt;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::idempotency_key::IdempotencyKey;
use crate::application::member::owner;
use crate::log::append::Precondition;
use crate::log::{CommandContext, Committed, Origin, StoredAggregate};

/// Makes a command about a group user's account, knowing the group as it is now.
pub(in crate::application) type MakeUserCommand<'a> =
    &'a (dyn Fn(&GroupRow) -> Result<UserAccountCommand, Failure> + Send + Sync);

/// What a command about a group user's account depends on in the group.
pub(in crate::application) type DependsOn = fn(&GroupRow, &UserId) -> Precondition;

impl Gatebook {
    /// Runs a command about a developer's account.
    #[tracing::instrument(skip_all, fields(developer_id = id, command = request.command.as_ref()))]
    pub(in crate::application) async fn run_developer(
        &self,
        id: &str,
        request: CommandRequest<'_, DeveloperCommand>,
    ) -> Result<(), Failure> {
        let email = match &request.caller.who {
            Who::Developer(developer) => Some(developer.email.as_str()),
            _ => None,
        };
        let context = DeveloperContext {
            caller: request.caller,
            id,
            email,
            drawn: request.drawn,
        };
        let origin = request.caller.origin(None);
        self.run_account::<Developer>(id, &request, &origin, None, &context)
            .await
            .map(|_| ())
    }

    /// R28: records that somebody reads an application's timeline.
    #[tracing::instrument(skip_all, fields(group_id = %request.command.group_id, app_id = %request.command.app_id))]
    pub(in crate::application) async fn run_timeline_view(
        &self,
        id: &str,
        group: &GroupRow,
        request: CommandRequest<'_, ViewTimeline>,
    ) -> Result<(), Failure> {
        let origin = request.caller.origin(Some(group));
        self.run_account::<TimelineViews>(id, &request, &origin, None, &())
            .await
            .map(|_| ())
    }

    /// Runs a command about a group user's account. It holds only for a user that the group still has, and is made anew
    /// from the group for every try: the user, and what the caller may do, can have changed since.
    #[tracing::instrument(skip_all, fields(%group_id, %user_id, command = Empty))]
    pub(in crate::application) async fn run_user(
        &self,
        group_id: &GroupId,
        user_id: &UserId,
        depends_on: DependsOn,
        request: CommandRequest<'_, MakeUserCommand<'_>>,
    ) -> Result<(), Failure> {
        let owner = owner(group_id, user_id);
        let try_user = |attempt| self.try_user(attempt, (group_id, user_id, &owner), depends_on, &request);
        self.retry(|attempt| try_user(attempt).boxed()).await.map(|_| ())
    }

    async fn try_user(
        &self,
        attempt: Attempt,
        (group_id, user_id, owner): (&GroupId, &UserId, &str),
        depends_on: DependsOn,
        request: &CommandRequest<'_, MakeUserCommand<'_>>,
    ) -> Result<Committed<UserAccount>, Failure> {
        let group = self.group_for(attempt, request.caller, group_id).await?;
        let group = group.ok_or(Refusal::NotFound)?;
        group.user(user_id).ok_or(Refusal::NotFound)?;
        let request = request.of((request.command)(&group)?);
        Span::current().record("command", request.command.as_ref());
        let context = UserContext {
            caller: request.caller,
            group: &group,
            owner,
            drawn: request.drawn,
        };
        let origin = request.caller.origin(Some(&group));
        let precondition = depends_on(&group, user_id);
        self.run_account::<UserAccount>(owner, &request, &origin, Some(precondition), &context)
            .await
    }

    /// A precondition that no longer holds never will again, so that only whoever made it can try again; without one, it is
    /// tried again here.
    async fn run_account<A>(
        &self,
        id: &str,
        request: &CommandRequest<'_, A::Command>,
        origin: &Origin,
        precondition: Option<Precondition>,
        context: &A::Context<'_>,
    ) -> Result<Committed<A>, Failure>
    where
        A: StoredAggregate<Error = Refusal, Services = ()> + Consequences,
        A::Command: Clone + Send + Sync,
    {
        let _lock = self.locks.lock(id).await;
        let committed = match precondition {
            Some(precondition) => self.try_account(id, request, origin, vec![precondition], context).await,
            None => {
                self.retry(|_| self.try_account(id, request, origin, Vec::new(), context).boxed())
                    .await
            }
        };
        self.emails_waiting.notify_one();
        committed
    }

    async fn try_account<A>(
        &self,
        id: &str,
        request: &CommandRequest<'_, A::Command>,
        origin: &Origin,
        preconditions: Vec<Precondition>,
        context: &A::Context<'_>,
    ) -> Result<Committed<A>, Failure>
    where
        A: StoredAggregate<Error = Refusal, Services = ()> + Consequences,
        A::Command: Clone + Send + Sync,
    {
        let context = CommandContext {
            origin: origin.clone(),
            require: &|_| Ok(()),
            preconditions,
            idempotency: request.key.map(IdempotencyKey::request),
            despite_unreadable: false,
            stream: Mutex::default(),
            audited_read: None,
            side_effects: &|_, events| {
                let effects = self.consequences_of::<A>(events, context)?;
                Ok(request.with_guards_and_answer(effects))
            },
        };
        Ok(self.log.execute::<A>(id, request.command.clone(), context).await?)
    }
}
