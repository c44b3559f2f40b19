//! One-time links by mail, with which group users and developers choose a password.

use std::sync::Arc;

use chrono::TimeDelta;
use gatebook_aggregates::developer::{Developer, DeveloperCommand};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::{GroupAsker, GroupUser};
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_aggregates::password_link::{FIRST_LINK_VALID_FOR, RESET_LINK_VALID_FOR};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::user_account::UserAccountCommand;
use gatebook_projections::developers::DeveloperRow;
use gatebook_projections::sql::Query;
use uuid::Uuid;

use super::browser_sessions::Realm;
use super::caller::{Caller, Who};
use super::console_sign_in::UserOfAddress;
use super::credentials::{Kept, owner, read_owner, throttle_keys};
use super::failure::Failure;
use super::gatebook::Gatebook;
use super::sign_up::chosen_password;
use crate::log::Extras;
use crate::log::append::{Credential, CredentialChange, CredentialKind};
use crate::mail::Letter;
use crate::secrets::{SecretKind, SecretString, TokenKind, lookup_id, mint};
use crate::store::{Purpose, StoreError};

impl Gatebook {
    /// Mails a group user the link to the first password, or to a new one; by an operator, or by a Practice Admin of
    /// the group.
    pub async fn send_password_link(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        user_id: &UserId,
    ) -> Result<(), Failure> {
        let group = self.group(group_id).await?.ok_or(Refusal::NotFound)?;
        let by = match &caller.who {
            Who::Operator { .. } => GroupAsker::Operator,
            _ => GroupAsker::GroupUser(caller.standing(&group)?),
        };
        let GroupUser { email, .. } = group.user(user_id).ok_or(Refusal::NotFound)?.clone();
        let (link_id, at) = (self.new_id(), self.clock.now());
        let to = email.clone();
        let command = UserAccountCommand::SendPasswordLink { by, email, link_id, at };
        let extras = self.console_link(group_id, user_id, link_id, |link| {
            Letter::first_password(
                to.as_str(),
                group.customer.name.as_str(),
                link,
                at.plus(FIRST_LINK_VALID_FOR),
            )
        })?;
        self.user_account_command(caller, group_id, user_id, command, extras)
            .await
    }

    /// Forgotten password of the console: mails a link to each user with this address. Neither the answer nor its time
    /// tells whether there is one.
    pub async fn request_user_password_reset(self: &Arc<Self>, caller: &Caller, email: &str) -> Result<(), Failure> {
        let email = self.address_for_reset(caller, "user_password_reset", email).await?;
        for user in self.users_of_address(&email).await? {
            let (gatebook, caller) = (self.clone(), caller.clone());
            self.after_the_answer(async move { gatebook.send_user_reset_link(&caller, &user).await });
        }
        Ok(())
    }

    async fn send_user_reset_link(&self, caller: &Caller, user: &UserOfAddress) -> Result<(), Failure> {
        let (link_id, at) = (self.new_id(), self.clock.now());
        let (group_id, user_id) = (&user.group_id, &user.user_id);
        let command = UserAccountCommand::RequestPasswordReset {
            email: user.email.clone(),
            link_id,
            at,
        };
        let extras = self.console_link(group_id, user_id, link_id, |link| {
            let place = format!("{} at Integration Applications", user.group_name.as_str());
            Letter::password_reset(user.email.as_str(), &place, link, at.plus(RESET_LINK_VALID_FOR))
        })?;
        let who = Who::GroupUser {
            group_id: group_id.clone(),
            user_id: user_id.clone(),
        };
        self.user_account_command(&caller.with(who), group_id, user_id, command, extras)
            .await
    }

