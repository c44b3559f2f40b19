//! What developers do in the portal: see their applications, verify, see details, handle client secrets (R17, R20-R23).

use std::sync::Arc;

use crate::application::apps::client_secrets::{IssuedClientSecret, live_secrets};
use gatebook_aggregates::identifiers::{AppId, ClientSecretId, EntityId};
use gatebook_aggregates::integration_app::{
    AppCommand, ClientSecret, IntegrationAppEvent as Event, OtpState, OtpUnusable, Status,
};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::refused_attempts::MailedSecret;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::text_comparison::searchable;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::Link;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::portal_apps::{self, PortalAppRow, PortalApps};
use gatebook_projections::projection::Projection;

use crate::application::accounts::credentials::throttle_keys;
use crate::application::apps::SecretTerms;
use crate::application::authorization::{LinkedDeveloper, VerifiedDeveloper};
use crate::application::caller::Caller;
use crate::application::command::request::CommandRequest;
use crate::application::command::retry::TRIES;
use crate::application::command::run_app::AppCommitted;
use crate::application::idempotency_key::IdempotencyKey;

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::node::refused::{MailedSecretRefusedBecause, Refused};
use crate::log::CommandError;
use crate::secrets::{CredentialKind, OneTimePassword};
use crate::store::StoreError;

/// A developer's applications, each with its group.
pub struct PortalHome {
    /// R17: linked, OTP not verified.
    pub otp_verification_needed: Vec<(PortalAppRow, GroupRow)>,
    /// R22: verified.
    pub apps: Vec<(PortalAppRow, GroupRow)>,
}

/// R22: what the verified developer sees.
pub struct AppDetails {
    /// The application.
    pub app: PortalAppRow,
    /// Its group.
    pub group: Arc<GroupRow>,
    /// R23: its live client secrets, with their last use.
    pub client_secrets: Vec<(ClientSecret, Option<Timestamp>)>,
}

/// An entity as the developer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalEntity {
    /// Its id.
    pub id: EntityId,
    /// Its name.
    pub name: Label,
}

impl Gatebook {
    /// The applications of the developer.
    pub async fn portal_home(&self, caller: &Caller) -> Result<PortalHome, Failure> {
        let developer = caller.developer()?;
        let _slot = self.read_slot(caller).await?;
        let rows = self
            .database()
            .rows(portal_apps::of_developer(&developer.email))
            .await?;
        let mut home = PortalHome {
            otp_verification_needed: Vec::new(),
            apps: Vec::new(),
        };
        for row in rows {
            let app = PortalApps::row(row).map_err(StoreError::from)?;
            let group = self.group(&app.group_id).await?.ok_or(Refusal::NotFound)?;
            match (app.link, app.status) {
                (Link::Verified, _) => home.apps.push((app, group)),
                // R27: the OTP of a revoked application is dead, so there is nothing to verify.
                (_, Status::Revoked) => {}
                (_, Status::Active | Status::Suspended) => home.otp_verification_needed.push((app, group)),
            }
        }
        Ok(home)
    }

    /// R17: Verify. Wrong tries are recorded. The same request again, by its key, is answered like the first, and is no
    /// other try.
    pub async fn verify_otp(&self, developer: &LinkedDeveloper<'_>, typed: &str) -> Result<(), Failure> {
        let (caller, account) = (developer.caller, developer.developer.developer_id);
        if let Some(first) = self.verified_before(caller).await? {
            return first;
        }
        let attempt = throttle_keys(caller, Some(("otp", format!("{account}/{}", developer.app.app_id))));
        let typed = OneTimePassword::read(typed);
        if typed.is_none() {
            self.require_no_live_otp(developer)?;
        }
        let guess = match self.guess(&attempt).await {
            Ok(guess) => guess,
            Err(too_many) => {
                let because = MailedSecretRefusedBecause::TooManyTries(MailedSecret::OneTimePassword);
                self.note_refused_otp(developer, because);
                return Err(too_many);
            }
        };
        let otp_digest = typed.map(|otp| self.keyed(CredentialKind::OneTimePassword, otp.canonical()));
        let command = AppCommand::VerifyOneTimePassword { otp_digest };
        let done = self.developers_command(developer, command).await;
        if done.as_ref().is_err_and(Failure::is_key_used)
            && let Some(first) = self.verified_before(caller).await?
        {
            return first;
        }
        if let Some(because) = done.as_ref().err().and_then(unusable_because) {
            let because = MailedSecretRefusedBecause::Unusable(because);
            self.note_refused_otp(developer, because);
        }
        let verified = done.and_then(|(done, _)| verified(&done.events));
        // What was refused before the OTP was looked at, or never happened, was no guess. Whoever hangs up has had one of
        // the OTP's five tries all the same.
        if verified.as_ref().is_err_and(is_wrong_otp) {
            guess.was_wrong();
        }
        verified
    }

