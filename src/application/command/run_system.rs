//! Running a command about the installation as a whole: the one stream of the aggregate `System`.

use std::sync::Mutex;

use futures::FutureExt;
use gatebook_aggregates::system::{SYSTEM_ID, System, SystemCommand};

use crate::application::command::consequences::system::SystemContext;
use crate::application::command::request::CommandRequest;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::idempotency_key::IdempotencyKey;
use crate::log::{CommandContext, Committed};
use crate::throttle::Spent;

/// A command about the installation.
pub(in crate::application) type SystemRequest<'a> = CommandRequest<'a, SystemCommand>;

impl Gatebook {
    /// Runs a command about the installation; what stops something, before everything else (R27). Operators only.
    #[tracing::instrument(skip_all, fields(command = request.command.as_ref()))]
    pub(in crate::application) async fn run_system(
        &self,
        request: SystemRequest<'_>,
    ) -> Result<Committed<System>, Failure> {
        request.caller.operator()?;
        if request.command.stops() {
            return self.stop_in_system(request).await;
        }
        // Settling what cannot be read must wait for nobody, and costs nothing.
        let is_free = matches!(request.command, SystemCommand::QuarantineEvent { .. });
        let spent = match is_free {
            true => None,
            false => self.spend(request.caller, SYSTEM_ID)?,
        };
        let _lock = self.locks.lock(SYSTEM_ID).await;
        let committed = self.retry(|_| self.try_system(&request).boxed()).await?;
        spent.into_iter().for_each(Spent::keep);
        Ok(committed)
    }

    async fn try_system(&self, request: &SystemRequest<'_>) -> Result<Committed<System>, Failure> {
        let context = CommandContext {
            origin: request.caller.origin(None),
            require: &|_| Ok(()),
            preconditions: Vec::new(),
            idempotency: request.key.map(IdempotencyKey::request),
            audited_read: None,
            // Settling what cannot be read must not wait for that to be settled.
            despite_unreadable: matches!(request.command, SystemCommand::QuarantineEvent { .. }),
            stream: Mutex::default(),
            side_effects: &|_, events| {
                let drawn = request.drawn;
                let effects = self.consequences_of::<System>(events, &SystemContext { drawn })?;
                Ok(request.with_guards_and_answer(effects))
            },
        };
        Ok(self
            .log
            .execute::<System>(SYSTEM_ID, request.command.clone(), context)
            .await?)
    }
}
