//! An e-mail to an application's developer that could not be delivered, as the group's admins are told of it.
//!
//! It is a fact of the outbox, and read from there: when the e-mail is sent again and taken, or is no longer true, the
//! problem is gone by itself. What the mail server said word for word stays with operators.

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::DeveloperStatus;

use crate::application::apps::view::AppView;
use crate::application::command::consequences::emails::EmailSubject;
use crate::application::gatebook::Gatebook;
use crate::mail::DeliveryFailure;
use crate::outbox;
use crate::store::StoreError;

/// What became of the last e-mail to a developer, if it was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailProblem {
    /// When it was given up.
    pub at: Timestamp,
    /// Which e-mail: `invitation`, `application_assigned` or `otp_reset`.
    pub mail: String,
    /// Why, as a word for programs.
    pub kind: &'static str,
    /// Why and what to do, as a sentence for people.
    pub detail: &'static str,
}

impl Gatebook {
    /// What the application's developer was not told, because the e-mail could not be delivered.
    ///
    /// # Errors
    /// The database failed.
    pub async fn mail_problem(&self, view: &AppView) -> Result<Option<MailProblem>, StoreError> {
        let subject = EmailSubject::of(view.app().app_id);
        let about = match view.developer_status() {
            DeveloperStatus::None | DeveloperStatus::Verified => return Ok(None),
            DeveloperStatus::Invited => vec![subject.invitation(), subject.otp_reset()],
            DeveloperStatus::OtpPending => vec![subject.assignment(), subject.otp_reset()],
        };
        let failed = outbox::last_failure(self.database(), &about).await?;
        Ok(failed.map(|failed| MailProblem {
            at: failed.at,
            mail: failed.kind,
            kind: failed.failure.map_or("not_delivered", Into::into),
            detail: sentence(failed.failure),
        }))
    }
}

fn sentence(failure: Option<DeliveryFailure>) -> &'static str {
    match failure {
        Some(DeliveryFailure::AddressRefused) => {
            "The mail server does not accept e-mail for this address. Check it for typing mistakes. To correct it, \
             revoke the developer’s access and register them with the right address."
        }
        Some(DeliveryFailure::AddressUnsupported) => {
            "Our mail server cannot send to the special characters before the @ in this address. Ask the developer for \
             another address, then revoke their access and register them with it."
        }
        Some(DeliveryFailure::AddressInvalid) => {
            "E-mail cannot reach this address. Revoke the developer’s access and register them with the right address."
        }
        Some(DeliveryFailure::MailRefused) => {
            "The mail server refused this e-mail. Our operators can see why; ask them before you try again."
        }
        Some(DeliveryFailure::GivenUp) => {
            "This e-mail could not be delivered for three days, so we stopped trying. Check the address, then send it \
             again."
        }
        Some(DeliveryFailure::Broken) | None => "The e-mail could not be sent. Try again, or ask our operators.",
    }
}
