//! R24-R26: issuing access tokens, and deciding what they open. Every answer is decided from what was committed when it was
//! asked for; what cannot be read is refused.

use std::str::FromStr;

use chrono::TimeDelta;
use gatebook_aggregates::api_permission::{Access, ApiPermission};
use gatebook_aggregates::gate::{Gate, TokenFacts, Verdict};
use gatebook_aggregates::identifiers::{AccessTokenId, ClientSecretId, EntityId};
use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::metadata::ActorType;
use gatebook_aggregates::system::issued_at;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::token_gate::GateFacts;

use crate::application::accounts::credentials::throttle_keys;
use crate::application::caller::Caller;
use crate::application::failure::Failure;
use crate::application::gate::count::AskedBy;
use crate::application::gatebook::Gatebook;
use crate::application::node::gate_memory::Mark;
use crate::metrics::VerdictLabels;
use crate::oauth::Scopes;
use crate::request_log::{note_app, note_caller, note_verdict};
use crate::secrets::{ACCESS_TOKEN_LIFETIME, AccessTokenClaims, CredentialKind, TokenRefusal, is_client_secret};
use crate::store::StoreError;

/// How far the clocks of two nodes may be apart: each may be a minute from the database's.
const CLOCKS_APART_MAX: TimeDelta = TimeDelta::seconds(120);

/// A client that proved who it is.
pub struct AuthenticatedClient {
    pub(in crate::application) facts: GateFacts,
    client_secret_id: ClientSecretId,
}

impl AuthenticatedClient {
    /// R10, R24: the scopes its permission allows.
    pub fn allowed_scopes(&self) -> Scopes {
        scopes_of(self.facts.app.api_permission)
    }
}

/// An access token that was just made. Not for logs.
pub struct IssuedAccessToken {
    /// The token.
    pub token: String,
    /// Seconds until it ends.
    pub expires_in: i64,
    /// R24: what it is for.
    pub scopes: Scopes,
}

/// What a gateway asks. Not for logs.
#[derive(Clone)]
pub struct GateQuestion<'a> {
    /// The presented token, if any.
    pub token: Option<&'a str>,
    /// The entity the call is about, if named.
    pub entity: Option<&'a str>,
    /// What the call does, `read` or `write`.
    pub access: Option<&'a str>,
    /// Where the question comes from.
    pub asked_by: AskedBy<'a>,
}

/// The gate's answer.
pub struct GateAnswer {
    /// Whether it may pass, or why not.
    pub verdict: Verdict,
    /// The application, once the token is known to be genuine.
    pub facts: Option<GateFacts>,
}

/// What an answer about a genuine token rests on, for a gateway that keeps it.
pub struct Basis {
    /// The token.
    pub token_id: AccessTokenId,
    /// The client secret that it was issued for.
    pub client_secret_id: ClientSecretId,
    /// When time alone may change the answer: the token ends, or the client secret that it was issued for does.
    pub good_until: Timestamp,
    /// The end of the log that the answer is true at. None while the log cannot be read up to there: it must not be kept then.
    pub as_of: Option<Mark>,
}

/// RFC 7662: what a genuine token is.
pub struct Introspection {
    /// Whether it is active, or why not.
    pub verdict: Verdict,
    /// The application and its group.
    pub facts: GateFacts,
    /// The token's own claims.
    pub claims: AccessTokenClaims,
    /// R10, R24: its scopes, as far as the permission still allows.
    pub scopes: Scopes,
}

