//! What operators, users, developers and gateways are recognised by: made here, shown once, recognised here.

use crate::application::stored_credential::{SELECT, StoredCredential, read};
use gatebook_aggregates::identifiers::{ApiTokenId, SessionId};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::refused_attempts::LoginChannel;
use gatebook_aggregates::system::{System, SystemCommand, SystemEvent};
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::Query;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::application::authorization::Operator;
use crate::application::caller::{Caller, Who};
use crate::application::command::idempotency::Once;
use crate::application::command::request::{CommandRequest, Drawn};
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::idempotency_key::IdempotencyKey;
use crate::application::node::gate_memory::Mark;
use crate::log::CommandError;
use crate::log::append::{Append, Credential, CredentialChange};
use crate::request_log::note_caller;
use crate::secrets::{self, CredentialKind, lookup_id, mint};
use crate::store::{Cause, StoreError};
use crate::throttle::Attempt;

/// A token that was just made. Shown once; not for logs.
#[derive(Serialize, Deserialize)]
pub struct IssuedToken {
    /// Its id.
    pub id: ApiTokenId,
    /// The token.
    pub token: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// A gateway's credentials that were just made. Shown once; not for logs.
#[derive(Serialize, Deserialize)]
pub struct ResourceServerIssued {
    /// Its client id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

/// What is answered to a request for such credentials, at once or repeated. Not for logs.
pub struct ResourceServerMade {
    /// Its client id.
    pub client_id: String,
    /// Its secret; none in an answer that is repeated too late to show it again, or after the end of the credentials.
    pub client_secret: Option<String>,
}

impl From<ResourceServerIssued> for ResourceServerMade {
    fn from(issued: ResourceServerIssued) -> Self {
        Self {
            client_id: issued.client_id,
            client_secret: Some(issued.client_secret),
        }
    }
}

/// A gateway that may introspect and verify.
#[derive(Clone, Debug, Serialize)]
pub struct ResourceServer {
    /// Its client id.
    pub client_id: String,
    /// The name it was given.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Gatebook {
    /// The operator with this token.
    pub async fn authenticate_operator(&self, caller: &Caller, token: &str) -> Result<Caller, Failure> {
        self.operator_with_token(caller, LoginChannel::OperatorsApi, token)
            .await
    }

    pub(in crate::application) async fn operator_with_token(
        &self,
        caller: &Caller,
        channel: LoginChannel,
        token: &str,
    ) -> Result<Caller, Failure> {
        let stored = self.find_token_including_expired(CredentialKind::OperatorToken, token);
        let stored = self.living_or_refused(caller, channel, stored.await?).await?;
        self.note_use(&stored);
        Ok(caller.recognised(Who::Operator {
            id: stored.id,
            name: stored.name,
        }))
    }

    /// The developer with this session of the JSON API.
    pub async fn authenticate_developer(&self, caller: &Caller, token: &str) -> Result<(Caller, SessionId), Failure> {
        let stored = self.find_token_including_expired(CredentialKind::DeveloperSession, token);
        let stored = self
            .living_or_refused(caller, LoginChannel::PortalApi, stored.await?)
            .await?;
        let ids = (stored.owner.parse(), stored.id.parse());
        let (Ok(developer_id), Ok(session_id)) = ids else {
            return Err(Failure::Unauthenticated);
        };
        let developer = self.developer(developer_id).await?.ok_or(Failure::Unauthenticated)?;
        self.note_use(&stored);
        Ok((caller.recognised(Who::Developer(Box::new(developer))), session_id))
    }

    /// Whether these are a resource server's credentials.
    pub async fn authenticate_resource_server(
        &self,
        caller: &Caller,
        client_id: &str,
        client_secret: &str,
    ) -> Result<(), Failure> {
        let authenticated = self
            .authenticate_resource_server_as_of(caller, client_id, client_secret)
            .await;
        authenticated.map(drop)
    }

    /// The same, and the end of the log as it was when that was found out, which is after this was called. None while the log
    /// cannot be read up to there.
    pub async fn authenticate_resource_server_as_of(
        &self,
        caller: &Caller,
        client_id: &str,
        client_secret: &str,
    ) -> Result<Option<Mark>, Failure> {
        let read = self.gate_reads.resource_server_as_of(client_id).await?;
        let (stored, as_of) = read.map_or((None, None), |(stored, as_of)| (Some(stored), as_of));
        // T19: nothing matches an empty digest, but finding that out takes as long as for a client that there is.
        let digest = stored.as_ref().map_or("", |stored| stored.digest.as_str());
        let matches = self
            .digests
            .matches(CredentialKind::ResourceServer, client_secret, digest);
        match matches.map_err(Failure::internal)? {
            true => {
                note_caller("resource_server", client_id);
                Ok(as_of)
            }
            false => Err(self.failed_credentials(&throttle_keys(caller, Some(("client", client_id.to_owned()))))),
        }
    }

