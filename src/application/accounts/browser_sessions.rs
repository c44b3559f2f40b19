//! Sessions in a browser: at most 12 hours, half an hour without use.

use gatebook_aggregates::identifiers::SessionId;
use gatebook_aggregates::refused_attempts::LoginChannel;
use gatebook_aggregates::session::SESSION_VALID_FOR;
use gatebook_aggregates::timestamp::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::application::accounts::portal_login::Session;
use crate::application::caller::{Caller, Who};
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::member::read_owner;
use crate::application::realm::{Realm, has_idled};
use crate::log::append::{Credential, CredentialChange};
use crate::secrets::{CredentialKind, SecretString, mint};

/// How much of a browser's description is kept: enough to recognise the device in the list of sessions.
const DEVICE_MAX_CHARS: usize = 200;

/// What held forms are sealed for.
const HELD_FORM: &str = "held form";

/// Somebody who is signed in, in a browser.
pub struct BrowserSession {
    /// The session.
    pub id: SessionId,
    /// Who, and from where.
    pub caller: Caller,
    /// What every form of this session has to carry.
    pub form_token: String,
}

impl Gatebook {
    /// The session with this token.
    ///
    /// # Errors
    /// `Unauthenticated` when it is unknown, has ended, or was idle for too long.
    pub async fn browser_session(&self, caller: &Caller, realm: Realm, token: &str) -> Result<BrowserSession, Failure> {
        let kind = realm.in_browser();
        let stored = self.find_token(kind, token).await?.ok_or(Failure::Unauthenticated)?;
        let id: SessionId = stored.id.parse().map_err(|_| Failure::Unauthenticated)?;
        let now = self.clock.now();
        let last_used = self.last_uses.last_used(self.database(), id).await?;
        let last_used_at = last_used.map_or(stored.created_at, |at| at.max(stored.created_at));
        if has_idled(kind, last_used_at, now) {
            return Err(Failure::Unauthenticated);
        }
        let who = self.owner_of_session(realm, &stored.owner).await?;
        self.last_uses.credential_used(id, now);
        Ok(BrowserSession {
            id,
            caller: caller.recognised(who),
            form_token: self.form_token(token),
        })
    }

    /// What the forms of the session with this token have to carry; nobody else can know it.
    pub fn form_token(&self, token: &str) -> String {
        self.digests.digest(CredentialKind::FormToken, token)
    }

    /// An operator signs in to the operator pages with a token.
    pub async fn operator_sign_in(&self, caller: &Caller, token: &str, device: &str) -> Result<Session, Failure> {
        let operator = self
            .operator_with_token(caller, LoginChannel::OperatorPages, token.trim())
            .await?;
        let expires_at = self.clock.now().plus(SESSION_VALID_FOR);
        let owner = operator.session_owner()?;
        let (token, credential) = self.new_session(
            CredentialKind::OperatorSession,
            self.new_id(),
            owner,
            device,
            expires_at,
        );
        self.save_credentials(vec![CredentialChange::Put(credential)]).await?;
        Ok(Session {
            token: token.reveal().to_owned(),
            expires_at,
        })
    }

    /// Ends the session that a browser had before it signed in again: a session is renewed, and the cookie that was
    /// replaced opens nothing any more. One that is not open needs no ending.
    pub async fn end_replaced_session(&self, caller: &Caller, realm: Realm, token: &str) -> Result<(), Failure> {
        match self.browser_session(caller, realm, token).await {
            Ok(replaced) => self.end_session(&replaced.caller, realm, replaced.id).await,
            Err(Failure::Unauthenticated) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Who had a session that has ended by itself, so that nobody else is shown what they entered in it.
    pub async fn owner_of_ended_session(&self, realm: Realm, token: &str) -> Result<Option<String>, Failure> {
        let kind = realm.in_browser();
        let stored = self.find_token_including_expired(kind, token).await?;
        Ok(stored.map(|stored| stored.owner))
    }

    /// A form that waits for its owner to sign in again, sealed: it travels through the browser.
    pub fn hold_form(&self, form: &impl Serialize) -> Result<String, Failure> {
        let text = serde_json::to_string(form).map_err(Failure::internal)?;
        Ok(self.sealer.seal(&self.randomness, HELD_FORM, &text)?)
    }

    /// The form that was held, unless somebody altered it.
    pub fn held_form<F: DeserializeOwned>(&self, sealed: &str) -> Option<F> {
        let text = self.sealer.open(HELD_FORM, sealed).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// A new session's token, and what to keep of it.
    pub(in crate::application) fn new_session(
        &self,
        kind: CredentialKind,
        id: SessionId,
        owner: String,
        device: &str,
        expires_at: Timestamp,
    ) -> (SecretString, Credential) {
        let token = mint(kind, id, &self.randomness);
        let visible = |c: &char| !c.is_control();
        let credential = Credential {
            kind,
            id: id.to_string(),
            owner,
            name: device.chars().filter(visible).take(DEVICE_MAX_CHARS).collect(),
            digest: self.digests.digest(kind, token.reveal()),
            expires_at: Some(expires_at),
        };
        (token, credential)
    }

    /// Who owns a session, if they are still there.
    async fn owner_of_session(&self, realm: Realm, owner: &str) -> Result<Who, Failure> {
        match realm {
            Realm::Console => {
                let (group_id, user_id) = read_owner(owner).ok_or(Failure::Unauthenticated)?;
                let member = self.member(&group_id, &user_id).await?;
                Ok(Who::GroupUser(member.ok_or(Failure::Unauthenticated)?))
            }
            Realm::Portal => {
                let id = owner.parse().map_err(|_| Failure::Unauthenticated)?;
                let developer = self.developer(id).await?.ok_or(Failure::Unauthenticated)?;
                Ok(Who::Developer(Box::new(developer)))
            }
            Realm::Operator => {
                let stored = self.stored(CredentialKind::OperatorToken, owner).await?;
                let stored = stored.ok_or(Failure::Unauthenticated)?;
                Ok(Who::Operator {
                    id: stored.id,
                    name: stored.name,
                })
            }
        }
    }
}
