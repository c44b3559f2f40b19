//! What goes with the events of an application.

use cqrs_es::Aggregate;
use gatebook_aggregates::developer::{Developer, DeveloperCommand};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{
    App, CODE_VALID_FOR, IntegrationApp, IntegrationAppEvent as Event, issued_otp,
};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::developers::DeveloperRow;
use gatebook_projections::groups::GroupRow;

use crate::application::caller::{Caller, Who};
use crate::application::command::consequences::Consequences;
use crate::application::command::consequences::account::DeveloperContext;
use crate::application::command::consequences::emails::{
    EmailSubject, address_to_account, withdraw_notices, withdraw_notices_to_developer,
};
use crate::application::command::request::Drawn;
use crate::application::gatebook::Gatebook;
use crate::application::idempotency_key::IdempotencyKey;
use crate::log::append::{Credential, EncryptedEmail, Reservation, ReservationKey};
use crate::log::{CommandError, Loaded, SideEffects};
use crate::mail::Email;
use crate::secrets::CredentialKind;

/// What the consequences of an application's events depend on.
pub(in crate::application) struct AppContext<'a> {
    pub(in crate::application) caller: &'a Caller,
    pub(in crate::application) app_id: AppId,
    pub(in crate::application) group: &'a GroupRow,
    /// The application after the events.
    pub(in crate::application) app: &'a App,
    /// Whether the events begin the application: then no earlier e-mail can have become obsolete.
    pub(in crate::application) is_new: bool,
    /// The account of its developer, if there is one.
    pub(in crate::application) account: Option<&'a DeveloperRow>,
    pub(in crate::application) drawn: Drawn<'a>,
    pub(in crate::application) key: Option<&'a IdempotencyKey>,
}

impl Consequences for IntegrationApp {
    type Context<'a> = AppContext<'a>;