    /// Makes a resource server's credentials.
    pub async fn create_resource_server(
        &self,
        operator: Operator<'_>,
        name: &Label,
    ) -> Result<ResourceServerIssued, Failure> {
        self.new_resource_server(operator.caller, name, None).await
    }

    /// The same, once for the key of the request. A repeat has the secret as long as it can be shown again and has not
    /// ended.
    pub async fn create_resource_server_once(
        &self,
        operator: Operator<'_>,
        name: &Label,
    ) -> Result<ResourceServerMade, Failure> {
        let key = operator.caller.conditions.key.as_ref();
        let first = match self
            .once(key, self.new_resource_server(operator.caller, name, key))
            .await?
        {
            Once::Done(issued) => return Ok(issued.into()),
            Once::Repeated(first) => first,
        };
        let history = self.log.load::<System>(&first.about).await?.history;
        let message = history.into_iter().find(|event| event.sequence == first.version);
        let Some(SystemEvent::ResourceServerCreated { client_id, .. }) = message.map(|message| message.event) else {
            let why = "the key of a resource server is another event's";
            return Err(Failure::internal(why));
        };
        let lives = self.stored(CredentialKind::ResourceServer, &client_id).await?.is_some();
        let shown = first.shown.filter(|_| lives);
        Ok(ResourceServerMade {
            client_id,
            client_secret: shown.map(|shown| shown.client_secret),
        })
    }

    async fn new_resource_server(
        &self,
        caller: &Caller,
        name: &Label,
        key: Option<&IdempotencyKey>,
    ) -> Result<ResourceServerIssued, Failure> {
        let client_id = secrets::resource_server_id(&self.randomness);
        let client_secret = secrets::resource_server_secret(&self.randomness);
        let credential = Credential {
            kind: CredentialKind::ResourceServer,
            id: client_id.clone(),
            owner: String::new(),
            name: name.as_str().to_owned(),
            digest: self
                .digests
                .digest(CredentialKind::ResourceServer, client_secret.reveal()),
            expires_at: None,
        };
        let command = SystemCommand::CreateResourceServer {
            client_id: client_id.clone(),
            name: name.clone(),
        };
        let issued = ResourceServerIssued {
            client_id,
            client_secret: client_secret.reveal().to_owned(),
        };
        let answer = key.map(|key| self.seal_shown(key.key(), &issued)).transpose()?;
        let request = CommandRequest::new(caller, command)
            .with(Drawn::Credential(&credential))
            .once(key)
            .answered_with(answer);
        self.run_system(request).await?;
        Ok(issued)
    }

    /// All resource servers.
    pub async fn resource_servers(&self, _: Operator<'_>) -> Result<Vec<ResourceServer>, Failure> {
        let sql = format!("{SELECT} where kind = $1 order by created_at, id");
        let kind = CredentialKind::ResourceServer.name();
        let rows = self.database().rows(Query::new(sql, [kind.into()])).await?;
        let servers = rows.into_iter().map(|row| {
            let stored = read(row)?;
            Ok(ResourceServer {
                client_id: stored.id,
                name: stored.name,
                created_at: stored.created_at,
            })
        });
        servers.collect()
    }

    /// Ends a resource server's credentials.
    ///
    /// # Errors
    /// `NotFound` when there are none with this id.
    pub async fn delete_resource_server(&self, operator: Operator<'_>, client_id: &str) -> Result<(), Failure> {
        let stored = self.stored(CredentialKind::ResourceServer, client_id).await?;
        let stored = stored.ok_or(Refusal::NotFound)?;
        let command = SystemCommand::EndResourceServer {
            name: stored.label()?,
            client_id: stored.id,
        };
        self.run_system(CommandRequest::new(operator.caller, command))
            .await
            .map(|_| ())
    }

    /// A new token, and what to keep of it.
    pub(in crate::application) fn new_token(
        &self,
        kind: CredentialKind,
        owner: String,
        name: &Label,
        expires_at: Timestamp,
    ) -> (IssuedToken, Credential) {
        let id: ApiTokenId = self.new_id();
        let token = mint(kind, id, &self.randomness);
        let credential = Credential {
            kind,
            id: id.to_string(),
            owner,
            name: name.as_str().to_owned(),
            digest: self.digests.digest(kind, token.reveal()),
            expires_at: Some(expires_at),
        };
        (
            IssuedToken {
                id,
                token: token.reveal().to_owned(),
                expires_at,
            },
            credential,
        )
    }

