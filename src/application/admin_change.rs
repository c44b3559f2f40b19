//! How a change of an admin happens: once for an `Idempotency-Key`, and with its OTP shown once.

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppEvent as Event, Wish, issued_otp};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;

use super::app_view::AppView;
use super::caller::{Caller, Who};
use super::commands::{AppExtras, ChangeOptions, WishOf};
use super::failure::Failure;
use super::gatebook::Gatebook;
use super::idempotency::IdempotencyKey;
use super::invite::InviteSecrets;
use super::seen::Pin;
use super::verification::Verification;
use crate::log::CommandError;

/// An application after a change, with what is shown once.
pub type Changed = (AppView, Option<Verification>);

impl Gatebook {
    /// A change whose answer shows an OTP.
    pub(super) async fn change_with_otp(
        &self,
        caller: &Caller,
        app_id: AppId,
        pin: Pin,
        key: Option<&IdempotencyKey>,
        wish: Wish,
        secrets: &InviteSecrets,
    ) -> Result<Changed, Failure> {
        let extras = |group: &GroupRow, app: &IntegrationApp, events: &[Event]| {
            let mut extras = self.extras_of(caller, app_id, group, app, events, Some(secrets))?;
            if let (Some(key), Ok(app), Some(expires_at)) = (key, app.created(), otp_expiry(events)) {
                let shown = self.verification(&secrets.otp, expires_at, app.name.as_str());
                extras.sealed = Some(
                    self.seal_verification(key.key(), &shown, app.name.as_str())
                        .map_err(command)?,
                );
            }
            Ok(extras)
        };
        let changed = self
            .change_app_once(caller, app_id, pin, key, Run::Command(&|_| Ok(wish.clone()), &extras))
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
    pub(super) async fn change_app(
        &self,
        caller: &Caller,
        app_id: AppId,
        pin: Pin,
        key: Option<&IdempotencyKey>,
        wish: WishOf<'_>,
        extras: AppExtras<'_>,
    ) -> Result<Changed, Failure> {
        let run = Run::Command(wish, extras);
        shown_nothing(self.change_app_once(caller, app_id, pin, key, run).await)
    }

    /// R27: a change that stops something, and loses against nobody.
    pub(super) async fn change_app_by_stopping(
        &self,
        caller: &Caller,
        app_id: AppId,
        pin: Pin,
        key: Option<&IdempotencyKey>,
        wish: Wish,
    ) -> Result<Changed, Failure> {
        shown_nothing(self.change_app_once(caller, app_id, pin, key, Run::Stop(wish)).await)
    }

    async fn change_app_once(
        &self,
        caller: &Caller,
        app_id: AppId,
        pin: Pin,
        key: Option<&IdempotencyKey>,
        run: Run<'_>,
    ) -> Result<(AppView, Vec<Event>), ChangeEnd> {
        let Who::GroupUser { group_id, .. } = &caller.who else {
            return Err(Failure::Unauthenticated.into());
        };
        self.repeat_to_manager(caller, key).await?;
        if pin != Pin::Nothing {
            self.require_own_app(caller, app_id).await?;
        }
        let options = ChangeOptions {
            pin,
            idempotency: key.map(IdempotencyKey::intent),
            is_look: false,
        };
        let done = match run {
            Run::Command(wish, extras) => self.app_command(caller, group_id, app_id, &options, wish, extras).await,
            Run::Stop(wish) => self.stop_app(caller, group_id, app_id, &options, wish).await,
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
    Command(WishOf<'a>, AppExtras<'a>),
    /// R27: before everybody else.
    Stop(Wish),
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

pub(super) fn command(failure: Failure) -> CommandError {
    match failure {
        Failure::Command(error) => error,
        other => CommandError::Store(crate::store::StoreError::Refused(other.to_string())),
    }
}