    fn consequences(
        gatebook: &Gatebook,
        event: &Event,
        context: &AppContext<'_>,
        effects: &mut SideEffects,
    ) -> Result<(), CommandError> {
        let subject = EmailSubject::of(context.app_id);
        match event {
            Event::NewIntegrationCreated { ends_at, .. } => {
                context.take_name(gatebook, effects);
                context.ends_at(gatebook, *ends_at, effects)?;
            }
            Event::AiqIntegrateCreated { ends_at, .. } => {
                context.take_name(gatebook, effects);
                context.ends_at(gatebook, *ends_at, effects)?;
                let notice = gatebook.team_notice(context.caller, context.app_id, context.group, context.app, event);
                context.mail(gatebook, notice, None, effects)?;
            }
            Event::DeveloperInvited {
                email,
                invitation_expires_at,
                ..
            } => {
                context.require_no_account(email, effects);
                context.withdraw([subject.access_revoked(email)], effects);
                let invitation = gatebook.invitation(context, email, *invitation_expires_at);
                context.mail(gatebook, invitation, Some(subject.invitation()), effects)?;
            }
            Event::InvitationResent {
                email,
                invitation_expires_at,
                ..
            } => {
                context.require_no_account(email, effects);
                context.withdraw([subject.invitation()], effects);
                let invitation = gatebook.invitation(context, email, *invitation_expires_at);
                context.mail(gatebook, invitation, Some(subject.invitation()), effects)?;
            }
            Event::DeveloperRegistered { email, .. } => {
                context.withdraw([subject.access_revoked(email)], effects);
                let portal = gatebook.url("/portal");
                let notice = Email::application_assigned(email.as_str(), context.name(), context.group_name(), &portal);
                context.mail(gatebook, Some(notice), Some(subject.assignment()), effects)?;
            }
            Event::InvitationAccepted { .. } => context.sign_up(gatebook, effects)?,
            Event::VerificationCodeSent { .. } => gatebook.mail_code(context, effects)?,
            Event::OneTimePasswordReset { email, .. } => {
                context.withdraw([subject.otp_reset(), subject.otp_lock()], effects);
                // Whoever is invited anew by the same command reads of the OTP in the invitation.
                let is_invited = effects
                    .emails
                    .iter()
                    .any(|mail| mail.about == Some(subject.invitation()));
                let portal = gatebook.url("/portal");
                let notice = Email::otp_reset(email.as_str(), context.name(), context.group_name(), &portal);
                context.mail(
                    gatebook,
                    (!is_invited).then_some(notice),
                    Some(subject.otp_reset()),
                    effects,
                )?;
            }
            Event::DeveloperVerified { .. } => {
                context.withdraw([subject.assignment(), subject.otp_reset()], effects);
            }
            Event::DeveloperAccessRevoked { email } => {
                context.withdraw(subject.all_to_a_developer(), effects);
                context.withdraw([subject.otp_lock()], effects);
                let ends = context.app.client_secrets.iter().map(|secret| secret.id.to_string());
                ends.chain([subject.end()])
                    .for_each(|about| withdraw_notices_to_developer(&about, effects));
                let notice = Email::access_revoked(email.as_str(), context.name(), context.group_name());
                context.mail(gatebook, Some(notice), Some(subject.access_revoked(email)), effects)?;
            }
            Event::ClientSecretGenerated {
                client_secret_id,
                previous,
                ends_at,
                ..
            } => {
                if let Some(previous) = previous.as_ref().filter(|previous| !previous.ends_anyway) {
                    withdraw_notices(&previous.client_secret_id.to_string(), effects);
                    gatebook.notices_of_secret(context, previous.client_secret_id, previous.ends_at, effects)?;
                }
                if let Some(ends_at) = ends_at {
                    gatebook.notices_of_secret(context, *client_secret_id, *ends_at, effects)?;
                }
                effects.sealed = context.sealed_secret(gatebook)?;
            }
            Event::ClientSecretRetired { client_secret_id } => {
                withdraw_notices(&client_secret_id.to_string(), effects);
            }
            Event::EndDateChanged { after, .. } => {
                withdraw_notices(&subject.end(), effects);
                context.ends_at(gatebook, *after, effects)?;
            }
            Event::ApplicationRevoked { .. } => {
                context.withdraw(subject.all_to_a_developer(), effects);
                context.withdraw([subject.otp_lock()], effects);
                let ends = context.app.client_secrets.iter().map(|secret| secret.id.to_string());
                ends.chain([subject.end()])
                    .for_each(|about| withdraw_notices(&about, effects));
                let email = context.app.developer.email();
                let notice =
                    email.map(|email| Email::application_revoked(email.as_str(), context.name(), context.group_name()));
                context.mail(gatebook, notice, None, effects)?;
            }
            Event::OneTimePasswordMistyped { attempts_left: 0 } => context.tell_of_lock(gatebook, effects)?,
            Event::DescriptionChanged { .. }
            | Event::CategoryChanged { .. }
            | Event::EntitiesChanged { .. }
            | Event::ApplicationSuspended { .. }
            | Event::ApplicationResumed { .. }
            | Event::VerificationCodeMistyped { .. }
            | Event::OneTimePasswordMistyped { .. }
            | Event::UnusableOneTimePasswordTried { .. }
            | Event::CredentialsRevealed { .. }
            | Event::ActivityLogDownloaded { .. } => {}
        }
        context.seal_otp(gatebook, event, effects)
    }
}

