//! Sessions in a browser: at most 12 hours, half an hour without use; they can be listed and ended.

use gatebook_aggregates::developer::{Developer, DeveloperCommand};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::session::{SESSION_VALID_FOR, is_idle};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_aggregates::user_account::UserAccountCommand;
use gatebook_projections::sql::Query;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::caller::{Caller, Who};
use super::credentials::{Kept, SELECT, read, read_owner};
use super::failure::Failure;
use super::gatebook::Gatebook;
use super::sign_in::Session;
use crate::log::Extras;
use crate::log::append::{Credential, CredentialChange, CredentialKind};
use crate::secrets::{SecretKind, SecretString, TokenKind, lookup_id, mint};

/// So much of a browser's description is kept.
const DEVICE_MAX_CHARS: usize = 200;

/// What held forms are sealed for.
const HELD_FORM: &str = "held form";

/// Who signs in where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Realm {
    /// Group users, in the console.
    Console,
    /// Developers, in the portal.
    Portal,
    /// Operators, in their pages.
    Operator,
}

impl Realm {
    fn kinds(self) -> (TokenKind, CredentialKind, SecretKind) {
        match self {
            Self::Console => (
                TokenKind::UserSession,
                CredentialKind::UserSession,
                SecretKind::UserSession,
            ),
            Self::Portal => (
                TokenKind::Session,
                CredentialKind::DeveloperSession,
                SecretKind::Session,
            ),
            Self::Operator => (
                TokenKind::OperatorSession,
                CredentialKind::OperatorSession,
                SecretKind::OperatorSession,
            ),
        }
    }
}

/// Somebody who is signed in, in a browser.
pub struct BrowserSession {
    /// The session.
    pub id: Uuid,
    /// Who, and from where.
    pub caller: Caller,
    /// What every form of this session has to carry.
    pub form_token: String,
}

/// A session, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// Which.
    pub id: Uuid,
    /// The browser, as it describes itself.
    pub device: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was used last.
    pub last_used_at: Timestamp,
}

impl Gatebook {
    /// The session with this token.
    ///
    /// # Errors
    /// `Unauthenticated` when it is unknown, has ended, or was idle for too long.
    pub async fn browser_session(&self, caller: &Caller, realm: Realm, token: &str) -> Result<BrowserSession, Failure> {
        let (token_kind, kind, secret_kind) = realm.kinds();
        let kept = self.kept_token(token_kind, kind, secret_kind, token).await?;
        let kept = kept.ok_or(Failure::Unauthenticated)?;
        let id = Uuid::parse_str(&kept.id).map_err(|_| Failure::Unauthenticated)?;
        let now = self.clock.now();
        if is_idle(self.last_use_of(id, &kept).await?, now) {
            return Err(Failure::Unauthenticated);
        }
        let who = self.owner_of_session(realm, &kept.owner).await?;
        self.last_uses.used(id, now);
        Ok(BrowserSession {
            id,
            caller: caller.with(who),
            form_token: self.form_token(token),
        })
    }

    /// What the forms of the session with this token have to carry; nobody else can know it.
    pub fn form_token(&self, token: &str) -> String {
        self.digests.digest(SecretKind::FormToken, token)
    }

    /// The open sessions of whoever asks, newest first.
    pub async fn sessions(&self, caller: &Caller, realm: Realm) -> Result<Vec<ListedSession>, Failure> {
        let (_, kind, _) = realm.kinds();
        let sql = format!("{SELECT} where kind = $1 and owner = $2 order by created_at desc, id");
        let args = [<&str>::from(kind).into(), caller.session_owner()?.into()];
        let now = self.clock.now();
        let mut sessions = Vec::new();
        for row in self.database().rows(Query::new(sql, args)).await? {
            let kept = read(row)?;
            let Ok(id) = Uuid::parse_str(&kept.id) else { continue };
            let last_used_at = self.last_use_of(id, &kept).await?;
            if kept.expires_at.is_none_or(|end| now < end) && !is_idle(last_used_at, now) {
                sessions.push(ListedSession {
                    id,
                    device: kept.name,
                    began_at: kept.created_at,
                    last_used_at,
                });
            }
        }
        Ok(sessions)
    }

