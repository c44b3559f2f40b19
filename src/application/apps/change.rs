//! How a change of an admin happens: once for an `Idempotency-Key`, and with its OTP shown once.

use std::sync::Arc;

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{IntegrationAppEvent as Event, issued_otp};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::AppList;
use gatebook_projections::projection::Projection;

use crate::application::apps::view::AppView;
use crate::application::caller::Caller;
use crate::application::command::request::Drawn;
use crate::application::command::run_app::AppRequest;
use crate::application::command::verification::Verification;
use crate::application::idempotency_key::IdempotencyKey;

use crate::application::command::section_versions::ExpectedVersion;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;

/// An application after a change, with what is shown once.
pub type Changed = (AppView, Option<Verification>);

/// The first answer, found again.
pub struct Repeated {
    /// The application as it was right after the first request.
    pub view: AppView,
    /// What was shown once, while it may be shown again.
    pub verification: Option<Verification>,
}

impl Gatebook {
    /// The first answer to this key, about an application as admins see it; none when the key is new.
    pub(in crate::application) async fn repeated(
        &self,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Repeated>, Failure> {
        let Some(first) = self.first_answer(key).await? else {
            return Ok(None);
        };
        let app = first
            .history
            .iter()
            .fold(None, AppList::fold)
            .ok_or(Refusal::NotFound)?;
        let group = Arc::new(self.group(&app.group_id).await?.ok_or(Refusal::NotFound)?);
        let verification = match &first.sealed {
            Some(sealed) if self.otp_still_opens(&first) => Some(self.open_verification(&first.key, sealed)?),
            _ => None,
        };
        Ok(Some(Repeated {
            view: self.view_of(app, group).await?,
            verification,
        }))
    }

    /// A change by an admin: once for an `Idempotency-Key`, and with the OTP that it issued shown once.
    pub(in crate::application) async fn change_app(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: ExpectedVersion,
        request: AppRequest<'_>,
    ) -> Result<Changed, Failure> {
        let drawn = request.drawn();
        match self.change_app_once(caller, app_id, expected, request).await {
            Ok((view, events)) => {
                let shown = match (drawn, otp_expiry(&events)) {
                    (Drawn::Invitation(secrets), Some(expires_at)) => {
                        Some(self.verification(&secrets.otp, expires_at, view.app().name.as_str()))
                    }
                    _ => None,
                };
                Ok((view, shown))
            }
            Err(ChangeEnd::Repeated(changed)) => Ok(*changed),
            Err(ChangeEnd::Failed(failure)) => Err(failure),
        }
    }

    async fn change_app_once(
        &self,
        caller: &Caller,
        app_id: AppId,
        expected: ExpectedVersion,
        request: AppRequest<'_>,
    ) -> Result<(AppView, Vec<Event>), ChangeEnd> {
        let (group_id, key) = (caller.member()?.group_id(), request.key());
        self.repeat_to_manager(caller, key).await?;
        match self.run_app(group_id, app_id, &expected, request).await {
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
        caller.manager()?;
        Err(ChangeEnd::Repeated(Box::new((first.view, first.verification))))
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
