//! One-time links by mail, with which group users and developers choose a password.

use std::sync::Arc;

use gatebook_aggregates::developer::DeveloperCommand;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::{GroupCommand, GroupPrincipal, GroupUser};
use gatebook_aggregates::identifiers::{DeveloperId, GroupId, PasswordLinkId, UserId};
use gatebook_aggregates::password_link::PasswordLink;
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::user_account::UserAccountCommand;
use gatebook_projections::developers::DeveloperRow;
use gatebook_projections::groups::GroupRow;

use crate::application::accounts::console_login::UserOfAddress;
use crate::application::accounts::credentials::throttle_keys;
use crate::application::caller::{Caller, Who};
use crate::application::command::preconditions::{on_the_group, on_the_user};
use crate::application::command::request::{CommandRequest, Drawn};
use crate::application::command::run_account::MakeUserCommand;
use crate::application::member::{owner, read_owner};
use crate::application::realm::Realm;

use crate::application::stored_credential::StoredCredential;

use crate::application::accounts::password_check::{chosen_password, password_problem};
use crate::application::failure::{Failure, or_gone};
use crate::application::gatebook::Gatebook;
use crate::log::append::Credential;
use crate::secrets::{CredentialKind, SecretString, lookup_id, mint};

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
        let at = self.clock.now();
        let link = self.draw_console_link(group_id, user_id, PasswordLink::first(self.new_id(), at));
        let command: MakeUserCommand<'_> = &|group: &GroupRow| {
            let by = match &caller.who {
                Who::Operator { .. } => GroupPrincipal::Operator,
                _ => GroupPrincipal::GroupUser(caller.membership_in(group)?),
            };
            let GroupUser { email, .. } = group.user(user_id).ok_or(Refusal::NotFound)?.clone();
            let link_id = link.link_id;
            Ok(UserAccountCommand::SendPasswordLink { by, email, link_id, at })
        };
        let key = caller.conditions.key.as_ref();
        let request = CommandRequest::new(caller, command).with(link.drawn()).once(key);
        let send = self.run_user(group_id, user_id, on_the_group, request);
        self.once(key, send).await.map(|_| ())
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
        let at = self.clock.now();
        let link = self.draw_console_link(group_id, user_id, PasswordLink::reset(self.new_id(), at));
        let command: MakeUserCommand<'_> = &|group: &GroupRow| {
            // Who no longer has this address gets nothing at it.
            let asking = group.user(user_id).filter(|user| user.email == *email);
            let email = asking.ok_or(Refusal::NotFound)?.email.clone();
            let link_id = link.link_id;
            Ok(UserAccountCommand::RequestPasswordReset { email, link_id, at })
        };
        let Some(member) = self.member(group_id, user_id).await? else {
            return Ok(());
        };
        let caller = caller.with(Who::GroupUser(member));
        let request = CommandRequest::new(&caller, command).with(link.drawn());
        or_gone(self.run_user(group_id, user_id, on_the_group, request).await)
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
        let link = self.draw_link(
            CredentialKind::DeveloperPasswordLink,
            id.clone(),
            PasswordLink::reset(self.new_id(), at),
            "/portal/set-password?link=",
        );
        let caller = caller.with(Who::Developer(Box::new(developer)));
        let command = DeveloperCommand::RequestPasswordReset {
            link_id: link.link_id,
            at,
        };
        self.run_developer(&id, CommandRequest::new(&caller, command).with(link.drawn()))
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
        let password = new_password(realm, &owner_id, digest);
        let guards = vec![stored.guard(realm.password_link())];
        let at = self.clock.now();
        let chosen = match realm {
            Realm::Console => {
                let (group_id, user_id) = read_owner(&owner_id).ok_or(Refusal::PasswordLinkUnknown)?;
                let member = self.member(&group_id, &user_id).await?;
                let caller = caller.with(Who::GroupUser(member.ok_or(Refusal::PasswordLinkUnknown)?));
                let command: MakeUserCommand<'_> = &|_| Ok(UserAccountCommand::ChoosePassword { link_id, at });
                let request = CommandRequest::new(&caller, command)
                    .with(Drawn::Credential(&password))
                    .guarded_by(guards);
                self.run_user(&group_id, &user_id, on_the_user, request).await
            }
            Realm::Portal => {
                let developer_id: DeveloperId = owner_id.parse().map_err(|_| Refusal::PasswordLinkUnknown)?;
                let developer = self
                    .developer(developer_id)
                    .await?
                    .ok_or(Refusal::PasswordLinkUnknown)?;
                let caller = caller.with(Who::Developer(Box::new(developer)));
                let request = CommandRequest::new(&caller, DeveloperCommand::ChoosePassword { link_id, at })
                    .with(Drawn::Credential(&password))
                    .guarded_by(guards);
                self.run_developer(&owner_id, request).await
            }
            Realm::Operator => Err(Refusal::PasswordLinkUnknown.into()),
        };
        match chosen {
            Err(failure) if is_link_gone(&failure) => Err(Refusal::PasswordLinkUnknown.into()),
            chosen => chosen,
        }
    }

    /// Ends the API tokens of the group user whom a link belongs to, as long as it stands.
    async fn end_tokens_by_link(&self, caller: &Caller, link: &StoredCredential) -> Result<(), Failure> {
        if link.has_ended(self.clock.now()) {
            return Err(Refusal::PasswordLinkExpired.into());
        }
        let (group_id, user_id) = read_owner(&link.owner).ok_or(Refusal::PasswordLinkUnknown)?;
        let member = self.member(&group_id, &user_id).await?;
        let caller = caller.with(Who::GroupUser(member.ok_or(Refusal::PasswordLinkUnknown)?));
        let guards = vec![link.clone().guard(CredentialKind::UserPasswordLink)];
        let request = CommandRequest::new(&caller, GroupCommand::EndUserTokens { user_id }).guarded_by(guards);
        match self.run_group(&group_id, request).await {
            Err(Failure::Unauthenticated) => Err(Refusal::PasswordLinkUnknown.into()),
            Err(failure) if is_link_gone(&failure) => Err(Refusal::PasswordLinkUnknown.into()),
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
        let Ok(developer_id) = owner.parse() else {
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
    ) -> Result<(PasswordLinkId, StoredCredential), Failure> {
        let kind = realm.password_link();
        let stored = self.find_token_including_expired(kind, link).await?;
        match (stored, lookup_id(kind, link)) {
            (Some(stored), Some(link_id)) => Ok((link_id, stored)),
            _ => match self.failed_credentials(&throttle_keys(caller, None)) {
                Failure::Unauthenticated => Err(Refusal::PasswordLinkUnknown.into()),
                failure => Err(failure),
            },
        }
    }

    fn draw_console_link(&self, group_id: &GroupId, user_id: &UserId, link: PasswordLink) -> DrawnLink {
        let (kind, owner) = (CredentialKind::UserPasswordLink, owner(group_id, user_id));
        self.draw_link(kind, owner, link, "/set-password?link=")
    }

    fn draw_link(&self, kind: CredentialKind, owner: String, link: PasswordLink, path: &str) -> DrawnLink {
        let secret: SecretString = mint(kind, link.link_id, &self.randomness);
        DrawnLink {
            link_id: link.link_id,
            address: self.url(&format!("{path}{}", secret.reveal())),
            credential: Credential {
                kind,
                id: link.link_id.to_string(),
                owner,
                name: String::new(),
                digest: self.digests.digest(kind, secret.reveal()),
                expires_at: Some(link.expires_at),
            },
        }
    }
}

/// A link that is about to be mailed, and its digest to be stored.
struct DrawnLink {
    link_id: PasswordLinkId,
    address: String,
    credential: Credential,
}

impl DrawnLink {
    fn drawn(&self) -> Drawn<'_> {
        Drawn::Link {
            credential: &self.credential,
            address: &self.address,
        }
    }
}

/// Whether a link was replaced, or is gone with its user or their address, since it was presented.
fn is_link_gone(failure: &Failure) -> bool {
    failure.is_credential_replaced() || failure.is_not_found()
}

fn new_password(realm: Realm, owner: &str, digest: String) -> Credential {
    Credential {
        kind: match realm {
            Realm::Console => CredentialKind::UserPassword,
            Realm::Portal | Realm::Operator => CredentialKind::DeveloperPassword,
        },
        id: owner.to_owned(),
        owner: owner.to_owned(),
        name: String::new(),
        digest,
        expires_at: None,
    }
}
