//! Commands about the installation as a whole: the one stream of the aggregate `System`.

use gatebook_aggregates::integration_app::LogFormat;
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::system::{SYSTEM_ID, System, SystemCommand};
use gatebook_aggregates::timestamp::Timestamp;

use crate::application::caller::{Caller, Who};
use crate::application::command::run::TRIES;
use crate::application::operations::log_downloads::RecordedDownload;
use crate::application::{Failure, Gatebook, IdempotencyKey};
use crate::log::append::CredentialChange;
use crate::log::{CommandContext, CommandError, Committed, SideEffects, VersionCondition};
use crate::throttle::Spent;

/// What came of ending access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokensEnded {
    /// Every token that was issued before this moment is refused.
    pub issued_before: Timestamp,
    /// Whether they were ended by this command; else they had ended before.
    pub newly: bool,
}

impl Gatebook {
    /// Ends every access token that was issued before a moment; before now, if none is named. Every node refuses them as
    /// soon as this is acknowledged (R26).
    ///
    /// # Errors
    /// A moment in the future is refused.
    pub async fn end_tokens(&self, caller: &Caller, issued_before: Option<Timestamp>) -> Result<TokensEnded, Failure> {
        let now = self.clock.now();
        let issued_before = issued_before.unwrap_or(now);
        let command = SystemCommand::EndTokens { issued_before, now };
        let done = self.stop_in_system(caller, command, Vec::new()).await?;
        Ok(TokensEnded {
            issued_before: done.aggregate.tokens_ended_before.unwrap_or(issued_before),
            newly: !done.events.is_empty(),
        })
    }

    /// R28: records that the installation's log is downloaded, before a byte of it leaves.
    pub async fn record_system_log_download(
        &self,
        caller: &Caller,
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<RecordedDownload, Failure> {
        let command = SystemCommand::RecordLogDownload { format, from, to };
        let done = self.system_command(caller, command).await?;
        Ok(RecordedDownload {
            name: SYSTEM_ID.to_owned(),
            up_to_position: done.history.last().map_or(0, |last| last.position),
        })
    }

    /// Runs a command about the installation together with what it changes of credentials. Operators only.
    pub(in crate::application) async fn system_command_with(
        &self,
        caller: &Caller,
        command: SystemCommand,
        credentials: Vec<CredentialChange>,
    ) -> Result<(), Failure> {
        let side_effects = SideEffects {
            credentials,
            ..SideEffects::default()
        };
        self.run_system_command(caller, command, &side_effects, None)
            .await
            .map(|_| ())
    }

    /// The same, once for a key.
    pub(in crate::application) async fn system_command_once(
        &self,
        caller: &Caller,
        command: SystemCommand,
        side_effects: &SideEffects,
        key: Option<&IdempotencyKey>,
    ) -> Result<(), Failure> {
        self.run_system_command(caller, command, side_effects, key)
            .await
            .map(|_| ())
    }

    async fn system_command(&self, caller: &Caller, command: SystemCommand) -> Result<Committed<System>, Failure> {
        self.run_system_command(caller, command, &SideEffects::default(), None)
            .await
    }

    /// Again when somebody else was faster.
    async fn run_system_command(
        &self,
        caller: &Caller,
        command: SystemCommand,
        side_effects: &SideEffects,
        key: Option<&IdempotencyKey>,
    ) -> Result<Committed<System>, Failure> {
        let spent = self.spend(caller, SYSTEM_ID)?;
        let _turn = self.locks.lock(SYSTEM_ID).await;
        let mut tries = 1;
        loop {
            match self
                .try_system_command(caller, command.clone(), side_effects, key)
                .await
            {
                Err(Failure::Command(CommandError::Conflict)) if tries < TRIES => {
                    self.step_back(tries).await;
                    tries += 1;
                }
                result => {
                    let done = result?;
                    spent.into_iter().for_each(Spent::keep);
                    return Ok(done);
                }
            }
        }
    }

    /// Once. Operators only.
    pub(super) async fn try_system_command(
        &self,
        caller: &Caller,
        command: SystemCommand,
        side_effects: &SideEffects,
        key: Option<&IdempotencyKey>,
    ) -> Result<Committed<System>, Failure> {
        require_operator(caller)?;
        let context = CommandContext {
            origin: caller.origin(None),
            version_condition: VersionCondition::Any,
            preconditions: Vec::new(),
            idempotency: key.map(IdempotencyKey::request),
            audited_read: None,
            // Settling what cannot be read must not wait for that to be settled.
            despite_unreadable: matches!(command, SystemCommand::QuarantineEvent { .. }),
            side_effects: &|_, _| Ok(side_effects.clone()),
        };
        Ok(self.log.execute::<System>(SYSTEM_ID, command, context).await?)
    }
}

/// R1: nobody else has to know that there is such a thing.
pub(in crate::application) fn require_operator(caller: &Caller) -> Result<(), Refusal> {
    match &caller.who {
        Who::Operator { .. } => Ok(()),
        _ => Err(Refusal::NotFound),
    }
}
