//! Credentials as they are shown: the secret once, when it was just made; later their names only.

use gatebook_aggregates::integration_app::ClientSecret;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::application;
use crate::web::api::json::fields::{Fields, text};
use crate::web::error::Problem;

/// What something shall be called.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedBody {
    /// The name, 1 to 200 characters.
    #[schema(value_type = String)]
    name: Option<String>,
}

/// What a token shall be called, and when it shall end.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenBody {
    /// The name, 1 to 200 characters.
    #[schema(value_type = String)]
    name: Option<String>,
    /// When it ends by itself (RFC 3339), at most a year from now; a year from now if left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<String>,
}

/// A token that was just made. Shown once; not for logs.
#[derive(Serialize, ToSchema)]
pub struct NewToken {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: Uuid,
    /// The token. Null when the answer is repeated for an Idempotency-Key more than ten minutes later, or after its end.
    #[schema(required)]
    token: Option<String>,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A resource server's credentials that were just made. Shown once; not for logs.
#[derive(Serialize, ToSchema)]
pub struct NewResourceServer {
    /// Its client id.
    client_id: String,
    /// Its secret. Null when the answer is repeated for an Idempotency-Key more than ten minutes later, or after its end.
    #[schema(required)]
    client_secret: Option<String>,
}

/// A gateway that may introspect and verify.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ResourceServer)]
pub struct ResourceServerJson {
    /// Its client id.
    client_id: String,
    /// The name it was given.
    name: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A client secret without the secret.
#[derive(Serialize, ToSchema)]
pub struct ListedClientSecret {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: Uuid,
    /// Its first characters.
    prefix: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its overlap ends; null while it is the newest.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    ends_at: Option<Timestamp>,
    /// When it was used last; null if never.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_used_at: Option<Timestamp>,
}

/// A client secret that was just made. Shown once; not for logs.
#[derive(Serialize, ToSchema)]
pub struct NewClientSecret {
    /// The application's client id.
    client_id: String,
    /// The secret. Null when the answer is repeated for an Idempotency-Key more than ten minutes later, or after its end.
    #[schema(required)]
    client_secret: Option<String>,
    /// The secret's id.
    #[schema(value_type = String, format = "uuid")]
    client_secret_id: Uuid,
    /// When the secret before it ends; null without one.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    previous_ends_at: Option<Timestamp>,
}

impl NamedBody {
    /// The name.
    pub fn read(&self) -> Result<Label, Problem> {
        Ok(Label::parse("name", text(&self.name))?)
    }
}

impl NewTokenBody {
    /// The name, and the end if one is named.
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
        } = made;
        Self {
            client_id,
            client_secret,
            client_secret_id,
            previous_ends_at,
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
