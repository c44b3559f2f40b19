//! One-time links by mail, with which group users and developers choose a password.

use std::sync::Arc;

use gatebook_aggregates::developer::{Developer, DeveloperCommand};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::{GroupCommand, GroupPrincipal, GroupUser};
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_aggregates::password_link::PasswordLink;
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::user_account::UserAccountCommand;
use gatebook_projections::developers::DeveloperRow;
use gatebook_projections::groups::GroupRow;
use uuid::Uuid;

use crate::application::accounts::console_login::UserOfAddress;
use crate::application::accounts::credentials::{StoredCredential, owner, read_owner, throttle_keys};
use crate::application::accounts::session_kind::Realm;
use crate::application::caller::{Caller, Who};
use crate::application::command::account::{on_the_group, on_the_user};
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::portal::sign_up::{chosen_password, password_problem};
use crate::log::append::{Credential, CredentialChange, CredentialKind, EncryptedEmail};
use crate::log::{CommandError, SideEffects};
use crate::mail::Email;
use crate::secrets::{SecretKind, SecretString, TokenKind, lookup_id, mint};

/// What becomes of the API tokens of somebody who chooses a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiTokens {
    /// Programs go on.
    GoOn,
    /// They end with the sessions.
    End,
}

impl Gatebook {
    /// Mails a group user the link to the first password, or to a new one; by an operator, or by a Practice Admin of
    /// the group. Once for the key of the request.
    pub async fn send_password_link(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        user_id: &UserId,
    ) -> Result<(), Failure> {
        let command = |group: &GroupRow| {
            let by = match &caller.who {
                Who::Operator { .. } => GroupPrincipal::Operator,
                _ => GroupPrincipal::GroupUser(caller.membership(group)?),
            };
            let GroupUser { email, .. } = group.user(user_id).ok_or(Refusal::NotFound)?.clone();
            let (to, at) = (email.clone(), self.clock.now());
            let link = PasswordLink::first(self.new_id(), at);
            let side_effects = self.console_link(caller, group_id, user_id, &link, |address| {
                let group_name = group.customer.name.as_str();
                Email::first_password(to.as_str(), group_name, address, link.expires_at)
            })?;
            let side_effects = in_place_of_older(side_effects, owner(group_id, user_id));
            let link_id = link.link_id;
            Ok((
                UserAccountCommand::SendPasswordLink { by, email, link_id, at },
                side_effects,
            ))
        };
        let send = self.user_account_command(caller, group_id, user_id, on_the_group, &command);
        self.once(caller.conditions.key.as_ref(), send).await.map(|_| ())
    }

    /// Forgotten password of the console: mails a link to each user with this address. Neither the answer nor its time
    /// tells whether there is one: nothing is looked up before it is given.
    pub async fn request_user_password_reset(self: &Arc<Self>, caller: &Caller, email: &str) -> Result<(), Failure> {
        let email = self.address_for_reset(caller, "user_password_reset", email).await?;
        let (gatebook, caller) = (self.clone(), caller.clone());
        self.after_the_answer(async move { gatebook.send_user_reset_links(&caller, &email).await });
        Ok(())
    }

    async fn send_user_reset_links(&self, caller: &Caller, email: &EmailAddress) -> Result<(), Failure> {
        for user in self.users_of_address(&email.key()).await? {
            self.send_user_reset_link(caller, &user, email).await?;
        }
        Ok(())
    }

    async fn send_user_reset_link(
        &self,
        caller: &Caller,
        UserOfAddress { group_id, user_id, .. }: &UserOfAddress,
        email: &EmailAddress,
    ) -> Result<(), Failure> {
        let command = |group: &GroupRow| {
            // Who no longer has this address gets nothing at it.
            let asking = group.user(user_id).filter(|user| user.email == *email);
            let email = asking.ok_or(Refusal::NotFound)?.email.clone();
            let (to, at) = (email.clone(), self.clock.now());
            let link = PasswordLink::reset(self.new_id(), at);
            let side_effects = self.console_link(caller, group_id, user_id, &link, |address| {
                let place = format!("{} at Integration Applications", group.customer.name.as_str());
                Email::password_reset(to.as_str(), &place, address, link.expires_at)
            })?;
            let link_id = link.link_id;
            Ok((
                UserAccountCommand::RequestPasswordReset { email, link_id, at },
                side_effects,
            ))
        };
        let who = Who::GroupUser {
            group_id: group_id.clone(),
            user_id: user_id.clone(),
        };
        match self
            .user_account_command(&caller.with(who), group_id, user_id, on_the_group, &command)
            .await
        {
            Err(Failure::Command(CommandError::Refused(Refusal::NotFound))) => Ok(()),
            done => done,
        }
    }

