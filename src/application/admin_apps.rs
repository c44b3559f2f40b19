//! What admins do with applications: create, edit, manage the developer, suspend, resume, revoke.

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::catalog::{CategoryCode, IntegrateType};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::{AppId, ClientId, EntityId, GroupId, KeyedDigest};
use gatebook_aggregates::integration_app::{
    AiqIntegrate, Changes, DeveloperInvite, IntegrationApp, IntegrationAppEvent as Event, NewIntegration,
    OTP_VALID_FOR, Wish,
};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_aggregates::words::{AppName, Description, Label, Reason};
use gatebook_projections::groups::GroupRow;
use std::collections::BTreeSet;

use super::app_view::AppView;
use super::caller::{Caller, Who};
use super::commands::{AppExtras, ChangeOptions, WishOf, no_extras};
use super::failure::Failure;
use super::gatebook::Gatebook;
use super::idempotency::IdempotencyKey;
use super::verification::Verification;
use crate::log::append::{Reservation, ReservationKey};
use crate::log::{CommandError, Extras};
use crate::mail::Letter;
use crate::secrets::{self, OneTimePassword, SecretKind, SecretString, TokenKind};

/// Option One, as the admin filled it in.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct NewIntegrationForm {
    pub name: AppName,
    pub description: Description,
    pub category: CategoryCode,
    pub developer_email: EmailAddress,
    pub api_permission: ApiPermission,
    pub entities: BTreeSet<EntityId>,
}

/// Option Two, as the admin filled it in.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct AiqIntegrateForm {
    pub integrate_type: &'static IntegrateType,
    pub name: AppName,
    pub description: Description,
    pub category: Option<CategoryCode>,
    pub entities: BTreeSet<EntityId>,
    pub accept_charges: bool,
    pub accept_data_access: bool,
}

/// What an admin creates.
#[derive(Clone, Debug)]
pub enum Creation {
    /// Option One.
    NewIntegration(NewIntegrationForm),
    /// Option Two.
    AiqIntegrate(AiqIntegrateForm),
}

/// An application after a change, with what is shown once.
pub type Changed = (AppView, Option<Verification>);

/// The secrets of an invitation: the link's token, and the OTP.
struct InviteSecrets {
    link: SecretString,
    otp: OneTimePassword,
}

impl Gatebook {
    /// Creates an application (R5-R13).
    pub async fn create_app(
        &self,
        caller: &Caller,
        creation: Creation,
        key: Option<&IdempotencyKey>,
    ) -> Result<Changed, Failure> {
        let (app_id, client_id) = (self.new_id(), ClientId(secrets::client_id(&self.dice)));
        match creation {
            Creation::NewIntegration(form) => {
                let invite = self.invite(app_id, form.developer_email.clone()).await?;
                let wish = Wish::CreateNewIntegration(NewIntegration {
                    client_id,
                    name: form.name,
                    description: form.description,
                    category: form.category,
                    api_permission: form.api_permission,
                    entities: form.entities,
                    developer: invite.1,
                });
                self.change_with_otp(caller, app_id, None, key, wish, &invite.0).await
            }
            Creation::AiqIntegrate(form) => {
                let wish = Wish::CreateAiqIntegrate(AiqIntegrate {
                    client_id,
                    integrate_type: form.integrate_type,
                    name: form.name,
                    description: form.description,
                    category: form.category,
                    entities: form.entities,
                    accept_charges: form.accept_charges,
                    accept_data_access: form.accept_data_access,
                });
                self.change_app(
                    caller,
                    app_id,
                    None,
                    key,
                    &|_| Ok(wish.clone()),
                    &|group, app, events| self.extras_of(caller, app_id, group, app, events, None),
                )
                .await
            }
        }
    }

    /// Edit (R7, R8, R11).
    pub async fn edit_app(
        &self,
        caller: &Caller,
        app_id: AppId,
        if_match: Option<i64>,
        changes: Changes,
    ) -> Result<Changed, Failure> {
        let wish = Wish::ChangeDetails(changes);
        self.change_app(caller, app_id, if_match, None, &|_| Ok(wish.clone()), &no_extras)
            .await
    }

    /// Registers a developer (R20), with a new invitation or notification and a new OTP.
    pub async fn register_developer(
        &self,
        caller: &Caller,
        app_id: AppId,
        if_match: Option<i64>,
        key: Option<&IdempotencyKey>,
        email: EmailAddress,
    ) -> Result<Changed, Failure> {
        let (secrets, invite) = self.invite(app_id, email).await?;
        self.change_with_otp(caller, app_id, if_match, key, Wish::RegisterDeveloper(invite), &secrets)
            .await
    }