    /// Forgotten password of the portal: mails a link, if there is such an account. Neither the answer nor its time
    /// tells.
    pub async fn request_developer_password_reset(
        self: &Arc<Self>,
        caller: &Caller,
        email: &str,
    ) -> Result<(), Failure> {
        let email = self
            .address_for_reset(caller, "developer_password_reset", email)
            .await?;
        if let Some(developer) = self.developer_by_email(&email).await? {
            let (gatebook, caller) = (self.clone(), caller.clone());
            self.after_the_answer(async move { gatebook.send_developer_reset_link(&caller, developer).await });
        }
        Ok(())
    }

    async fn send_developer_reset_link(&self, caller: &Caller, developer: DeveloperRow) -> Result<(), Failure> {
        let (link_id, at, id) = (self.new_id(), self.clock.now(), developer.developer_id.to_string());
        let path = "/portal/set-password?link=";
        let kind = CredentialKind::DeveloperPasswordLink;
        let extras = self.link(kind, id.clone(), link_id, path, |link| {
            let until = at.plus(RESET_LINK_VALID_FOR);
            Letter::password_reset(developer.email.as_str(), "the Developer Portal", link, until)
        })?;
        let origin = caller.with(Who::Developer(Box::new(developer.clone()))).origin(None);
        let command = DeveloperCommand::RequestPasswordReset { link_id, at };
        self.account_command::<Developer>(&id, command, origin, Vec::new(), extras)
            .await
    }