    /// Forgotten password of the portal: mails a link, if there is such an account. Neither the answer nor its time
    /// tells: nothing is looked up before it is given.
    pub async fn request_developer_password_reset(
        self: &Arc<Self>,
        caller: &Caller,
        email: &str,
    ) -> Result<(), Failure> {
        let email = self
            .address_for_reset(caller, "developer_password_reset", email)
            .await?;
        let (gatebook, caller) = (self.clone(), caller.clone());
        self.after_the_answer(async move {
            match gatebook.developer_by_email(&email).await? {
                Some(developer) => gatebook.send_developer_reset_link(&caller, developer).await,
                None => Ok(()),
            }
        });
        Ok(())
    }

    async fn send_developer_reset_link(&self, caller: &Caller, developer: DeveloperRow) -> Result<(), Failure> {
        let (at, id) = (self.clock.now(), developer.developer_id.to_string());
        let link = PasswordLink::reset(self.new_id(), at);
        let path = "/portal/set-password?link=";
        let kind = CredentialKind::DeveloperPasswordLink;
        let side_effects = self.link(caller, kind, id.clone(), &link, path, |address| {
            let place = "the Developer Portal";
            Email::password_reset(developer.email.as_str(), place, address, link.expires_at)
        })?;
        let link_id = link.link_id;
        let origin = caller.with(Who::Developer(Box::new(developer.clone()))).origin(None);
        let command = DeveloperCommand::RequestPasswordReset { link_id, at };
        self.account_command::<Developer>(&id, command, origin, Vec::new(), side_effects, None)
            .await
    }

    /// Chooses a password with a link. Every session of the account ends; a group user's API tokens go on.
    ///
    /// # Errors
    /// `PasswordLinkUnknown`, `PasswordLinkExpired`, or a password that will not do.
    pub async fn choose_password(
        &self,
        caller: &Caller,
        realm: Realm,
        link: &str,
        password: &str,
    ) -> Result<(), Failure> {
        self.choose_password_and(caller, realm, link, password, ApiTokens::GoOn)
            .await
    }

    /// The same, and says what becomes of a group user's API tokens. They end first, so that whatever happens then,
    /// nothing goes on that was to end.
    ///
    /// # Errors
    /// As above.
    pub async fn choose_password_and(
        &self,
        caller: &Caller,
        realm: Realm,
        link: &str,
        password: &str,
        tokens: ApiTokens,
    ) -> Result<(), Failure> {
        let password = chosen_password(password)?;
        let (link_id, stored) = self.presented_password_link(caller, realm, link).await?;
        let password = match self.address_behind(realm, &stored.owner).await? {
            Some(address) => password.of(address.as_str()).map_err(password_problem)?,
            None => password,
        };
        if tokens == ApiTokens::End && realm == Realm::Console {
            self.end_tokens_by_link(caller, &stored).await?;
        }
        let digest = self.passwords.hash(&password, &self.randomness).await?;
        let owner_id = stored.owner.clone();
        let at = self.clock.now();
        let chosen = match realm {
            Realm::Console => {
                let (group_id, user_id) = read_owner(&owner_id).ok_or(Refusal::PasswordLinkUnknown)?;
                let side_effects = password_chosen(realm, stored, digest);
                let caller = caller.with(Who::GroupUser {
                    group_id: group_id.clone(),
                    user_id: user_id.clone(),
                });
                let command =
                    |_: &GroupRow| Ok((UserAccountCommand::ChoosePassword { link_id, at }, side_effects.clone()));
                self.user_account_command(&caller, &group_id, &user_id, on_the_user, &command)
                    .await
            }
            Realm::Portal => {
                let developer_id = Uuid::parse_str(&owner_id).map_err(|_| Refusal::PasswordLinkUnknown)?;
                let developer = self
                    .developer(developer_id)
                    .await?
                    .ok_or(Refusal::PasswordLinkUnknown)?;
                let origin = caller.with(Who::Developer(Box::new(developer))).origin(None);
                let side_effects = password_chosen(realm, stored, digest);
                let command = DeveloperCommand::ChoosePassword { link_id, at };
                self.account_command::<Developer>(&owner_id, command, origin, Vec::new(), side_effects, None)
                    .await
            }
            Realm::Operator => Err(Refusal::PasswordLinkUnknown.into()),
        };
        match chosen {
            // Replaced, or gone with its user or their address, since it was presented.
            Err(Failure::Command(CommandError::CredentialReplaced | CommandError::Refused(Refusal::NotFound))) => {
                Err(Refusal::PasswordLinkUnknown.into())
            }
            chosen => chosen,
        }
    }