    /// R15, R28: that an OTP which opens nothing was tried is recorded once with the application; whoever goes on is counted,
    /// and so is whoever tries so often that nobody looks at it any more.
    fn note_refused_otp(&self, developer: &LinkedDeveloper<'_>, because: MailedSecretRefusedBecause) {
        let refused = Refused::MailedSecret {
            group_id: developer.app.group_id.clone(),
            because,
            app_id: Some(developer.app.app_id),
            developer_id: Some(developer.developer.developer_id),
        };
        self.note_refused(developer.caller, refused);
    }

    /// R15: what cannot be an OTP at all is no try of one that still opens something.
    fn require_no_live_otp(&self, developer: &LinkedDeveloper<'_>) -> Result<(), Failure> {
        let app = &developer.app;
        if app.status == Status::Active && app.otp_state(self.clock.now()) == Some(OtpState::Valid) {
            let message = "A one-time password has eight letters and digits, such as K7QM-2F9D.";
            return Err(Refusal::field("otp", "invalid_otp", message).into());
        }
        Ok(())
    }

    /// What this request's key was answered with; none when it is new.
    async fn verified_before(&self, caller: &Caller) -> Result<Option<Result<(), Failure>>, Failure> {
        let first = self.first_answer(caller.conditions.key.as_ref()).await?;
        let reported = first.and_then(|first| first.history.into_iter().next_back());
        Ok(reported.map(|reported| verified(&[reported.event])))
    }

    /// R22, R28: the details, whose reveal is recorded.
    pub async fn app_details(&self, developer: &LinkedDeveloper<'_>) -> Result<AppDetails, Failure> {
        let ip_address = developer.caller.ip_address.clone();
        let command = AppCommand::RevealCredentials { ip_address };
        let (done, group) = self.developers_command(developer, command).await?;
        let app = done.row::<PortalApps>().ok_or(Refusal::NotFound)?;
        let client_secrets = self.live_secrets_with_use(&app).await?;
        Ok(AppDetails {
            app,
            group,
            client_secrets,
        })
    }

    /// R22, R25: the entities, filtered by name and id, a page of them beginning after an id.
    pub async fn portal_entities(
        &self,
        developer: &VerifiedDeveloper<'_>,
        (name, id): (Option<&str>, Option<&str>),
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<PortalEntity>, Option<EntityId>), Failure> {
        let _slot = self.read_slot(developer.caller()).await?;
        let (app, group) = (developer.app(), developer.group());
        let part_of = |text: Option<&str>| text.map(searchable).unwrap_or_default();
        let (part_of_name, part_of_id) = (part_of(name), part_of(id));
        let mut matching = app
            .entities
            .iter()
            .filter_map(|id| group.customer.entities.get_key_value(id))
            .filter(|(id, name)| {
                searchable(name.as_str()).contains(&part_of_name)
                    && searchable(id.as_str()).contains(&part_of_id)
                    && after.is_none_or(|after| id.as_str() > after)
            })
            .map(|(id, name)| PortalEntity {
                id: id.clone(),
                name: name.clone(),
            });
        let page: Vec<_> = matching.by_ref().take(limit).collect();
        let next = matching.next().and_then(|_| page.last().map(|last| last.id.clone()));
        Ok((page, next))
    }

