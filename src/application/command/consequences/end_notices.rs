//! Who answers for an application is told before it ends, and before one of its client secrets does (R23): some days before,
//! each time once. The e-mails are written with the event that decides the end, and addressed on the day when they leave
//! (see `outbox/addressing.rs`). What ends otherwise, or at another time, takes them back.

use chrono::TimeDelta;
use gatebook_aggregates::identifiers::ClientSecretId;
use gatebook_aggregates::timestamp::Timestamp;

use crate::application::command::consequences::app::AppContext;
use crate::application::gatebook::Gatebook;
use crate::log::append::EncryptedEmail;
use crate::log::audience::Audience;
use crate::log::{CommandError, SideEffects};
use crate::mail::{Email, Ending};

/// How long before an end there is an e-mail about it.
pub const END_NOTICES: [TimeDelta; 3] = [TimeDelta::days(14), TimeDelta::days(3), TimeDelta::days(1)];

/// When e-mails leave about something that ends then: those of [`END_NOTICES`] that are still ahead. When none is, one leaves at
/// once. None about what ends at once, which whoever asked for it knows.
fn notices(ends_at: Timestamp, now: Timestamp) -> Vec<Timestamp> {
    if ends_at <= now {
        return Vec::new();
    }
    let all = END_NOTICES.map(|before| ends_at.plus(-before));
    let ahead: Vec<_> = all.into_iter().filter(|moment| *moment > now).collect();
    match ahead.is_empty() {
        true => vec![now],
        false => ahead,
    }
}

impl Gatebook {
    /// R23: about the end of a client secret.
    pub(in crate::application) fn notices_of_secret(
        &self,
        context: &AppContext<'_>,
        id: ClientSecretId,
        ends_at: Timestamp,
        effects: &mut SideEffects,
    ) -> Result<(), CommandError> {
        let Some(secret) = context.app.client_secrets.iter().find(|secret| secret.id == id) else {
            return Ok(());
        };
        let (portal, console) = (self.portal_page(context), self.console_page(context, "/secrets"));
        let for_developer = Email::client_secret_ending(&ending(context, ends_at, &portal), &secret.prefix);
        let has_developer = context.app.kind.has_outside_developer();
        let for_admins =
            Email::client_secret_ending_for_admins(&ending(context, ends_at, &console), &secret.prefix, has_developer);
        self.write_notices(context, &id.to_string(), ends_at, [for_developer, for_admins], effects)
    }

    /// About the end of the application.
    pub(in crate::application) fn notices_of_app(
        &self,
        context: &AppContext<'_>,
        about: &str,
        ends_at: Timestamp,
        effects: &mut SideEffects,
    ) -> Result<(), CommandError> {
        let (portal, console) = (self.portal_page(context), self.console_page(context, "/edit"));
        let for_developer = Email::application_ending(&ending(context, ends_at, &portal));
        let for_admins = Email::application_ending_for_admins(&ending(context, ends_at, &console));
        self.write_notices(context, about, ends_at, [for_developer, for_admins], effects)
    }

    fn write_notices(
        &self,
        context: &AppContext<'_>,
        about: &str,
        ends_at: Timestamp,
        [for_developer, for_admins]: [Email; 2],
        effects: &mut SideEffects,
    ) -> Result<(), CommandError> {
        let developer = (for_developer, Audience::Developer(context.app_id));
        let admins = (for_admins, Audience::Admins(context.app.group_id.clone()));
        let is_wanted = |audience: &Audience| match audience {
            Audience::Developer(_) => context.app.kind.has_outside_developer(),
            Audience::Admins(_) => true,
        };
        for (email, audience) in [developer, admins]
            .into_iter()
            .filter(|(_, audience)| is_wanted(audience))
        {
            for moment in notices(ends_at, self.clock.now()) {
                effects.emails.push(EncryptedEmail {
                    recipient: audience.to_string(),
                    not_before: Some(moment),
                    about: Some(about.to_owned()),
                    audience: Some(audience.clone()),
                    ..self.sealed(context.caller, &email)?
                });
            }
        }
        Ok(())
    }

    fn portal_page(&self, context: &AppContext<'_>) -> String {
        self.url(&format!("/portal/apps/{}", context.app_id))
    }

    fn console_page(&self, context: &AppContext<'_>, page: &str) -> String {
        self.url(&format!("/integration-applications/{}{page}", context.app_id))
    }
}

fn ending<'a>(context: &'a AppContext<'_>, ends_at: Timestamp, url: &'a str) -> Ending<'a> {
    Ending {
        app_name: context.name(),
        group_name: context.group_name(),
        ends_at,
        url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn there_is_an_email_for_each_day_that_is_ahead_or_one_at_once() {
        let end = at("2026-12-31T12:00:00.000Z");
        let days = |before: &[i64]| -> Vec<_> { before.iter().map(|days| end.plus(-TimeDelta::days(*days))).collect() };
        let ms = TimeDelta::milliseconds(1);
        for (now, expected) in [
            (end.plus(-TimeDelta::days(30)), days(&[14, 3, 1])),
            (end.plus(-TimeDelta::days(14) - ms), days(&[14, 3, 1])),
            (end.plus(-TimeDelta::days(14)), days(&[3, 1])),
            (end.plus(-TimeDelta::days(3)), days(&[1])),
            (end.plus(-TimeDelta::days(1)), days(&[1])),
            (end.plus(-ms), vec![end.plus(-ms)]),
            (end, vec![]),
        ] {
            assert_eq!(notices(end, now), expected, "{now}");
        }
    }
}
