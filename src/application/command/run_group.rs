//! Running a command about a group.

use std::sync::{Arc, Mutex};

use futures::FutureExt;
use gatebook_aggregates::group::{DecisionInputs, Group, GroupCommand, GroupCommandEnvelope, GroupPrincipal};
use gatebook_aggregates::identifiers::GroupId;
use gatebook_projections::groups::{GroupRow, Groups};

use crate::application::caller::{Caller, Who};
use crate::application::command::consequences::group::GroupContext;
use crate::application::command::preconditions::{depending_on, on_all_of, on_no_group};
use crate::application::command::request::CommandRequest;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::idempotency_key::IdempotencyKey;
use crate::log::{AuditedRead, CommandContext, Committed};
use crate::throttle::Spent;

/// A command about a group.
pub(in crate::application) type GroupRequest<'a> = CommandRequest<'a, GroupCommand>;

impl Gatebook {
    /// Runs a command about a group; what stops something, before everything else (R27).
    #[tracing::instrument(skip_all, fields(%group_id, command = request.command.as_ref()))]
    pub(in crate::application) async fn run_group(
        &self,
        group_id: &GroupId,
        request: GroupRequest<'_>,
    ) -> Result<Committed<Group>, Failure> {
        if request.command.stops() {
            let command = request.command.clone();
            return self
                .stop_in_group(group_id, request, move |_| Ok(command.clone()))
                .await;
        }
        let spent = self.spend(request.caller, group_id.as_str())?;
        let _lock = self.locks.lock(group_id.as_str()).await;
        let committed = self.retry(|_| self.try_group(group_id, &request).boxed()).await?;
        if !committed.events.is_empty() || request.key.is_some() {
            spent.into_iter().for_each(Spent::keep);
        }
        Ok(committed)
    }

    async fn try_group(&self, group_id: &GroupId, request: &GroupRequest<'_>) -> Result<Committed<Group>, Failure> {
        let stream = self.log.load_latest::<Group>(group_id.as_str()).await?;
        let group = stream.row::<Groups>();
        let by = group_principal(request.caller, group.as_deref())?;
        let is_audited_read = matches!(request.command, GroupCommand::RecordActivityLogDownload { .. });
        // An operator's command may be about the group as it was seen, or about there being none.
        let precondition = match (&by, &group) {
            // That operators have looked is recorded whatever else happens to the group.
            (GroupPrincipal::Operator, Some(_)) if is_audited_read => None,
            (GroupPrincipal::GroupUser(membership), Some(group)) => {
                Some(depending_on(group, DecisionInputs::of_user(membership.user_id.clone())))
            }
            (_, Some(group)) => Some(on_all_of(group)),
            (_, None) => Some(on_no_group(group_id)),
        };
        let context = CommandContext {
            origin: request.caller.origin(group.as_deref()),
            require: &|stream| request.caller.conditions.if_match.require(stream.version_for_etag()),
            preconditions: precondition.into_iter().collect(),
            idempotency: request.key.map(IdempotencyKey::request),
            despite_unreadable: false,
            stream: Mutex::new(Some(stream)),
            audited_read: is_audited_read.then(|| AuditedRead {
                since: None,
                holds_after: Arc::new(|_| true),
            }),
            side_effects: &|_, events| {
                let drawn = request.drawn;
                let effects = self.consequences_of::<Group>(events, &GroupContext { group_id, drawn })?;
                Ok(request.with_guards_and_answer(effects))
            },
        };
        let command = request.command.clone();
        let envelope = GroupCommandEnvelope { by, command };
        Ok(self.log.execute::<Group>(group_id.as_str(), envelope, context).await?)
    }
}

/// Who asks for a change of a group.
pub(super) fn group_principal(caller: &Caller, group: Option<&GroupRow>) -> Result<GroupPrincipal, Failure> {
    match (&caller.who, group) {
        (Who::Operator { .. }, _) => Ok(GroupPrincipal::Operator),
        (_, Some(group)) => Ok(GroupPrincipal::GroupUser(caller.membership_in(group)?)),
        (_, None) => Err(Failure::Unauthenticated),
    }
}