impl Gatebook {
    /// R23: the client with these credentials. Unknown, wrong, ended, suspended and revoked look alike (T19).
    pub async fn authenticate_client(
        &self,
        caller: &Caller,
        client_id: &str,
        client_secret: &str,
    ) -> Result<AuthenticatedClient, Failure> {
        let now = self.clock.now();
        // Also for what cannot be a client, so that unknown and known take the same time.
        let digest = self.keyed(CredentialKind::ClientSecret, client_secret);
        let facts = self.gate_reads.client(client_id).await?;
        let app = facts.as_ref().map(|facts| facts.app.clone());
        let live = facts.and_then(|facts| {
            let secrets = facts.app.client_secrets.iter();
            let secret = secrets
                .filter(|secret| secret.is_live(now))
                .find(|secret| secret.secret_digest == digest)?;
            let client_secret_id = secret.id;
            Some(AuthenticatedClient {
                facts: facts.clone(),
                client_secret_id,
            })
        });
        let usable = live.filter(|client| {
            is_client_secret(client_secret)
                && client.facts.app.status == Status::Active
                && client.facts.group.product_plan.has_integration_apps()
        });
        match usable {
            // Whether it would still be usable, an event tells that cannot be read.
            Some(client) if client.facts.is_unreadable => {
                let why = "an event of the application or its group cannot be read";
                Err(StoreError::unavailable(why).into())
            }
            Some(client) => {
                self.last_uses.client_secret_used(client.client_secret_id, now);
                note_caller(ActorType::Integration.into(), &client.facts.app.client_id.0);
                note_app(client.facts.app.app_id);
                Ok(client)
            }
            None => {
                if let Some(app) = app {
                    self.usage.token_refused(app.app_id, &app.group_id, now);
                }
                Err(self.failed_credentials(&throttle_keys(caller, Some(("client", client_id.to_owned())))))
            }
        }
    }

    /// R24: issues an access token. Writes nothing.
    ///
    /// # Errors
    /// When this machine's clock is wrong: the token would live too long for all other nodes, or be dead already.
    pub fn issue_access_token(
        &self,
        client: &AuthenticatedClient,
        scopes: Scopes,
    ) -> Result<IssuedAccessToken, StoreError> {
        if self.log.writer.clocks().is_wrong() {
            return Err(StoreError::unavailable("this machine's clock is wrong"));
        }
        let now = self.clock.now();
        let claims = AccessTokenClaims {
            token_id: self.new_id(),
            app_id: client.facts.app.app_id,
            client_secret_id: client.client_secret_id,
            read: scopes.read,
            write: scopes.write,
            issued_at: issued_at(now, client.facts.tokens_ended_before).to_utc(),
            expires_at: now.to_utc() + ACCESS_TOKEN_LIFETIME,
        };
        let token = self.access_tokens.issue(&claims).reveal().to_owned();
        self.metrics.tokens_issued.inc();
        let app = &client.facts.app;
        self.usage.token_issued(app.app_id, &app.group_id, now);
        Ok(IssuedAccessToken {
            token,
            expires_in: ACCESS_TOKEN_LIFETIME.num_seconds(),
            scopes,
        })
    }

    /// R25: whether a token opens an entity.
    ///
    /// # Errors
    /// When the state cannot be read; the caller refuses then (R26).
    pub async fn check_gate(&self, question: &GateQuestion<'_>) -> Result<GateAnswer, StoreError> {
        let (answer, _) = self.check_gate_as_of(question).await?;
        Ok(answer)
    }

    /// The same, and what the answer rests on, if the token is genuine.
    ///
    /// # Errors
    /// As above.
    pub async fn check_gate_as_of(
        &self,
        question: &GateQuestion<'_>,
    ) -> Result<(GateAnswer, Option<Basis>), StoreError> {
        let answer = self.answer(question).await;
        let (answer, basis) = answer.inspect_err(|_| {
            let reason = "unavailable";
            note_verdict(reason);
            self.metrics
                .gate_verdicts
                .get_or_create(&VerdictLabels { reason })
                .inc();
        })?;
        if let (Some(facts), Some(basis)) = (&answer.facts, &basis) {
            note_app(facts.app.app_id);
            self.count_check(question, facts, basis.client_secret_id, answer.verdict);
        }
        let reason = answer.verdict.code();
        note_verdict(reason);
        self.metrics
            .gate_verdicts
            .get_or_create(&VerdictLabels { reason })
            .inc();
        Ok((answer, basis))
    }