    /// Resend Invite (R18).
    pub async fn resend_invite(
        &self,
        caller: &Caller,
        app_id: AppId,
        if_match: Option<i64>,
        key: Option<&IdempotencyKey>,
    ) -> Result<Changed, Failure> {
        let email = self.portal_app(app_id).await?.and_then(|app| app.developer_email);
        let account = match &email {
            Some(email) => self
                .developer_by_email(email)
                .await?
                .map(|developer| developer.developer_id),
            None => None,
        };
        let secrets = self.invite_secrets(app_id);
        let invitation_digest = self.keyed(SecretKind::Invitation, secrets.link.reveal());
        let wish = Wish::ResendInvite {
            account,
            invitation_digest,
        };
        self.change_app(
            caller,
            app_id,
            if_match,
            key,
            &|_| Ok(wish.clone()),
            &|group, app, events| self.extras_of(caller, app_id, group, app, events, Some(&secrets)),
        )
        .await
    }

    /// Reset OTP (R16).
    pub async fn reset_otp(
        &self,
        caller: &Caller,
        app_id: AppId,
        if_match: Option<i64>,
        key: Option<&IdempotencyKey>,
    ) -> Result<Changed, Failure> {
        let secrets = self.invite_secrets(app_id);
        let otp_digest = self.keyed(SecretKind::OneTimePassword, secrets.otp.canonical());
        let wish = Wish::ResetOneTimePassword { otp_digest };
        self.change_with_otp(caller, app_id, if_match, key, wish, &secrets)
            .await
    }

    /// Revoke Access (R21).
    pub async fn revoke_developer_access(
        &self,
        caller: &Caller,
        app_id: AppId,
        if_match: Option<i64>,
        key: Option<&IdempotencyKey>,
        retire_client_secrets: bool,
    ) -> Result<Changed, Failure> {
        let wish = Wish::RevokeDeveloperAccess { retire_client_secrets };
        self.change_app(
            caller,
            app_id,
            if_match,
            key,
            &|_| Ok(wish.clone()),
            &|group, app, events| self.extras_of(caller, app_id, group, app, events, None),
        )
        .await
    }

    /// Suspend, resume or revoke (R27): the wish says which.
    async fn change_lifecycle(
        &self,
        caller: &Caller,
        app_id: AppId,
        if_match: Option<i64>,
        key: Option<&IdempotencyKey>,
        wish: Wish,
    ) -> Result<Changed, Failure> {
        self.change_app(
            caller,
            app_id,
            if_match,
            key,
            &|_| Ok(wish.clone()),
            &|group, app, events| self.extras_of(caller, app_id, group, app, events, None),
        )
        .await
    }

    /// Suspend (R27).
    pub async fn suspend_app(
        &self,
        caller: &Caller,
        app_id: AppId,
        if_match: Option<i64>,
        key: Option<&IdempotencyKey>,
        reason: Option<Reason>,
    ) -> Result<Changed, Failure> {
        self.change_lifecycle(caller, app_id, if_match, key, Wish::Suspend { reason })
            .await
    }

    /// Resume (R27).
    pub async fn resume_app(
        &self,
        caller: &Caller,
        app_id: AppId,
        if_match: Option<i64>,
        key: Option<&IdempotencyKey>,
        reason: Option<Reason>,
    ) -> Result<Changed, Failure> {
        self.change_lifecycle(caller, app_id, if_match, key, Wish::Resume { reason })
            .await
    }

    /// Revoke (R27).
    pub async fn revoke_app(
        &self,
        caller: &Caller,
        app_id: AppId,
        if_match: Option<i64>,
        key: Option<&IdempotencyKey>,
        reason: Option<Reason>,
    ) -> Result<Changed, Failure> {
        self.change_lifecycle(caller, app_id, if_match, key, Wish::Revoke { reason })
            .await
    }

    /// A change whose answer shows an OTP.
    async fn change_with_otp(
        &self,
        caller: &Caller,
        app_id: AppId,
        if_match: Option<i64>,
        key: Option<&IdempotencyKey>,
        wish: Wish,
        secrets: &InviteSecrets,
    ) -> Result<Changed, Failure> {
        let expires_at = self.clock.now().plus(OTP_VALID_FOR);
        let extras = |group: &GroupRow, app: &IntegrationApp, events: &[Event]| {
            let mut extras = self.extras_of(caller, app_id, group, app, events, Some(secrets))?;
            if let (Some(key), Ok(app)) = (key, app.created()) {
                let shown = self.verification(
                    &secrets.otp,
                    otp_expiry(events).unwrap_or(expires_at),
                    app.name.as_str(),
                );
                extras.sealed = Some(
                    self.seal_verification(key.key(), &shown, app.name.as_str())
                        .map_err(command)?,
                );
            }
            Ok(extras)
        };
        let changed = self
            .change_app_once(caller, app_id, if_match, key, &|_| Ok(wish.clone()), &extras)
            .await;
        match changed {
            Ok((view, events)) => {
                let expires_at = otp_expiry(&events).unwrap_or(expires_at);
                let shown = self.verification(&secrets.otp, expires_at, view.app().name.as_str());
                Ok((view, Some(shown)))
            }
            Err(ChangeEnd::Repeated(changed)) => Ok(*changed),
            Err(ChangeEnd::Failed(failure)) => Err(failure),
        }
    }

