//! What goes with the events of admins: the name's reservation and the e-mails.

use gatebook_aggregates::email_address::{EmailAddress, comparable_address};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{App, IntegrationAppEvent as Event};
use gatebook_aggregates::text::Label;
use gatebook_projections::developers::DeveloperRow;
use gatebook_projections::groups::GroupRow;

use crate::application::caller::Caller;
use crate::application::gatebook::Gatebook;
use crate::log::SideEffects;
use crate::log::append::EncryptedEmail;
use crate::mail::Email;
use crate::outbox::about_to_developer;

impl Gatebook {
    /// R12: the notice to the provider's integration team.
    pub(in crate::application) fn team_notice(
        &self,
        caller: &Caller,
        app_id: AppId,
        group: &GroupRow,
        app: &App,
        event: &Event,
    ) -> Option<Email> {
        let Event::AiqIntegrateCreated {
            integrate_type,
            category,
            entities,
            ..
        } = event
        else {
            return None;
        };
        let names: Vec<&str> = entities
            .iter()
            .filter_map(|entity| group.customer.entities.get(entity).map(Label::as_str))
            .collect();
        let admin = caller.origin(Some(group)).actor.actor_name;
        Some(Email::aiq_integrate_requested(
            self.settings.integration_team.as_str(),
            app.name.as_str(),
            group.customer.name.as_str(),
            group.group_id.as_str(),
            &app_id.to_string(),
            integrate_type,
            category.as_str(),
            &admin,
            &names,
        ))
    }
}

/// A mail about an account goes to the address that the account has, however an admin typed it.
pub(in crate::application) fn address_to_account(emails: &mut [EncryptedEmail], account: Option<&DeveloperRow>) {
    let Some(account) = account else { return };
    let key = account.email.key();
    for email in emails
        .iter_mut()
        .filter(|email| comparable_address(&email.recipient) == key)
    {
        email.recipient = account.email.as_str().to_owned();
    }
}

/// What an e-mail about an application is about, as the outbox stores it: e-mails that wait are found by it when they are
/// no longer true, and pages by it when they could not be delivered.
pub(in crate::application) struct EmailSubject(String);

impl EmailSubject {
    /// Of this application.
    pub(in crate::application) fn of(app_id: AppId) -> Self {
        Self(app_id.to_string())
    }

    pub(in crate::application) fn invitation(&self) -> String {
        format!("invitation to {}", self.0)
    }

    pub(in crate::application) fn assignment(&self) -> String {
        format!("assignment of {}", self.0)
    }

    pub(in crate::application) fn otp_reset(&self) -> String {
        format!("OTP of {}", self.0)
    }

    /// R15: the lock of the OTP, as admins are told of it.
    pub(in crate::application) fn otp_lock(&self) -> String {
        format!("lock of {}", self.0)
    }

    pub(in crate::application) fn access_revoked(&self, email: &EmailAddress) -> String {
        format!("access of {} to {}", email.key(), self.0)
    }

    /// The end of the application at its end date.
    pub(in crate::application) fn end(&self) -> String {
        format!("end of {}", self.0)
    }

    /// Everything that asks a developer to do something about the application.
    pub(in crate::application) fn all_to_a_developer(&self) -> [String; 3] {
        [self.invitation(), self.assignment(), self.otp_reset()]
    }
}

/// Takes back all e-mails about an end that have not left.
pub(in crate::application) fn withdraw_notices(about: &str, effects: &mut SideEffects) {
    effects.withdrawn_emails.push(about.to_owned());
    effects.withdrawn_emails.push(about_to_developer(about));
}

/// Takes back those for a developer who has lost the application; those of later days are for the next one.
pub(in crate::application) fn withdraw_notices_to_developer(about: &str, effects: &mut SideEffects) {
    effects.withdrawn_emails.push(about_to_developer(about));
}
