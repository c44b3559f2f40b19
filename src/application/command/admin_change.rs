//! How a change of an admin happens: once for an `Idempotency-Key`, and with its OTP shown once.

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{AppCommand, IntegrationApp, IntegrationAppEvent as Event, issued_otp};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;

use crate::application::apps::invite::InviteSecrets;
use crate::application::apps::verification::Verification;
use crate::application::apps::view::AppView;
use crate::application::caller::{Caller, Who};
use crate::application::command::idempotency::IdempotencyKey;
use crate::application::command::run::{AppSideEffects, ChangeOptions, MakeAppCommand};
use crate::application::command::section_versions::ExpectedVersion;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::CommandError;

/// An application after a change, with what is shown once.
pub type Changed = (AppView, Option<Verification>);

impl Gatebook {
    /// A change whose answer shows an OTP.
    pub(in crate::application) async fn change_with_otp(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: ExpectedVersion,
        key: Option<&IdempotencyKey>,
        command: AppCommand,
        secrets: &InviteSecrets,
    ) -> Result<Changed, Failure> {
        let side_effects = |group: &GroupRow, app: &IntegrationApp, events: &[Event]| {
            let mut side_effects = self.side_effects_of(caller, app_id, group, app, events, Some(secrets))?;
            if let (Some(key), Ok(app), Some(expires_at)) = (key, app.created(), otp_expiry(events)) {
                let shown = self.verification(&secrets.otp, expires_at, app.name.as_str());
                side_effects.sealed = Some(
                    self.seal_verification(key.key(), &shown, app.name.as_str())
                        .map_err(command_error)?,
                );
            }
            Ok(side_effects)
        };
        let changed = self
            .change_app_once(
                caller,
                app_id,
                expected,
                key,
                Run::Command(&|_| Ok(command.clone()), &side_effects),
            )
            .await;
        match changed {
            Ok((view, events)) => {
                let shown = otp_expiry(&events)
                    .map(|expires_at| self.verification(&secrets.otp, expires_at, view.app().name.as_str()));
                Ok((view, shown))
            }
            Err(ChangeEnd::Repeated(changed)) => Ok(*changed),
            Err(ChangeEnd::Failed(failure)) => Err(failure),
        }
    }

    /// A change whose answer shows nothing that is shown once.
    pub(in crate::application) async fn change_app(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: ExpectedVersion,
        key: Option<&IdempotencyKey>,
        command: MakeAppCommand<'_>,
        side_effects: AppSideEffects<'_>,
    ) -> Result<Changed, Failure> {
        let run = Run::Command(command, side_effects);
        shown_nothing(self.change_app_once(caller, app_id, expected, key, run).await)
    }

    /// R27: a change that stops something, and loses against nobody.
    pub(in crate::application) async fn change_app_by_stopping(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: ExpectedVersion,
        key: Option<&IdempotencyKey>,
        command: AppCommand,
    ) -> Result<Changed, Failure> {
        shown_nothing(
            self.change_app_once(caller, app_id, expected, key, Run::Stop(command))
                .await,
        )
    }

    async fn change_app_once(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: ExpectedVersion,
        key: Option<&IdempotencyKey>,
        run: Run<'_>,
    ) -> Result<(AppView, Vec<Event>), ChangeEnd> {
        let Who::GroupUser { group_id, .. } = &caller.who else {
            return Err(Failure::Unauthenticated.into());
        };
        self.repeat_to_manager(caller, key).await?;
        if expected != ExpectedVersion::Nothing {
            self.require_own_app(caller, app_id).await?;
        }
        let options = ChangeOptions {
            expected,
            idempotency: key.map(IdempotencyKey::request),
            is_audited_read: false,
        };
        let done = match run {
            Run::Command(command, side_effects) => {
                self.app_command(caller, group_id, app_id, &options, command, side_effects)
                    .await
            }
            Run::Stop(command) => self.stop_app(caller, group_id, app_id, &options, command).await,
        };
        match done {
            Ok((done, group)) => Ok((self.view_after(&done, group).await?, done.events)),
            // The same request may have been faster: then its effect is what stands in the way of this one.
            Err(failure) => {
                self.repeat_to_manager(caller, key).await?;
                Err(failure.into())
            }
        }
    }

    /// Ends the change with the first answer, if this key has one. R1, R2: it may show an OTP, so it is repeated only to
    /// somebody who may still ask for it.
    async fn repeat_to_manager(&self, caller: &Caller, key: Option<&IdempotencyKey>) -> Result<(), ChangeEnd> {
        let Some(first) = self.repeated(key).await? else {
            return Ok(());
        };
        self.managers_group(caller).await?;
        Err(ChangeEnd::Repeated(Box::new((first.view, first.verification))))
    }

    /// R2-R4: nobody learns what moved of that which they may not change, nor that another group's
    /// application exists.
    async fn require_own_app(&self, caller: &Caller, app_id: AppId) -> Result<(), Failure> {
        let group = self.callers_group(caller).await?;
        let app = self.portal_app(app_id).await?;
        app.filter(|app| app.group_id == group.group_id)
            .ok_or(Refusal::NotFound)?;
        self.managers_group(caller).await.map(|_| ())
    }
}

/// How a change is run.
enum Run<'a> {
    /// In its turn.
    Command(MakeAppCommand<'a>, AppSideEffects<'a>),
    /// R27: before everybody else.
    Stop(AppCommand),
}

fn shown_nothing(end: Result<(AppView, Vec<Event>), ChangeEnd>) -> Result<Changed, Failure> {
    match end {
        Ok((view, _)) => Ok((view, None)),
        Err(ChangeEnd::Repeated(changed)) => Ok(*changed),
        Err(ChangeEnd::Failed(failure)) => Err(failure),
    }
}

/// How a change ends when it does not happen now.
enum ChangeEnd {
    /// It happened before, for the same Idempotency-Key.
    Repeated(Box<Changed>),
    /// It did not happen.
    Failed(Failure),
}

impl<F: Into<Failure>> From<F> for ChangeEnd {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

/// R14: when the OTP that these events issued ends.
fn otp_expiry(events: &[Event]) -> Option<Timestamp> {
    events.iter().find_map(issued_otp).map(|(_, expires_at)| expires_at)
}

pub(in crate::application) fn command_error(failure: Failure) -> CommandError {
    match failure {
        Failure::Command(error) => error,
        other => CommandError::Store(crate::store::StoreError::Refused(other.to_string())),
    }
}