    /// A change whose answer shows nothing that is shown once.
    async fn change_app(
        &self,
        caller: &Caller,
        app_id: AppId,
        if_match: Option<i64>,
        key: Option<&IdempotencyKey>,
        wish: WishOf<'_>,
        extras: AppExtras<'_>,
    ) -> Result<Changed, Failure> {
        match self.change_app_once(caller, app_id, if_match, key, wish, extras).await {
            Ok((view, _)) => Ok((view, None)),
            Err(ChangeEnd::Repeated(changed)) => Ok(*changed),
            Err(ChangeEnd::Failed(failure)) => Err(failure),
        }
    }

    async fn change_app_once(
        &self,
        caller: &Caller,
        app_id: AppId,
        if_match: Option<i64>,
        key: Option<&IdempotencyKey>,
        wish: WishOf<'_>,
        extras: AppExtras<'_>,
    ) -> Result<(AppView, Vec<Event>), ChangeEnd> {
        let Who::GroupUser { group_id, .. } = &caller.who else {
            return Err(Failure::Unauthenticated.into());
        };
        self.repeat_first(key).await?;
        if if_match.is_some() {
            self.require_own_app(group_id, app_id).await?;
        }
        let options = ChangeOptions {
            if_match,
            idempotency: key.map(IdempotencyKey::intent),
        };
        match self.app_command(caller, group_id, app_id, &options, wish, extras).await {
            Ok((done, group)) => Ok((self.view_after(&done, group).await?, done.events)),
            Err(failure) if Self::lost_to_same_key(&failure) => {
                self.repeat_first(key).await?;
                Err(failure.into())
            }
            Err(failure) => Err(failure.into()),
        }
    }

    /// Ends the change with the first answer, if this key has one.
    async fn repeat_first(&self, key: Option<&IdempotencyKey>) -> Result<(), ChangeEnd> {
        match self.repeated(key).await? {
            Some(first) => Err(ChangeEnd::Repeated(Box::new((first.view, first.verification)))),
            None => Ok(()),
        }
    }

    /// R4: nobody learns from `If-Match` that another group's application exists.
    async fn require_own_app(&self, group_id: &GroupId, app_id: AppId) -> Result<(), Failure> {
        match self.portal_app(app_id).await? {
            Some(app) if app.group_id == *group_id => Ok(()),
            _ => Err(Refusal::NotFound.into()),
        }
    }

    async fn invite(&self, app_id: AppId, email: EmailAddress) -> Result<(InviteSecrets, DeveloperInvite), Failure> {
        let account = self
            .developer_by_email(&email)
            .await?
            .map(|developer| developer.developer_id);
        let secrets = self.invite_secrets(app_id);
        let invite = DeveloperInvite {
            email,
            account,
            invitation_digest: self.keyed(SecretKind::Invitation, secrets.link.reveal()),
            otp_digest: self.keyed(SecretKind::OneTimePassword, secrets.otp.canonical()),
        };
        Ok((secrets, invite))
    }

    fn invite_secrets(&self, app_id: AppId) -> InviteSecrets {
        InviteSecrets {
            link: secrets::mint(TokenKind::Invitation, app_id, &self.dice),
            otp: OneTimePassword::random(&self.dice),
        }
    }

    pub(super) fn keyed(&self, kind: SecretKind, secret: &str) -> KeyedDigest {
        KeyedDigest(self.digests.digest(kind, secret))
    }

    /// What goes with an admin's events: the name's reservation and the letters they call for.
    fn extras_of(
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
            let letter = match event {
                Event::NewIntegrationCreated { name, .. } | Event::AiqIntegrateCreated { name, .. } => {
                    let key = ReservationKey::AppName(name.uniqueness_key());
                    extras.reservations.push(Reservation {
                        key,
                        owner: app_id.to_string(),
                    });
                    self.team_notice(caller, app_id, group, app, event)
                }
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
        app: &gatebook_aggregates::integration_app::App,
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
    events.iter().find_map(|event| match event {
        Event::DeveloperInvited { otp_expires_at, .. }
        | Event::DeveloperRegistered { otp_expires_at, .. }
        | Event::OneTimePasswordReset { otp_expires_at, .. } => Some(*otp_expires_at),
        _ => None,
    })
}

fn command(failure: Failure) -> CommandError {
    match failure {
        Failure::Command(error) => error,
        other => CommandError::Store(crate::store::StoreError::Refused(other.to_string())),
    }
}
