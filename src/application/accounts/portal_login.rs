//! Developers log in and out of the portal.

use gatebook_aggregates::developer::DeveloperCommand;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::SessionId;
use gatebook_aggregates::refused_attempts::{LogInRefusedBecause, LoginChannel};
use gatebook_aggregates::session::SESSION_VALID_FOR;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::developers::DeveloperRow;
use serde::Serialize;

use crate::application::accounts::credentials::throttle_keys;
use crate::application::caller::{Caller, Who};
use crate::application::command::request::{CommandRequest, Drawn};
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::node::refused::Refused;
use crate::application::realm::Realm;

use crate::log::append::CredentialGuard;
use crate::secrets::CredentialKind;
use crate::throttle::Spent;

/// How a developer comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortalClient {
    /// With a browser, to the portal's pages.
    Pages,
    /// With a program, to the portal's JSON API.
    Api,
}

impl PortalClient {
    fn session_kind(self) -> CredentialKind {
        match self {
            Self::Pages => CredentialKind::PortalSession,
            Self::Api => CredentialKind::DeveloperSession,
        }
    }
}

/// What the session of a developer begins with.
struct LogIn<'a> {
    kind: CredentialKind,
    password: &'a str,
    device: &'a str,
}

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
    pub async fn log_in(
        &self,
        caller: &Caller,
        client: PortalClient,
        email: &str,
        password: &str,
        device: &str,
    ) -> Result<Session, Failure> {
        let email = EmailAddress::parse("email", email).map_err(|_| Failure::Unauthenticated);
        let account = email.as_ref().map(EmailAddress::key).unwrap_or_default();
        let keys = throttle_keys(caller, Some(("developer_password", account.clone())));
        let guess = self.guess(&keys).await.inspect_err(|_| {
            self.note_refused(caller, Refused::too_many_log_ins(LoginChannel::Portal, account));
        })?;
        let developer = match &email {
            Ok(email) => self.developer_by_email(email).await?,
            Err(_) => None,
        };
        // Looked up for nobody, too, since it takes a moment.
        let id = developer
            .as_ref()
            .map_or(uuid::Uuid::nil(), |developer| developer.developer_id.uuid());
        let stored = self.stored(CredentialKind::DeveloperPassword, &id.to_string()).await?;
        let hash = stored.as_ref().map(|stored| stored.digest.clone());
        let right = self.judge_password(guess, password, vec![hash]).await?;
        match (developer, stored.filter(|_| right.contains(&true))) {
            (Some(developer), Some(stored)) => {
                let proof = stored.guard(CredentialKind::DeveloperPassword);
                let kind = client.session_kind();
                let log_in = LogIn { kind, password, device };
                self.begin_session(caller, developer, proof, log_in).await
            }
            (developer, _) => {
                self.note_refused(
                    caller,
                    match developer {
                        Some(developer) => {
                            Refused::developer(developer.developer_id, LogInRefusedBecause::WrongPassword)
                        }
                        None => Refused::nobody(LoginChannel::Portal, LogInRefusedBecause::UnknownAccount),
                    },
                );
                Err(Failure::Unauthenticated)
            }
        }
    }

    /// Log out: the session's token is dead at once.
    pub async fn log_out(&self, caller: &Caller, session_id: SessionId) -> Result<(), Failure> {
        self.end_session(caller, Realm::Portal, session_id).await
    }

    /// Begins the session, unless the password is replaced before it has begun: then the one that was typed has to be
    /// right once more.
    async fn begin_session(
        &self,
        caller: &Caller,
        developer: DeveloperRow,
        mut proof: CredentialGuard,
        LogIn { kind, password, device }: LogIn<'_>,
    ) -> Result<Session, Failure> {
        let id = developer.developer_id.to_string();
        let caller = caller.recognised(Who::Developer(Box::new(developer)));
        let spent = self.spend(&caller, &id)?;
        loop {
            let (session_id, at) = (self.new_id(), self.clock.now());
            let expires_at = at.plus(SESSION_VALID_FOR);
            let (token, credential) = self.new_session(kind, session_id, id.clone(), device, expires_at);
            let request = CommandRequest::new(&caller, DeveloperCommand::LogIn { session_id, at })
                .with(Drawn::Credential(&credential))
                .guarded_by(vec![proof]);
            match self.run_developer(&id, request).await {
                Err(failure) if failure.is_credential_replaced() => {
                    let again = self.password_proof(CredentialKind::DeveloperPassword, Some(&id), password);
                    proof = again.await?.ok_or(Failure::Unauthenticated)?;
                }
                result => {
                    result?;
                    spent.into_iter().for_each(Spent::keep);
                    let token = token.reveal().to_owned();
                    return Ok(Session { token, expires_at });
                }
            }
        }
    }
}
