//! Developers log in and out of the portal.

use gatebook_aggregates::developer::{Developer, DeveloperCommand, SESSION_VALID_FOR};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::developers::DeveloperRow;
use serde::Serialize;
use uuid::Uuid;

use super::caller::{Caller, Who};
use super::credentials::throttle_keys;
use super::failure::Failure;
use super::gatebook::Gatebook;
use crate::log::append::{Credential, CredentialChange, CredentialKind};
use crate::log::{CommandError, Extras, Intent};
use crate::secrets::{SecretKind, TokenKind, mint};

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
    pub async fn log_in(&self, caller: &Caller, email: &str, password: &str) -> Result<Session, Failure> {
        let email = EmailAddress::parse("email", email).map_err(|_| Failure::Unauthenticated);
        let account = email.as_ref().map(EmailAddress::key).unwrap_or_default();
        let keys = throttle_keys(caller, Some(("developer_password", account)));
        self.guess(&keys)?;
        let developer = match &email {
            Ok(email) => self.developer_by_email(email).await?,
            Err(_) => None,
        };
        let hash = match &developer {
            Some(developer) => {
                self.kept(CredentialKind::DeveloperPassword, &developer.developer_id.to_string())
                    .await?
            }
            None => None,
        };
        let right = self
            .passwords
            .verify(password, hash.as_ref().map(|kept| kept.digest.as_str()))
            .await?;
        match developer {
            Some(developer) if right => {
                self.guessed_right(&keys);
                self.begin_session(caller, developer).await
            }
            _ => Err(Failure::Unauthenticated),
        }
    }

    /// Log out: the session's token is dead at once.
    pub async fn log_out(&self, caller: &Caller, session_id: Uuid) -> Result<(), Failure> {
        let Who::Developer(developer) = &caller.who else {
            return Err(Failure::Unauthenticated);
        };
        let gone = CredentialChange::Delete {
            kind: CredentialKind::DeveloperSession,
            id: session_id.to_string(),
        };
        self.developer_command(
            caller,
            developer.developer_id,
            DeveloperCommand::LogOut { session_id },
            gone,
        )
        .await
    }

    async fn begin_session(&self, caller: &Caller, developer: DeveloperRow) -> Result<Session, Failure> {
        let (session_id, at) = (self.new_id(), self.clock.now());
        let expires_at = at.plus(SESSION_VALID_FOR);
        let token = mint(TokenKind::Session, session_id, &self.dice);
        let developer_id = developer.developer_id;
        let session = Credential {
            kind: CredentialKind::DeveloperSession,
            id: session_id.to_string(),
            owner: developer_id.to_string(),
            name: String::new(),
            digest: self.digests.digest(SecretKind::Session, token.reveal()),
            expires_at: Some(expires_at),
        };
        let caller = caller.with(Who::Developer(Box::new(developer)));
        let log_in = DeveloperCommand::LogIn { session_id, at };
        self.developer_command(&caller, developer_id, log_in, CredentialChange::Put(session))
            .await?;
        Ok(Session {
            token: token.reveal().to_owned(),
            expires_at,
        })
    }

    async fn developer_command(
        &self,
        caller: &Caller,
        developer_id: Uuid,
        command: DeveloperCommand,
        credential: CredentialChange,
    ) -> Result<(), Failure> {
        let id = developer_id.to_string();
        let _turn = self.turns.take(&id).await;
        let mut tries = 1;
        loop {
            let intent = Intent {
                origin: caller.origin(None),
                pinned_version: None,
                guards: Vec::new(),
                idempotency: None,
                extras: &|_, _| {
                    Ok(Extras {
                        credentials: vec![credential.clone()],
                        ..Extras::default()
                    })
                },
            };
            match self.log.execute::<Developer>(&id, command.clone(), intent).await {
                Err(CommandError::Conflict) if tries < 6 => {
                    self.step_back(tries).await;
                    tries += 1;
                }
                result => return Ok(result.map(|_| ())?),
            }
        }
    }
}