    /// R23: generates a client secret if those that live are still those that were seen. A form makes one secret, however
    /// often it is sent; for a while it is shown the same one again. None when the secrets are others by now.
    ///
    /// # Errors
    /// `IdempotencyKeyReused` when the form was sent with other terms.
    pub async fn generate_client_secret_once(
        &self,
        caller: &Caller,
        app_id: AppId,
        terms: SecretTerms,
        seen: &[ClientSecretId],
        form: Option<&IdempotencyKey>,
    ) -> Result<Option<IssuedClientSecret>, Failure> {
        for _ in 0..TRIES {
            let developer = self.verified_developer(caller, app_id).await?;
            let app = developer.app();
            let live: Vec<_> = live_secrets(app, self.clock.now()).map(|secret| secret.id).collect();
            if let Some(first) = self.repeated_secret(form).await? {
                // The first may have made it after the look at the secrets.
                let again = self.verified_developer(caller, app_id).await?;
                let live: Vec<_> = live_secrets(again.app(), self.clock.now())
                    .map(|secret| secret.id)
                    .collect();
                return Ok(first.shown().filter(|shown| live.contains(&shown.client_secret_id)));
            }
            if live != seen {
                return Ok(None);
            }
            let expected = Some(app.version).into();
            let issued = self
                .generate_client_secret_for(caller, app, terms, &expected, form)
                .await;
            match issued {
                // Something has changed since the look at the secrets, or the same form was faster: look again.
                Err(failure) if failure.is_version_mismatch() || failure.is_key_used() => {}
                issued => return issued.map(Some),
            }
        }
        Err(CommandError::Conflict.into())
    }

    /// R23: retires one at once.
    pub async fn retire_client_secret(
        &self,
        developer: &LinkedDeveloper<'_>,
        client_secret_id: ClientSecretId,
    ) -> Result<(), Failure> {
        let command = AppCommand::RetireClientSecret { client_secret_id };
        self.developers_command(developer, command).await.map(|_| ())
    }

    async fn developers_command(
        &self,
        LinkedDeveloper { caller, app, .. }: &LinkedDeveloper<'_>,
        command: AppCommand,
    ) -> Result<AppCommitted, Failure> {
        let expected = caller.conditions.if_match.clone().into();
        let request = CommandRequest::new(caller, command).once(caller.conditions.key.as_ref());
        self.run_app(&app.group_id, app.app_id, &expected, request).await
    }
}

/// R15, R16: what was recorded about an OTP that was tried.
fn verified(events: &[Event]) -> Result<(), Failure> {
    match events.first() {
        Some(Event::OneTimePasswordMistyped { attempts_left }) => Err(Failure::OtpWrong {
            attempts_left: *attempts_left,
        }),
        Some(Event::UnusableOneTimePasswordTried { because }) => Err(because.refusal().into()),
        _ => Ok(()),
    }
}

/// R15, R16: the OTP that was tried is wrong, expired or locked.
fn is_wrong_otp(failure: &Failure) -> bool {
    matches!(failure, Failure::OtpWrong { .. })
        || matches!(failure.refusal(), Some(Refusal::OtpExpired | Refusal::OtpLocked))
}

/// Why an OTP opens nothing, if that is why it was refused.
fn unusable_because(failure: &Failure) -> Option<OtpUnusable> {
    match failure.refusal()? {
        Refusal::OtpExpired => Some(OtpUnusable::Expired),
        Refusal::OtpLocked => Some(OtpUnusable::Locked),
        Refusal::AppSuspended => Some(OtpUnusable::AppSuspended),
        Refusal::AppRevoked => Some(OtpUnusable::AppRevoked),
        Refusal::PlanRequired => Some(OtpUnusable::GroupOffPlan),
        _ => None,
    }
}
