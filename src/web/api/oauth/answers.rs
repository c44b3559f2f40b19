//! The responses of the OAuth endpoints. The request and error types are here for the OpenAPI document only;
//! `oauth::wire` reads and writes them.

use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, PRAGMA};
use gatebook_aggregates::identifiers::AccessTokenId;
use serde::Serialize;
use utoipa::openapi::{Object, ObjectBuilder, Type};
use utoipa::{IntoResponses, ToSchema};

/// T27: the headers of a response that must not be cached.
pub const NO_STORE: [(HeaderName, &str); 2] = [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")];

/// An access token (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    /// The token: `gbt_` and 132 more characters.
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(value_type = String)]
    pub token_type: &'static str,
    /// The number of seconds until it expires.
    pub expires_in: i64,
    /// The scope: `read`, `write` or `read write`.
    pub scope: String,
}

/// The state of a token (RFC 7662 §2.2).
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum IntrospectionAnswer {
    /// The token is active.
    Active(Box<ActiveToken>),
    /// The token is not active. The answer does not say why.
    Inactive(InactiveToken),
}

/// An active token.
#[derive(Serialize, ToSchema)]
pub struct ActiveToken {
    /// Always `true`.
    #[schema(schema_with = always_true)]
    pub active: bool,
    /// The application's OAuth client id.
    pub client_id: String,
    /// The same as `client_id`, because the application acts for itself.
    pub sub: String,
    /// The scope: `read`, `write` or `read write`.
    pub scope: String,
    /// Always `Bearer`.
    #[schema(value_type = String)]
    pub token_type: &'static str,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it becomes valid: the same as `iat`.
    pub nbf: i64,
    /// When it expires, in seconds since 1970: `iat` plus `expires_in`.
    pub exp: i64,
    /// The token's id.
    #[schema(value_type = String, format = "uuid")]
    pub jti: AccessTokenId,
    /// The issuer, as in the metadata.
    pub iss: String,
    /// The audience: every resource server of this issuer, so it is the same as `iss`.
    pub aud: String,
    /// The application's name.
    pub app_name: String,
    /// The id of the group that owns the application.
    pub group_id: String,
    /// The ids of the entities that the token gives access to.
    pub entities: Vec<String>,
}

/// An inactive token.
#[derive(Serialize, ToSchema)]
pub struct InactiveToken {
    /// Always `false`.
    #[schema(schema_with = always_false)]
    pub active: bool,
}

fn the_grant() -> Object {
    let grant = ObjectBuilder::new().schema_type(Type::String);
    let description = "Always `client_credentials`.";
    grant
        .enum_values(Some(["client_credentials"]))
        .description(Some(description))
        .build()
}

/// The only field by which clients can tell the two answers apart.
fn always_true() -> Object {
    always(true)
}

fn always_false() -> Object {
    always(false)
}

fn always(value: bool) -> Object {
    let always = ObjectBuilder::new().schema_type(Type::Boolean);
    let description = format!("Always `{value}`.");
    always.enum_values(Some([value])).description(Some(description)).build()
}

/// A request for a token. Unknown parameters are ignored; no parameter may be repeated.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub struct TokenRequest {
    /// Always `client_credentials`.
    #[schema(schema_with = the_grant)]
    grant_type: String,
    /// `read`, `write` or `read write`. The default is everything that the application is allowed.
    #[schema(value_type = String, required = false)]
    scope: Option<String>,
    /// The client id, if it is not in the `Authorization` header.
    #[schema(value_type = String, required = false)]
    client_id: Option<String>,
    /// The client secret, if it is not in the `Authorization` header. This is not recommended (RFC 6749 §2.3.1).
    #[schema(value_type = String, required = false)]
    client_secret: Option<String>,
}

/// The token to introspect or revoke.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub struct PresentedToken {
    /// The access token.
    #[schema(min_length = 1)]
    token: String,
    /// Ignored, because there are only access tokens.
    #[schema(value_type = String, required = false)]
    token_type_hint: Option<String>,
    /// The client id, if it is not in the `Authorization` header.
    #[schema(value_type = String, required = false)]
    client_id: Option<String>,
    /// The client secret, if it is not in the `Authorization` header. This is not recommended (RFC 6749 §2.3.1).
    #[schema(value_type = String, required = false)]
    client_secret: Option<String>,
}

/// An error of an OAuth endpoint (RFC 6749 §5.2), as `application/json`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub struct OAuthRefusal {
    /// The error code, for programs.
    #[schema(example = "invalid_client")]
    error: String,
    /// The error message, for people.
    error_description: String,
}

/// The errors of every endpoint that takes a form.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub enum FormRefusals {
    /// `invalid_client`: the client is unknown, its secret is wrong or has ended, or it is suspended. The answer does
    /// not say which. It has a Basic challenge.
    #[response(status = 401)]
    InvalidClient(OAuthRefusal),
    /// `invalid_request`: use POST.
    #[response(status = 405)]
    MethodNotAllowed(OAuthRefusal),
    /// `invalid_request`: the body is larger than 64 KiB.
    #[response(status = 413)]
    TooLarge(OAuthRefusal),
    /// `invalid_request`: the body is compressed.
    #[response(status = 415)]
    Encoded(OAuthRefusal),
    /// `temporarily_unavailable`: too many failed attempts; see `Retry-After`.
    #[response(status = 429)]
    SlowDown(OAuthRefusal),
    /// `temporarily_unavailable`: the database cannot be reached; see `Retry-After`. This says nothing about the
    /// credentials or the token.
    #[response(status = 503)]
    Unavailable(OAuthRefusal),
}
