//! Credentials in responses. The secret itself is shown only once, when it is created.

use gatebook_aggregates::identifiers::{ApiTokenId, ClientSecretId};
use gatebook_aggregates::integration_app::ClientSecret;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::application;
use crate::web::api::json::fields::{Fields, text};
use crate::web::error::Problem;

/// A name.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedBody {
    /// The name, 1 to 200 characters.
    #[schema(value_type = String)]
    name: Option<String>,
}

/// The name and the lifetime of a token.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenBody {
    /// The name, 1 to 200 characters.
    #[schema(value_type = String)]
    name: Option<String>,
    /// When the token expires (RFC 3339), at most a year from now. The default is a year from now.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<String>,
}

/// A new token. It is shown only once; keep it out of logs.
#[derive(Serialize, ToSchema)]
pub struct NewToken {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: ApiTokenId,
    /// The token. Null in an answer that is repeated for an Idempotency-Key after more than ten minutes, or after the
    /// token has ended.
    #[schema(required)]
    token: Option<String>,
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A resource server's new credentials. They are shown only once; keep them out of logs.
#[derive(Serialize, ToSchema)]
pub struct NewResourceServer {
    /// The client id.
    client_id: String,
    /// The client secret. Null in an answer that is repeated for an Idempotency-Key after more than ten minutes, or
    /// after the secret has ended.
    #[schema(required)]
    client_secret: Option<String>,
}

/// A gateway that may introspect and verify tokens.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ResourceServer)]
pub struct ResourceServerJson {
    /// The client id.
    client_id: String,
    /// The name.
    name: String,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A client secret, without the secret itself.
#[derive(Serialize, ToSchema)]
pub struct ListedClientSecret {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: ClientSecretId,
    /// The first characters of the secret.
    prefix: String,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends: at its end date, or earlier if a newer one replaces it; null if it has neither.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    ends_at: Option<Timestamp>,
    /// When it was last used; null if never.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_used_at: Option<Timestamp>,
}

/// A new client secret. It is shown only once; keep it out of logs.
#[derive(Serialize, ToSchema)]
pub struct NewClientSecret {
    /// The application's client id.
    client_id: String,
    /// The client secret. Null in an answer that is repeated for an Idempotency-Key after more than ten minutes, or
    /// after the secret has ended.
    #[schema(required)]
    client_secret: Option<String>,
    /// The id of the client secret.
    #[schema(value_type = String, format = "uuid")]
    client_secret_id: ClientSecretId,
    /// When the previous secret ends; null if there is none.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    previous_ends_at: Option<Timestamp>,
    /// When the new secret ends by itself; null if it does not.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    ends_at: Option<Timestamp>,
}

/// How the new client secret replaces the previous one, and how long it lasts. The body may be left out.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientSecretRequest {
    /// How many seconds the previous secret stays valid: 0 ends it at once, 259200 (72 hours) is the default, 7776000 (90
    /// days) the maximum.
    overlap_seconds: Option<i64>,
    /// When the new secret ends by itself (RFC 3339): in the future, and not after the application. The default is never.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<String>,
}

impl ClientSecretRequest {
    /// Validates the time.
    pub fn read(&self) -> Result<application::SecretTerms, Problem> {
        let mut fields = Fields::default();
        let ends_at = self.ends_at.as_deref().map(|end| fields.time("ends_at", end));
        let overlap_seconds = self.overlap_seconds;
        fields.finish(|| {
            Some(application::SecretTerms {
                overlap_seconds,
                ends_at: ends_at.flatten(),
            })
        })
    }
}

impl NamedBody {
    /// Validates the name.
    pub fn read(&self) -> Result<Label, Problem> {
        Ok(Label::parse("name", text(&self.name))?)
    }
}

impl NewTokenBody {
    /// The name, and the expiry if one is given.
    pub fn read(&self) -> Result<(Label, Option<Timestamp>), Problem> {
        let mut fields = Fields::default();
        let name = fields.read(Label::parse("name", text(&self.name)));
        let end = self.expires_at.as_deref().map(|end| fields.time("expires_at", end));
        fields.finish(|| Some((name?, end.flatten())))
    }
}

impl From<application::TokenMade> for NewToken {
    fn from(made: application::TokenMade) -> Self {
        let application::TokenMade { id, token, expires_at } = made;
        Self { id, token, expires_at }
    }
}

impl From<application::ResourceServerMade> for NewResourceServer {
    fn from(made: application::ResourceServerMade) -> Self {
        let application::ResourceServerMade {
            client_id,
            client_secret,
        } = made;
        Self {
            client_id,
            client_secret,
        }
    }
}

impl From<application::ResourceServer> for ResourceServerJson {
    fn from(server: application::ResourceServer) -> Self {
        let application::ResourceServer {
            client_id,
            name,
            created_at,
        } = server;
        Self {
            client_id,
            name,
            created_at,
        }
    }
}

impl From<application::ClientSecretMade> for NewClientSecret {
    fn from(made: application::ClientSecretMade) -> Self {
        let application::ClientSecretMade {
            client_id,
            client_secret,
            client_secret_id,
            previous_ends_at,
            ends_at,
        } = made;
        Self {
            client_id,
            client_secret,
            client_secret_id,
            previous_ends_at,
            ends_at,
        }
    }
}

impl From<(ClientSecret, Option<Timestamp>)> for ListedClientSecret {
    fn from((secret, last_used_at): (ClientSecret, Option<Timestamp>)) -> Self {
        Self {
            id: secret.id,
            prefix: secret.prefix,
            created_at: secret.created_at,
            ends_at: secret.ends_at,
            last_used_at,
        }
    }
}
