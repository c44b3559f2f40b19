//! R23: the developer is told a day before a client secret ends in the course of a rotation.

use chrono::TimeDelta;
use gatebook_aggregates::integration_app::PreviousSecret;

use crate::application::command::consequences::app::AppContext;
use crate::application::gatebook::Gatebook;
use crate::log::CommandError;
use crate::log::append::EncryptedEmail;
use crate::mail::Email;

/// How long before a client secret ends its developer gets an e-mail about it.
pub const SECRET_END_NOTICE: TimeDelta = TimeDelta::hours(24);

impl Gatebook {
    /// None when the secret ends at once, or when nobody outside looks after it.
    pub(in crate::application) fn end_notice(
        &self,
        context: &AppContext<'_>,
        previous: &PreviousSecret,
    ) -> Result<Option<EncryptedEmail>, CommandError> {
        let app = context.app;
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
            context.name(),
            context.group_name(),
            &ending.prefix,
            ends_at,
            &self.url(&format!("/portal/apps/{}", context.app_id)),
        );
        Ok(Some(EncryptedEmail {
            not_before: Some(ends_at.plus(-SECRET_END_NOTICE)),
            about: Some(id.to_string()),
            ..self.sealed(context.caller, &email)?
        }))
    }
}
