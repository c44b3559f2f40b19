//! Running a command about an application: read what it depends on, decide, append with its consequences; again when
//! somebody else was faster.

use std::sync::{Arc, Mutex};

use futures::FutureExt;
use gatebook_aggregates::group::Group;
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::integration_app::{AppCommand, AppCommandEnvelope, GroupFacts, IntegrationApp, SAME_REVEAL};
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;

use crate::application::command::consequences::app::AppContext;
use crate::application::command::preconditions::depending_on;
use crate::application::command::request::CommandRequest;
use crate::application::command::retry::Attempt;
use crate::application::command::section_versions::ExpectedVersion;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::idempotency_key::IdempotencyKey;
use crate::log::{AuditedRead, CommandContext, Committed, Loaded};
use crate::request_log::note_app;
use crate::throttle::Spent;

/// A command about an application of a group.
pub(in crate::application) type AppRequest<'a> = CommandRequest<'a, AppCommand>;

/// The application after a command, and its group as the command was decided with it.
pub(in crate::application) type AppCommitted = (Committed<IntegrationApp>, Arc<GroupRow>);

impl Gatebook {
    /// Runs a command about an application of a group; what stops something, before everything else (R27).
    ///
    /// R26: the decision holds only if what it took from the group (its plan, the entities that are named, what the caller
    /// may do) has not changed until the commit.
    #[tracing::instrument(skip_all, fields(%group_id, %app_id, command = request.command.as_ref()))]
    pub(in crate::application) async fn run_app(
        &self,
        group_id: &GroupId,
        app_id: AppId,
        expected: &ExpectedVersion,
        request: AppRequest<'_>,
    ) -> Result<AppCommitted, Failure> {
        note_app(app_id);
        if request.command.stops() {
            return self.stop_app(group_id, app_id, expected, request).await;
        }
        let id = app_id.to_string();
        let spent = self.spend(request.caller, &id)?;
        // Audited reads wait for each other, and nobody waits for them.
        let lock = match request.command.is_audited_read() {
            true => self.locks.lock(&format!("{id} looks")).await,
            false => self.locks.lock(&id).await,
        };
        let result = self
            .retry(|attempt| self.try_app(attempt, group_id, app_id, expected, &request).boxed())
            .await;
        drop(lock);
        if result.as_ref().is_err_and(Failure::is_conflict) {
            // What keeps it from being decided may be an event of the group that nobody can read.
            self.log.load::<Group>(group_id.as_str()).await?;
        }
        self.emails_waiting.notify_one();
        // A key is written down, too, whatever else happens.
        let is_written = |committed: &Committed<_>| !committed.events.is_empty() || request.key.is_some();
        if result.as_ref().is_ok_and(|(committed, _)| is_written(committed)) {
            spent.into_iter().for_each(Spent::keep);
        }
        result
    }

    async fn try_app(
        &self,
        attempt: Attempt,
        group_id: &GroupId,
        app_id: AppId,
        expected: &ExpectedVersion,
        request: &AppRequest<'_>,
    ) -> Result<AppCommitted, Failure> {
        let (id, caller) = (app_id.to_string(), request.caller);
        let group = self.group_for(attempt, caller, group_id).await?;
        let group = group.ok_or(Refusal::NotFound)?;
        let (command, account) = self.with_account(&id, request.command.clone()).await?;
        let (by, facts) = (caller.principal_in(&group)?, group_facts(&group));
        let envelope = AppCommandEnvelope {
            at: self.clock.now(),
            by: by.clone(),
            group: facts.clone(),
            command,
        };
        let context = CommandContext {
            origin: caller.origin(Some(&group)),
            require: &|stream| expected.require(stream, &by, &facts),
            preconditions: vec![depending_on(&group, envelope.decision_inputs())],
            idempotency: request.key.map(IdempotencyKey::request),
            despite_unreadable: false,
            // A new id has no stream yet; if it had, the commit would find out.
            stream: Mutex::new(request.command.creates().then(|| Loaded::unbegun(&id))),
            audited_read: audited_read(&envelope),
            side_effects: &|app: &IntegrationApp, events| {
                let context = AppContext {
                    caller,
                    app_id,
                    group: &group,
                    app: app.created()?,
                    is_new: events.iter().any(|event| event.takes_name().is_some()),
                    account: account.as_ref(),
                    drawn: request.drawn,
                    key: request.key,
                };
                self.app_consequences(events, &context)
            },
        };
        let committed = self.log.execute::<IntegrationApp>(&id, envelope, context).await?;
        Ok((committed, group.clone()))
    }
}

/// How an audited read of an application is decided; none for all other commands.
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
