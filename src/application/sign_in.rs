//! Developers log in and out of the portal.

use gatebook_aggregates::developer::{Developer, DeveloperCommand};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::session::SESSION_VALID_FOR;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::developers::DeveloperRow;
use serde::Serialize;
use uuid::Uuid;

use super::browser_sessions::Realm;
use super::caller::{Caller, Who};
use super::credentials::throttle_keys;
use super::failure::Failure;
use super::gatebook::Gatebook;
use crate::log::Extras;
use crate::log::append::{CredentialChange, CredentialKind};

/// A session that just began. Shown once; not for logs.
#[derive(Serialize)]
pub struct Session {
    /// The session's token.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Gatebook {
    /// Log in. The same answer, after the same time, for unknown and known addresses.
    pub async fn log_in(&self, caller: &Caller, email: &str, password: &str, device: &str) -> Result<Session, Failure> {
        let email = EmailAddress::parse("email", email).map_err(|_| Failure::Unauthenticated);
        let account = email.as_ref().map(EmailAddress::key).unwrap_or_default();
        let keys = throttle_keys(caller, Some(("developer_password", account)));
        let guess = self.guess(&keys).await?;
        let developer = match &email {
            Ok(email) => self.developer_by_email(email).await?,
            Err(_) => None,
        };
        // Looked up for nobody, too, since it takes a moment.
        let id = developer
            .as_ref()
            .map(|developer| developer.developer_id)
            .unwrap_or_default();
        let kept = self.kept(CredentialKind::DeveloperPassword, &id.to_string()).await?;
        let hash = kept.map(|kept| kept.digest);
        let right = self.judge_password(guess, password, vec![hash]).await?;
        match developer {
            Some(developer) if right.contains(&true) => self.begin_session(caller, developer, device).await,
            _ => Err(Failure::Unauthenticated),
        }
    }

    /// Log out: the session's token is dead at once.
    pub async fn log_out(&self, caller: &Caller, session_id: Uuid) -> Result<(), Failure> {
        self.end_session(caller, Realm::Portal, session_id).await
    }

    async fn begin_session(&self, caller: &Caller, developer: DeveloperRow, device: &str) -> Result<Session, Failure> {
        let (session_id, at) = (self.new_id(), self.clock.now());
        let expires_at = at.plus(SESSION_VALID_FOR);
        let id = developer.developer_id.to_string();
        let (token, credential) = self.new_session(Realm::Portal, session_id, id.clone(), device, expires_at);
        let caller = caller.with(Who::Developer(Box::new(developer)));
        let extras = Extras {
            credentials: vec![CredentialChange::Put(credential)],
            ..Extras::default()
        };
        let log_in = DeveloperCommand::LogIn { session_id, at };
        self.account_command::<Developer>(&id, log_in, caller.origin(None), Vec::new(), extras)
            .await?;
        Ok(Session {
            token: token.reveal().to_owned(),
            expires_at,
        })
    }
}