    /// Ends the API tokens of the group user whom a link belongs to, as long as it stands.
    async fn end_tokens_by_link(&self, caller: &Caller, link: &StoredCredential) -> Result<(), Failure> {
        if link.has_ended(self.clock.now()) {
            return Err(Refusal::PasswordLinkExpired.into());
        }
        let (group_id, user_id) = read_owner(&link.owner).ok_or(Refusal::PasswordLinkUnknown)?;
        let caller = caller.with(Who::GroupUser {
            group_id: group_id.clone(),
            user_id: user_id.clone(),
        });
        let (kind, owner) = (CredentialKind::UserToken, link.owner.clone());
        let side_effects = SideEffects {
            credential_guards: vec![link.clone().guard(CredentialKind::UserPasswordLink)],
            credentials: vec![CredentialChange::DeleteOwned { kind, owner }],
            ..SideEffects::default()
        };
        let command = Box::new(move |_: Option<&GroupRow>| {
            Ok(GroupCommand::EndUserTokens {
                user_id: user_id.clone(),
            })
        });
        match self.stop_in_group(&caller, &group_id, command, side_effects).await {
            Err(
                Failure::Unauthenticated
                | Failure::Command(CommandError::CredentialReplaced | CommandError::Refused(Refusal::NotFound)),
            ) => Err(Refusal::PasswordLinkUnknown.into()),
            done => done.map(|_| ()),
        }
    }

    /// The address of the account that a link leads to.
    async fn address_behind(&self, realm: Realm, owner: &str) -> Result<Option<EmailAddress>, Failure> {
        if realm == Realm::Console {
            let Some((group_id, user_id)) = read_owner(owner) else {
                return Ok(None);
            };
            let group = self.group(&group_id).await?;
            return Ok(group.and_then(|group| group.user(&user_id).map(|user| user.email.clone())));
        }
        let Ok(developer_id) = Uuid::parse_str(owner) else {
            return Ok(None);
        };
        Ok(self.developer(developer_id).await?.map(|developer| developer.email))
    }

    /// Whether a link can be used; so that a page can say so before anything is typed.
    pub async fn open_password_link(&self, caller: &Caller, realm: Realm, link: &str) -> Result<(), Failure> {
        let (_, stored) = self.presented_password_link(caller, realm, link).await?;
        if stored.has_ended(self.clock.now()) {
            return Err(Refusal::PasswordLinkExpired.into());
        }
        Ok(())
    }

    /// The address. Every request counts as a failure, since addresses are guessed here.
    async fn address_for_reset(
        &self,
        caller: &Caller,
        what: &'static str,
        email: &str,
    ) -> Result<EmailAddress, Failure> {
        let email = EmailAddress::parse("email", email)?;
        let guess = self.guess(&throttle_keys(caller, Some((what, email.key())))).await?;
        guess.was_wrong();
        Ok(email)
    }

    /// A link that cannot be sent is missed by whoever asked, who then asks again; the log tells why.
    fn after_the_answer(&self, sending: impl Future<Output = Result<(), Failure>> + Send + 'static) {
        self.background_tasks.run(async move {
            if let Err(error) = sending.await {
                tracing::warn!(%error, "could not send a password link");
            }
        });
    }

