//! R23: the developer is told a day before a client secret ends in the course of a rotation.

use chrono::TimeDelta;
use gatebook_aggregates::integration_app::{App, IntegrationAppEvent as Event, PreviousSecret};
use gatebook_projections::groups::GroupRow;

use crate::application::caller::Caller;
use crate::application::gatebook::Gatebook;
use crate::log::append::EncryptedEmail;
use crate::log::{CommandError, SideEffects};
use crate::mail::Email;

/// How long before a client secret ends its developer gets an e-mail about it.
pub const SECRET_END_NOTICE: TimeDelta = TimeDelta::hours(24);

impl Gatebook {
    /// Adds the letters that events about client secrets call for, and withdraws those that they make untrue. `app` is
    /// as it is after the events.
    pub(in crate::application) fn add_secret_emails(
        &self,
        side_effects: &mut SideEffects,
        caller: &Caller,
        app_id: &str,
        group: &GroupRow,
        app: &App,
        events: &[Event],
    ) -> Result<(), CommandError> {
        for event in events {
            match event {
                Event::ClientSecretGenerated {
                    previous: Some(previous),
                    ..
                } => {
                    side_effects
                        .withdrawn_emails
                        .push(previous.client_secret_id.to_string());
                    side_effects
                        .emails
                        .extend(self.end_notice(caller, app_id, group, app, previous)?);
                }
                Event::ClientSecretRetired { client_secret_id } => {
                    side_effects.withdrawn_emails.push(client_secret_id.to_string());
                }
                Event::DeveloperAccessRevoked { .. } | Event::ApplicationRevoked { .. } => {
                    let secrets = app.client_secrets.iter().map(|secret| secret.id.to_string());
                    side_effects.withdrawn_emails.extend(secrets);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// None when the secret ends at once, or when nobody outside looks after it.
    fn end_notice(
        &self,
        caller: &Caller,
        app_id: &str,
        group: &GroupRow,
        app: &App,
        previous: &PreviousSecret,
    ) -> Result<Option<EncryptedEmail>, CommandError> {
        let (id, ends_at) = (previous.client_secret_id, previous.ends_at);
        let ending = app.client_secrets.iter().find(|secret| secret.id == id);
        let (Some(ending), Some(email)) = (ending, app.developer.email()) else {
            return Ok(None);
        };
        if ends_at <= self.clock.now() {
            return Ok(None);
        }
        let email = Email::client_secret_ending(
            email.as_str(),
            app.name.as_str(),
            group.customer.name.as_str(),
            &ending.prefix,
            ends_at,
            &self.url(&format!("/portal/apps/{app_id}")),
        );
        Ok(Some(EncryptedEmail {
            not_before: Some(ends_at.plus(-SECRET_END_NOTICE)),
            about: Some(id.to_string()),
            ..self.sealed(caller, &email)?
        }))
    }
}