    /// RFC 7662: what a token is; none for whatever is no genuine token of an application.
    pub async fn introspect(&self, token: &str) -> Result<Option<Introspection>, StoreError> {
        let Ok(claims) = self.presented_token(token) else {
            return Ok(None);
        };
        let Some(facts) = self.gate_reads.token(claims.app_id, claims.token_id).await? else {
            return Ok(None);
        };
        let verdict = facts.check_token(&token_facts(&claims, &facts), self.clock.now());
        let allowed = scopes_of(facts.app.api_permission);
        let scopes = Scopes {
            read: claims.read && allowed.read,
            write: claims.write && allowed.write,
        };
        Ok(Some(Introspection {
            verdict,
            facts,
            claims,
            scopes,
        }))
    }

    /// The claims of a token that somebody has shown. One that lives longer than any that is issued, or is issued in the
    /// future, was made with a wrong clock, or by somebody else who has the key; no node accepts it.
    pub(in crate::application) fn presented_token(&self, token: &str) -> Result<AccessTokenClaims, TokenRefusal> {
        let claims = self.access_tokens.read(token)?;
        // A token says its times in whole seconds, and never ends before its client expects it.
        let lives_too_long = claims.expires_at - claims.issued_at > ACCESS_TOKEN_LIFETIME + TimeDelta::seconds(1);
        let is_early = claims.issued_at > self.clock.now().to_utc() + CLOCKS_APART_MAX;
        match lives_too_long || is_early {
            true => Err(TokenRefusal::Invalid),
            false => Ok(claims),
        }
    }

    async fn answer(&self, question: &GateQuestion<'_>) -> Result<(GateAnswer, Option<Basis>), StoreError> {
        let refused = |verdict| Ok((GateAnswer { verdict, facts: None }, None));
        let Some(token) = question.token.filter(|token| !token.is_empty()) else {
            return refused(Verdict::TokenMissing);
        };
        let claims = match self.presented_token(token) {
            Ok(claims) => claims,
            Err(TokenRefusal::Malformed) => return refused(Verdict::TokenMalformed),
            Err(TokenRefusal::Invalid | TokenRefusal::UnknownKey(_)) => return refused(Verdict::TokenInvalid),
        };
        let (facts, as_of) = match self.gate_reads.token_as_of(claims.app_id, claims.token_id).await? {
            Some(read) => read,
            None => return refused(Verdict::TokenInvalid),
        };
        let token = token_facts(&claims, &facts);
        // What cannot be an entity or an access is one that is not the application's.
        let entity = question.entity.filter(|entity| !entity.is_empty());
        let parsed = entity.map(|entity| EntityId::parse(entity).ok());
        let access = question.access.and_then(|access| Access::from_str(access).ok());
        let verdict = match parsed {
            Some(None) => match facts.check_token(&token, self.clock.now()) {
                Verdict::Ok => Verdict::EntityNotAssigned,
                earlier => earlier,
            },
            parsed => facts.check(&token, parsed.flatten().as_ref(), access, self.clock.now()),
        };
        let basis = Basis {
            token_id: token.token_id,
            client_secret_id: token.client_secret_id,
            good_until: good_until(&token, &facts),
            as_of,
        };
        let answer = GateAnswer {
            verdict,
            facts: Some(facts),
        };
        Ok((answer, Some(basis)))
    }
}

/// The earlier of the token's end and the end of its client secret, as far as that is known.
fn good_until(token: &TokenFacts, facts: &GateFacts) -> Timestamp {
    let mut secrets = facts.app.client_secrets.iter();
    let secret = secrets.find(|secret| secret.id == token.client_secret_id);
    let secret_ends_at = secret.and_then(|secret| secret.ends_at);
    secret_ends_at.map_or(token.expires_at, |ends_at| ends_at.min(token.expires_at))
}

fn token_facts(claims: &AccessTokenClaims, facts: &GateFacts) -> TokenFacts {
    TokenFacts {
        token_id: claims.token_id,
        client_secret_id: claims.client_secret_id,
        read: claims.read,
        write: claims.write,
        issued_at: Timestamp::new(claims.issued_at),
        expires_at: Timestamp::new(claims.expires_at),
        is_revoked: facts.is_token_revoked,
    }
}

fn scopes_of(permission: ApiPermission) -> Scopes {
    Scopes {
        read: true,
        write: permission.allows(Access::Write),
    }
}