    async fn presented_password_link(
        &self,
        caller: &Caller,
        realm: Realm,
        link: &str,
    ) -> Result<(Uuid, StoredCredential), Failure> {
        let kinds = (TokenKind::PasswordLink, link_kind(realm), SecretKind::PasswordLink);
        let stored = self
            .find_token_including_expired(kinds.0, kinds.1, kinds.2, link)
            .await?;
        match (stored, lookup_id(TokenKind::PasswordLink, link)) {
            (Some(stored), Some(link_id)) => Ok((link_id, stored)),
            _ => match self.failed_credentials(&throttle_keys(caller, None)) {
                Failure::Unauthenticated => Err(Refusal::PasswordLinkUnknown.into()),
                failure => Err(failure),
            },
        }
    }

    fn console_link(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        user_id: &UserId,
        link: &PasswordLink,
        email: impl FnOnce(&str) -> Email,
    ) -> Result<SideEffects, Failure> {
        let kind = CredentialKind::UserPasswordLink;
        self.link(
            caller,
            kind,
            owner(group_id, user_id),
            link,
            "/set-password?link=",
            email,
        )
    }

    /// What goes with a link: its digest and its e-mail.
    fn link(
        &self,
        caller: &Caller,
        kind: CredentialKind,
        owner: String,
        link: &PasswordLink,
        path: &str,
        email: impl FnOnce(&str) -> Email,
    ) -> Result<SideEffects, Failure> {
        let secret: SecretString = mint(TokenKind::PasswordLink, link.link_id, &self.randomness);
        let email = email(&self.url(&format!("{path}{}", secret.reveal())));
        let credential = Credential {
            kind,
            id: link.link_id.to_string(),
            owner: owner.clone(),
            name: String::new(),
            digest: self.digests.digest(SecretKind::PasswordLink, secret.reveal()),
            expires_at: Some(link.expires_at),
        };
        Ok(SideEffects {
            emails: vec![EncryptedEmail {
                about: Some(password_link_subject(&owner)),
                ..self.sealed(caller, &email)?
            }],
            credentials: vec![CredentialChange::Put(credential)],
            ..SideEffects::default()
        })
    }
}

/// What the e-mail with the link of an owner is about: a newer link to a first
/// password, a password that was chosen, and the end of the user withdraw it.
pub(in crate::application) fn password_link_subject(owner: &str) -> String {
    format!("password link of {owner}")
}

/// The link to a first password takes the place of all that were sent before, read or not.
fn in_place_of_older(side_effects: SideEffects, owner: String) -> SideEffects {
    let kind = CredentialKind::UserPasswordLink;
    SideEffects {
        withdrawn_emails: vec![password_link_subject(&owner)],
        credentials: [CredentialChange::DeleteOwned { kind, owner }]
            .into_iter()
            .chain(side_effects.credentials)
            .collect(),
        ..side_effects
    }
}

fn link_kind(realm: Realm) -> CredentialKind {
    match realm {
        Realm::Console => CredentialKind::UserPasswordLink,
        Realm::Portal | Realm::Operator => CredentialKind::DeveloperPasswordLink,
    }
}

/// What a password changes that is chosen with a link, as long as that link still stands: the password itself; sessions
/// and links end.
fn password_chosen(realm: Realm, link: StoredCredential, digest: String) -> SideEffects {
    let owner = link.owner.clone();
    let new = Credential {
        kind: match realm {
            Realm::Console => CredentialKind::UserPassword,
            Realm::Portal | Realm::Operator => CredentialKind::DeveloperPassword,
        },
        id: owner.clone(),
        owner: owner.clone(),
        name: String::new(),
        digest,
        expires_at: None,
    };
    let sessions = realm.session_kinds().iter().map(|kind| kind.credential());
    let ended = sessions
        .chain([link_kind(realm)])
        .map(|kind| CredentialChange::DeleteOwned {
            kind,
            owner: owner.clone(),
        });
    SideEffects {
        withdrawn_emails: vec![password_link_subject(&owner)],
        credentials: std::iter::once(CredentialChange::Put(new)).chain(ended).collect(),
        credential_guards: vec![link.guard(link_kind(realm))],
        ..SideEffects::default()
    }
}