    /// Chooses a password with a link. Every session of the account ends.
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
        let password = chosen_password(password)?;
        let (link_id, kept) = self.presented_password_link(caller, realm, link).await?;
        let digest = self.passwords.hash(&password, &self.dice).await?;
        let owner_id = kept.owner.clone();
        let at = self.clock.now();
        match realm {
            Realm::Console => {
                let (group_id, user_id) = read_owner(&owner_id).ok_or(Refusal::PasswordLinkUnknown)?;
                let (password, session) = (CredentialKind::UserPassword, CredentialKind::UserSession);
                let extras = password_chosen(password, session, CredentialKind::UserPasswordLink, owner_id, digest);
                let caller = caller.with(Who::GroupUser {
                    group_id: group_id.clone(),
                    user_id: user_id.clone(),
                });
                let command = UserAccountCommand::ChoosePassword { link_id, at };
                self.user_account_command(&caller, &group_id, &user_id, command, extras)
                    .await
            }
            Realm::Portal => {
                let developer_id = Uuid::parse_str(&owner_id).map_err(|_| Refusal::PasswordLinkUnknown)?;
                let developer = self
                    .developer(developer_id)
                    .await?
                    .ok_or(Refusal::PasswordLinkUnknown)?;
                let origin = caller.with(Who::Developer(Box::new(developer))).origin(None);
                let (password, session) = (CredentialKind::DeveloperPassword, CredentialKind::DeveloperSession);
                let link = CredentialKind::DeveloperPasswordLink;
                let extras = password_chosen(password, session, link, owner_id.clone(), digest);
                let command = DeveloperCommand::ChoosePassword { link_id, at };
                self.account_command::<Developer>(&owner_id, command, origin, Vec::new(), extras)
                    .await
            }
            Realm::Operator => Err(Refusal::PasswordLinkUnknown.into()),
        }
    }

    /// Whether a link can be used; so that a page can say so before anything is typed.
    pub async fn open_password_link(&self, caller: &Caller, realm: Realm, link: &str) -> Result<(), Failure> {
        let (_, kept) = self.presented_password_link(caller, realm, link).await?;
        let sent_for = match kept.name.as_str() {
            FIRST => FIRST_LINK_VALID_FOR,
            _ => RESET_LINK_VALID_FOR,
        };
        if self.clock.now() < kept.created_at.plus(sent_for) {
            Ok(())
        } else {
            Err(Refusal::PasswordLinkExpired.into())
        }
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
        self.errands.run(async move {
            if let Err(error) = sending.await {
                tracing::warn!(%error, "a link to a new password could not be sent");
            }
        });
    }

    /// Forgets links that nobody can use any more, long after they ended.
    pub async fn forget_old_links(&self) -> Result<(), StoreError> {
        let kinds = [CredentialKind::UserPasswordLink, CredentialKind::DeveloperPasswordLink].map(<&str>::from);
        let mut transaction = self.log.database.begin(Purpose::Write).await?;
        let forget = "delete from credentials where kind in ($1, $2) and created_at < $3";
        let before = self.clock.now().plus(-LINKS_REMEMBERED_FOR);
        transaction
            .execute(Query::new(forget, [kinds[0].into(), kinds[1].into(), before.into()]))
            .await?;
        transaction.commit().await
    }

    async fn presented_password_link(
        &self,
        caller: &Caller,
        realm: Realm,
        link: &str,
    ) -> Result<(Uuid, Kept), Failure> {
        let kind = match realm {
            Realm::Console => CredentialKind::UserPasswordLink,
            Realm::Portal | Realm::Operator => CredentialKind::DeveloperPasswordLink,
        };
        let kept = self
            .kept_token(TokenKind::PasswordLink, kind, SecretKind::PasswordLink, link)
            .await?;
        match (kept, lookup_id(TokenKind::PasswordLink, link)) {
            (Some(kept), Some(link_id)) => Ok((link_id, kept)),
            _ => match self.failed_credentials(&throttle_keys(caller, None)) {
                Failure::Unauthenticated => Err(Refusal::PasswordLinkUnknown.into()),
                failure => Err(failure),
            },
        }
    }

    fn console_link(
        &self,
        group_id: &GroupId,
        user_id: &UserId,
        link_id: Uuid,
        letter: impl FnOnce(&str) -> Letter,
    ) -> Result<Extras, Failure> {
        let path = "/set-password?link=";
        self.link(
            CredentialKind::UserPasswordLink,
            owner(group_id, user_id),
            link_id,
            path,
            letter,
        )
    }

    /// What goes with a link: its digest, and the letter. The link to a first password takes the place of older ones.
    fn link(
        &self,
        kind: CredentialKind,
        owner: String,
        link_id: Uuid,
        path: &str,
        letter: impl FnOnce(&str) -> Letter,
    ) -> Result<Extras, Failure> {
        let secret: SecretString = mint(TokenKind::PasswordLink, link_id, &self.dice);
        let letter = letter(&self.url(&format!("{path}{}", secret.reveal())));
        let name = match letter.kind {
            crate::mail::LetterKind::FirstPassword => FIRST,
            _ => "",
        };
        let credential = Credential {
            kind,
            id: link_id.to_string(),
            owner: owner.clone(),
            name: name.to_owned(),
            digest: self.digests.digest(SecretKind::PasswordLink, secret.reveal()),
            expires_at: None,
        };
        let replaced = (name == FIRST).then_some(CredentialChange::DeleteOwned { kind, owner });
        Ok(Extras {
            letters: vec![self.sealed(&letter)?],
            credentials: replaced
                .into_iter()
                .chain([CredentialChange::Put(credential)])
                .collect(),
            ..Extras::default()
        })
    }
}

/// For so long it is remembered that there was a link, to say that it has expired and not that it is unknown.
const LINKS_REMEMBERED_FOR: TimeDelta = TimeDelta::days(30);

/// The name that the link to a first password is kept under.
const FIRST: &str = "first";

/// What a chosen password changes: the password itself; sessions and links end.
fn password_chosen(
    password: CredentialKind,
    session: CredentialKind,
    link: CredentialKind,
    owner: String,
    digest: String,
) -> Extras {
    let new = Credential {
        kind: password,
        id: owner.clone(),
        owner: owner.clone(),
        name: String::new(),
        digest,
        expires_at: None,
    };
    let (kind, of) = (session, owner.clone());
    Extras {
        credentials: vec![
            CredentialChange::Put(new),
            CredentialChange::DeleteOwned { kind, owner: of },
            CredentialChange::DeleteOwned { kind: link, owner },
        ],
        ..Extras::default()
    }
}