impl AppContext<'_> {
    pub(in crate::application) fn name(&self) -> &str {
        self.app.name.as_str()
    }

    pub(in crate::application) fn group_name(&self) -> &str {
        self.group.customer.name.as_str()
    }

    /// R6: nobody else in the installation gets the name, and the group needs room for the application.
    fn take_name(&self, gatebook: &Gatebook, effects: &mut SideEffects) {
        effects.room = gatebook.settings.limits.room(&self.group.group_id);
        let keys = ReservationKey::of_app_name(&self.app.name).into_iter();
        effects.reservations.extend(keys.map(|key| Reservation {
            key,
            owner: self.app_id.to_string(),
        }));
    }

    /// R13: a developer who has an account by the time of the commit needs no invitation.
    fn require_no_account(&self, email: &EmailAddress, effects: &mut SideEffects) {
        effects.still_free.push(ReservationKey::DeveloperEmail(email.key()));
    }

    /// R16, R18, R21, R27: e-mails that wait for a mail server and are no longer true.
    fn withdraw(&self, subjects: impl IntoIterator<Item = String>, effects: &mut SideEffects) {
        if !self.is_new {
            effects.withdrawn_emails.extend(subjects);
        }
    }

    /// The notices that the application will end, if it will.
    fn ends_at(
        &self,
        gatebook: &Gatebook,
        ends_at: Option<Timestamp>,
        effects: &mut SideEffects,
    ) -> Result<(), CommandError> {
        let about = EmailSubject::of(self.app_id).end();
        ends_at.map_or(Ok(()), |ends_at| {
            gatebook.notices_of_app(self, &about, ends_at, effects)
        })
    }

    /// An e-mail, and what it is about if a later event can make it obsolete before it is sent.
    pub(in crate::application) fn mail(
        &self,
        gatebook: &Gatebook,
        email: Option<Email>,
        about: Option<String>,
        effects: &mut SideEffects,
    ) -> Result<(), CommandError> {
        if let Some(email) = email {
            effects.emails.push(EncryptedEmail {
                about,
                ..gatebook.sealed(self.caller, &email)?
            });
        }
        Ok(())
    }

    /// R13: the OTP of the answer, for repeating it.
    fn seal_otp(&self, gatebook: &Gatebook, event: &Event, effects: &mut SideEffects) -> Result<(), CommandError> {
        let (Some(key), Drawn::Invitation(secrets), Some((_, expires_at))) = (self.key, self.drawn, issued_otp(event))
        else {
            return Ok(());
        };
        let shown = gatebook.verification(&secrets.otp, expires_at, self.name());
        effects.sealed = Some(gatebook.seal_verification(key.key(), &shown, self.name())?);
        Ok(())
    }

    /// R23: the client secret of the answer, for repeating it.
    fn sealed_secret(&self, gatebook: &Gatebook) -> Result<Option<String>, CommandError> {
        let (Some(key), Drawn::ClientSecret(secret)) = (self.key, self.drawn) else {
            return Ok(None);
        };
        let sealed = gatebook.sealer.seal(&gatebook.randomness, key.key(), secret.reveal());
        Ok(Some(sealed?))
    }

    /// R19: the account in its own stream, with its address and its password.
    ///
    /// # Errors
    /// `Conflict` without a hashed password: the code has become the right one since it was looked at.
    fn sign_up(&self, gatebook: &Gatebook, effects: &mut SideEffects) -> Result<(), CommandError> {
        let Drawn::SignUp {
            full_name,
            password_hash: Some(hash),
        } = self.drawn
        else {
            return Err(CommandError::Conflict);
        };
        let Who::Invitee { id, .. } = &self.caller.who else {
            return Err(Refusal::InviteUnknown.into());
        };
        let email = self.app.developer.email().ok_or(Refusal::InviteUnknown)?;
        let mut stream = Loaded::<Developer>::unbegun(id);
        let events = stream.aggregate.decide(DeveloperCommand::SignUp {
            email: email.clone(),
            full_name: full_name.clone(),
            invited_by: self.app_id,
        })?;
        events.iter().for_each(|event| stream.aggregate.apply(event.clone()));
        let password = Credential {
            kind: CredentialKind::DeveloperPassword,
            id: id.clone(),
            owner: id.clone(),
            name: String::new(),
            digest: hash.to_owned(),
            expires_at: None,
        };
        let account = DeveloperContext {
            caller: self.caller,
            id,
            email: Some(email.as_str()),
            drawn: Drawn::Credential(&password),
        };
        for event in &events {
            Developer::consequences(gatebook, event, &account, effects)?;
        }
        let origin = self.caller.origin(Some(self.group));
        effects.companions.push(stream.append(&events, &origin)?);
        Ok(())
    }
}

impl Gatebook {
    /// What goes with the events of an application's command.
    pub(in crate::application) fn app_consequences(
        &self,
        events: &[Event],
        context: &AppContext<'_>,
    ) -> Result<SideEffects, CommandError> {
        let mut effects = self.consequences_of::<IntegrationApp>(events, context)?;
        address_to_account(&mut effects.emails, context.account);
        effects.actor_name = context.caller.name_for_admins(context.app);
        Ok(effects)
    }

    /// R13: the invitation of a developer who has no account.
    fn invitation(&self, context: &AppContext<'_>, email: &EmailAddress, expires_at: Timestamp) -> Option<Email> {
        let Drawn::Invitation(secrets) = context.drawn else {
            return None;
        };
        let link = self.url(&format!("/portal/sign-up?invite={}", secrets.link.reveal()));
        let (name, group_name) = (context.name(), context.group_name());
        Some(Email::invitation(email.as_str(), name, group_name, &link, expires_at))
    }

    /// R19: the verification code, to the invited address.
    fn mail_code(&self, context: &AppContext<'_>, effects: &mut SideEffects) -> Result<(), CommandError> {
        let (Drawn::VerificationCode(code), Some(email)) = (context.drawn, context.app.developer.email()) else {
            return Err(CommandError::Conflict);
        };
        let email = Email::verification_code(email.as_str(), code.reveal(), CODE_VALID_FOR.num_minutes());
        context.mail(self, Some(email), None, effects)
    }
}