    /// Ends a session of whoever asks, with immediate effect.
    ///
    /// # Errors
    /// `NotFound` when it is not theirs.
    pub async fn end_session(&self, caller: &Caller, realm: Realm, session_id: Uuid) -> Result<(), Failure> {
        let (_, kind, _) = realm.kinds();
        let id = session_id.to_string();
        let kept = self.kept(kind, &id).await?;
        if kept.is_none_or(|kept| caller.session_owner().is_ok_and(|owner| owner != kept.owner)) {
            return Err(Refusal::NotFound.into());
        }
        let gone = CredentialChange::Delete { kind, id };
        let extras = Extras {
            credentials: vec![gone.clone()],
            ..Extras::default()
        };
        match &caller.who {
            Who::GroupUser { group_id, user_id } => {
                let command = UserAccountCommand::SignOut { session_id };
                self.user_account_command(caller, group_id, user_id, command, extras)
                    .await
            }
            Who::Developer(developer) => {
                let id = developer.developer_id.to_string();
                let command = DeveloperCommand::LogOut { session_id };
                self.account_command::<Developer>(&id, command, caller.origin(None), Vec::new(), extras)
                    .await
            }
            Who::Operator { .. } => self.keep(vec![gone]).await,
            Who::Nobody | Who::Invitee { .. } | Who::Integration { .. } => Err(Failure::Unauthenticated),
        }
    }

    /// An operator signs in to the operator pages with a token.
    pub async fn operator_sign_in(&self, caller: &Caller, token: &str, device: &str) -> Result<Session, Failure> {
        let operator = self.authenticate_operator(caller, token.trim()).await?;
        let expires_at = self.clock.now().plus(SESSION_VALID_FOR);
        let owner = operator.session_owner()?;
        let (token, credential) = self.new_session(Realm::Operator, self.new_id(), owner, device, expires_at);
        self.keep(vec![CredentialChange::Put(credential)]).await?;
        Ok(Session {
            token: token.reveal().to_owned(),
            expires_at,
        })
    }

    /// Who had a session that has ended by itself, so that nobody else is shown what they entered in it.
    pub async fn owner_of_ended_session(&self, realm: Realm, token: &str) -> Result<Option<String>, Failure> {
        let (token_kind, kind, secret_kind) = realm.kinds();
        let Some(id) = lookup_id(token_kind, token) else {
            return Ok(None);
        };
        let sql = format!("{SELECT} where kind = $1 and id = $2");
        let args = [<&str>::from(kind).into(), id.to_string().into()];
        let row = self.database().rows(Query::new(sql, args)).await?.into_iter().next();
        let kept = row.map(read).transpose()?;
        let own = kept.filter(|kept| self.digests.matches(secret_kind, token, &kept.digest));
        Ok(own.map(|kept| kept.owner))
    }

    /// A form that waits for its owner to sign in again, sealed: it travels through the browser.
    pub fn hold_form(&self, form: &impl Serialize) -> Result<String, Failure> {
        let text = serde_json::to_string(form).map_err(|error| Failure::Internal(error.to_string()))?;
        Ok(self.sealer.seal(&self.dice, HELD_FORM, &text)?)
    }

    /// The form that was held, unless somebody altered it.
    pub fn held_form<F: DeserializeOwned>(&self, sealed: &str) -> Option<F> {
        let text = self.sealer.open(HELD_FORM, sealed).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// A new session's token, and what to keep of it.
    pub(super) fn new_session(
        &self,
        realm: Realm,
        id: Uuid,
        owner: String,
        device: &str,
        expires_at: Timestamp,
    ) -> (SecretString, Credential) {
        let (token_kind, kind, secret_kind) = realm.kinds();
        let token = mint(token_kind, id, &self.dice);
        let visible = |c: &char| !c.is_control();
        let credential = Credential {
            kind,
            id: id.to_string(),
            owner,
            name: device.chars().filter(visible).take(DEVICE_MAX_CHARS).collect(),
            digest: self.digests.digest(secret_kind, token.reveal()),
            expires_at: Some(expires_at),
        };
        (token, credential)
    }

    async fn last_use_of(&self, id: Uuid, kept: &Kept) -> Result<Timestamp, Failure> {
        let last_used = self.last_uses.last_used(self.database(), id).await?;
        Ok(last_used.map_or(kept.created_at, |last_used| last_used.max(kept.created_at)))
    }

    /// Who owns a session, if they are still there.
    async fn owner_of_session(&self, realm: Realm, owner: &str) -> Result<Who, Failure> {
        match realm {
            Realm::Console => {
                let (group_id, user_id) = read_owner(owner).ok_or(Failure::Unauthenticated)?;
                let group = self.group(&group_id).await?.ok_or(Failure::Unauthenticated)?;
                group.user(&user_id).ok_or(Failure::Unauthenticated)?;
                Ok(Who::GroupUser { group_id, user_id })
            }
            Realm::Portal => {
                let id = Uuid::parse_str(owner).map_err(|_| Failure::Unauthenticated)?;
                let developer = self.developer(id).await?.ok_or(Failure::Unauthenticated)?;
                Ok(Who::Developer(Box::new(developer)))
            }
            Realm::Operator => {
                let kept = self.kept(CredentialKind::OperatorToken, owner).await?;
                let kept = kept.ok_or(Failure::Unauthenticated)?;
                Ok(Who::Operator {
                    id: kept.id,
                    name: kept.name,
                })
            }
        }
    }
}