    /// The credential with this id, unless it has ended.
    pub(in crate::application) async fn stored(
        &self,
        kind: CredentialKind,
        id: &str,
    ) -> Result<Option<StoredCredential>, StoreError> {
        let stored = self.find_including_expired(kind, id).await?;
        Ok(stored.filter(|stored| !stored.has_ended(self.clock.now())))
    }

    /// The credential with this id, even after its end, as long as it is remembered.
    async fn find_including_expired(
        &self,
        kind: CredentialKind,
        id: &str,
    ) -> Result<Option<StoredCredential>, StoreError> {
        // No id of ours has such characters, and PostgreSQL takes no NUL.
        if id.chars().any(char::is_control) {
            return Ok(None);
        }
        let sql = format!("{SELECT} where kind = $1 and id = $2");
        let rows = self
            .database()
            .rows(Query::new(sql, [kind.name().into(), id.into()]))
            .await?;
        rows.into_iter().next().map(read).transpose()
    }

    /// Writes changes of credentials that belong to no event.
    pub(in crate::application) async fn save_credentials(
        &self,
        credentials: Vec<CredentialChange>,
    ) -> Result<(), Failure> {
        let append = Append {
            credentials,
            ..Append::default()
        };
        self.log.writer.append(append).await.map_err(CommandError::from)?;
        Ok(())
    }

    pub(in crate::application) async fn find_token(
        &self,
        kind: CredentialKind,
        token: &str,
    ) -> Result<Option<StoredCredential>, StoreError> {
        let stored = self.find_token_including_expired(kind, token).await?;
        Ok(stored.filter(|stored| !stored.has_ended(self.clock.now())))
    }

    pub(in crate::application) async fn find_token_including_expired(
        &self,
        kind: CredentialKind,
        token: &str,
    ) -> Result<Option<StoredCredential>, StoreError> {
        let Some(id) = lookup_id::<Uuid>(kind, token) else {
            return Ok(None);
        };
        let Some(stored) = self.find_including_expired(kind, &id.to_string()).await? else {
            return Ok(None);
        };
        self.if_it_is(kind, token, stored)
    }

    /// What is stored, if this is its secret.
    pub(super) fn if_it_is(
        &self,
        kind: CredentialKind,
        token: &str,
        stored: StoredCredential,
    ) -> Result<Option<StoredCredential>, StoreError> {
        let matches = self.digests.matches(kind, token, &stored.digest);
        Ok(matches
            .map_err(|error| StoreError::internal(Cause::of(error)))?
            .then_some(stored))
    }

    pub(super) fn note_use(&self, stored: &StoredCredential) {
        if let Ok(id) = Uuid::parse_str(&stored.id) {
            self.last_uses.credential_used(id, self.clock.now());
        }
    }

    /// Random secrets cannot be guessed, so a right one always passes; wrong ones are counted, and slowed down.
    fn known_or_throttled(
        &self,
        caller: &Caller,
        stored: Option<StoredCredential>,
    ) -> Result<StoredCredential, Failure> {
        match stored {
            Some(stored) => Ok(stored),
            None => Err(self.failed_credentials(&throttle_keys(caller, None))),
        }
    }

    /// The same, and the log knows of those that opened nothing. Before it is said that something has ended, this machine's
    /// clock is compared: by a wrong one nothing has ended for certain, and it is not the caller's fault.
    pub(super) async fn living_or_refused(
        &self,
        caller: &Caller,
        channel: LoginChannel,
        stored: Option<StoredCredential>,
    ) -> Result<StoredCredential, Failure> {
        let now = self.clock.now();
        if stored.as_ref().is_some_and(|stored| stored.has_ended(now)) {
            self.log.writer.clocks().look(self.database()).await?;
        }
        match stored {
            Some(stored) if !stored.has_ended(now) => Ok(stored),
            ended => {
                self.note_refused_token(caller, channel, ended.as_ref());
                self.known_or_throttled(caller, None)
            }
        }
    }

    /// Counts a failure of random credentials; says what to answer.
    pub(in crate::application) fn failed_credentials(&self, attempt: &Attempt) -> Failure {
        match self.throttle.fail(attempt) {
            Err(wait) => Failure::TooManyRequests {
                retry_after_seconds: wait.retry_after_seconds,
            },
            Ok(()) => Failure::Unauthenticated,
        }
    }
}

/// The address of the caller and the account that is tried.
pub(in crate::application) fn throttle_keys(caller: &Caller, account: Option<(&'static str, String)>) -> Attempt {
    let address = caller.ip_address.parse().ok();
    Attempt { address, account }
}
