//! What goes with the events of admins: the name's reservation and the e-mails.

use gatebook_aggregates::email_address::{EmailAddress, comparable_address};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{App, IntegrationApp, IntegrationAppEvent as Event};
use gatebook_aggregates::text::Label;
use gatebook_projections::developers::DeveloperRow;
use gatebook_projections::groups::GroupRow;

use crate::application::apps::invite::InviteSecrets;
use crate::application::caller::Caller;
use crate::application::gatebook::Gatebook;
use crate::log::append::{EncryptedEmail, Reservation, ReservationKey};
use crate::log::{CommandError, SideEffects};
use crate::mail::Email;

impl Gatebook {
    /// What goes with an admin's events: the name's reservation and the e-mails they call for.
    pub(in crate::application) fn side_effects_of(
        &self,
        caller: &Caller,
        app_id: AppId,
        group: &GroupRow,
        app: &IntegrationApp,
        events: &[Event],
        secrets: Option<&InviteSecrets>,
    ) -> Result<SideEffects, CommandError> {
        let app = app.created()?;
        let mut side_effects = SideEffects::default();
        for event in events {
            if let Event::DeveloperInvited { email, .. } | Event::InvitationResent { email, .. } = event {
                // R13: somebody who has an account needs no invitation.
                let account = ReservationKey::DeveloperEmail(email.key());
                side_effects.still_free.push(account);
            }
            if event.takes_name().is_some() {
                side_effects.room = self.settings.limits.room(&group.group_id);
            }
            let names = event.takes_name().map(ReservationKey::of_app_name).unwrap_or_default();
            side_effects
                .reservations
                .extend(names.into_iter().map(|key| Reservation {
                    key,
                    owner: app_id.to_string(),
                }));
            let email = match event {
                Event::AiqIntegrateCreated { .. } => self.team_notice(caller, app_id, group, app, event),
                _ => self.developers_email(group, app, event, secrets),
            };
            if let Some(email) = email {
                side_effects.emails.push(EncryptedEmail {
                    about: about(&app_id.to_string(), event),
                    ..self.sealed(caller, &email)?
                });
            }
        }
        Ok(side_effects)
    }

    /// What goes with the events of a command that stops something of an application. `app` is as it is after them.
    pub(in crate::application) fn side_effects_of_stopping(
        &self,
        caller: &Caller,
        app_id: AppId,
        group: &GroupRow,
        app: &IntegrationApp,
        events: &[Event],
    ) -> Result<SideEffects, CommandError> {
        let id = app_id.to_string();
        let mut side_effects = self.side_effects_of(caller, app_id, group, app, events, None)?;
        side_effects.withdrawn_emails.extend(emails_made_obsolete(&id, events));
        let app = app.created()?;
        self.add_secret_emails(&mut side_effects, caller, &id, group, app, events)?;
        side_effects.actor_name = caller.name_for_admins(app);
        Ok(side_effects)
    }

    /// What the developer is told of an event.
    fn developers_email(
        &self,
        group: &GroupRow,
        app: &App,
        event: &Event,
        secrets: Option<&InviteSecrets>,
    ) -> Option<Email> {
        let (name, group_name) = (app.name.as_str(), group.customer.name.as_str());
        let portal = self.url("/portal");
        match event {
            Event::DeveloperInvited {
                email,
                invitation_expires_at,
                ..
            }
            | Event::InvitationResent {
                email,
                invitation_expires_at,
                ..
            } => secrets.map(|secrets| {
                let link = self.url(&format!("/portal/sign-up?invite={}", secrets.link.reveal()));
                Email::invitation(email.as_str(), name, group_name, &link, *invitation_expires_at)
            }),
            Event::DeveloperRegistered { email, .. } => {
                Some(Email::application_assigned(email.as_str(), name, group_name, &portal))
            }
            Event::OneTimePasswordReset { email, .. } => {
                Some(Email::otp_reset(email.as_str(), name, group_name, &portal))
            }
            Event::DeveloperAccessRevoked { email } => Some(Email::access_revoked(email.as_str(), name, group_name)),
            Event::ApplicationRevoked { .. } => {
                let email = app.developer.email()?;
                Some(Email::application_revoked(email.as_str(), name, group_name))
            }
            _ => None,
        }
    }

    /// R12: the notice to the provider's integration team.
    fn team_notice(&self, caller: &Caller, app_id: AppId, group: &GroupRow, app: &App, event: &Event) -> Option<Email> {
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

/// What the e-mail about an event is about, if a later event can make it untrue before it is sent.
fn about(app_id: &str, event: &Event) -> Option<String> {
    match event {
        Event::DeveloperInvited { .. } | Event::InvitationResent { .. } => Some(invitation(app_id)),
        Event::DeveloperRegistered { .. } => Some(assignment(app_id)),
        Event::OneTimePasswordReset { .. } => Some(otp_reset(app_id)),
        Event::DeveloperAccessRevoked { email } => Some(access_revoked(app_id, email)),
        _ => None,
    }
}

/// Which letters that wait for a mail server are no longer true after these events: an invitation whose link is dead, a
/// notice about an OTP that is void (R16, R18, R21, R27).
pub(in crate::application) fn emails_made_obsolete(app_id: &str, events: &[Event]) -> Vec<String> {
    // Nothing can have been said of an application before there was one.
    if events.iter().any(|event| event.takes_name().is_some()) {
        return Vec::new();
    }
    let of = |event: &Event| match event {
        Event::InvitationResent { .. } => vec![invitation(app_id)],
        Event::OneTimePasswordReset { .. } => vec![otp_reset(app_id)],
        Event::DeveloperInvited { email, .. } | Event::DeveloperRegistered { email, .. } => {
            vec![access_revoked(app_id, email)]
        }
        Event::DeveloperVerified { .. } => vec![assignment(app_id), otp_reset(app_id)],
        Event::DeveloperAccessRevoked { .. } | Event::ApplicationRevoked { .. } => {
            vec![invitation(app_id), assignment(app_id), otp_reset(app_id)]
        }
        _ => Vec::new(),
    };
    events.iter().flat_map(of).collect()
}

pub(in crate::application) fn invitation(app_id: &str) -> String {
    format!("invitation to {app_id}")
}

pub(in crate::application) fn assignment(app_id: &str) -> String {
    format!("assignment of {app_id}")
}

pub(in crate::application) fn otp_reset(app_id: &str) -> String {
    format!("OTP of {app_id}")
}

fn access_revoked(app_id: &str, email: &EmailAddress) -> String {
    format!("access of {} to {app_id}", email.key())
}
