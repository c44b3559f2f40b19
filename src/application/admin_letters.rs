//! What goes with the events of admins: the name's reservation and the letters.

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{App, IntegrationApp, IntegrationAppEvent as Event};
use gatebook_aggregates::words::Label;
use gatebook_projections::groups::GroupRow;

use super::caller::Caller;
use super::gatebook::Gatebook;
use super::invite::InviteSecrets;
use crate::log::append::{Reservation, ReservationKey};
use crate::log::{CommandError, Extras};
use crate::mail::Letter;

impl Gatebook {
    /// What goes with an admin's events: the name's reservation and the letters they call for.
    pub(super) fn extras_of(
        &self,
        caller: &Caller,
        app_id: AppId,
        group: &GroupRow,
        app: &IntegrationApp,
        events: &[Event],
        secrets: Option<&InviteSecrets>,
    ) -> Result<Extras, CommandError> {
        let app = app.created()?;
        let (name, group_name) = (app.name.as_str(), group.customer.name.as_str());
        let mut extras = Extras::default();
        for event in events {
            if let Event::DeveloperInvited { email, .. } | Event::InvitationResent { email, .. } = event {
                // R13: somebody who has an account needs no invitation.
                let account = ReservationKey::DeveloperEmail(email.key());
                extras.still_free.push(account);
            }
            extras.reservations.extend(event.takes_name().map(|name| Reservation {
                key: ReservationKey::AppName(name.uniqueness_key()),
                owner: app_id.to_string(),
            }));
            let letter = match event {
                Event::AiqIntegrateCreated { .. } => self.team_notice(caller, app_id, group, app, event),
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
                    Letter::invitation(email.as_str(), name, group_name, &link, *invitation_expires_at)
                }),
                Event::DeveloperRegistered { email, .. } => Some(Letter::application_assigned(
                    email.as_str(),
                    name,
                    group_name,
                    &self.url("/portal"),
                )),
                Event::OneTimePasswordReset { email, .. } => Some(Letter::otp_reset(
                    email.as_str(),
                    name,
                    group_name,
                    &self.url("/portal"),
                )),
                Event::DeveloperAccessRevoked { email } => {
                    Some(Letter::access_revoked(email.as_str(), name, group_name))
                }
                Event::ApplicationRevoked { .. } => app
                    .developer
                    .email()
                    .map(|email| Letter::application_revoked(email.as_str(), name, group_name)),
                _ => None,
            };
            extras
                .letters
                .extend(letter.map(|letter| self.sealed(&letter)).transpose()?);
        }
        Ok(extras)
    }

    /// R12: the notice to the provider's integration team.
    fn team_notice(
        &self,
        caller: &Caller,
        app_id: AppId,
        group: &GroupRow,
        app: &App,
        event: &Event,
    ) -> Option<Letter> {
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
        Some(Letter::aiq_integrate_requested(
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
