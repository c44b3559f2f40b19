//! What the OAuth endpoints answer with. The requests and the refusal are here for the documentation; they are read and
//! written by `oauth::wire`.

use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, PRAGMA};
use gatebook_aggregates::identifiers::AccessTokenId;
use serde::Serialize;
use utoipa::openapi::{Object, ObjectBuilder, Type};
use utoipa::{IntoResponses, ToSchema};

/// T27: the headers of an answer that no cache may keep.
pub const NO_STORE: [(HeaderName, &str); 2] = [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")];

/// An access token (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    /// The token: `gbt_` and 131 more characters.
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(value_type = String)]
    pub token_type: &'static str,
    /// Seconds until it ends.
    pub expires_in: i64,
    /// What it is for: `read`, `write` or `read write`.
    pub scope: String,
}

/// What a token is (RFC 7662 §2.2).
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum IntrospectionAnswer {
    /// It opens something.
    Active(Box<ActiveToken>),
    /// It does not, whatever the reason; nothing more is said.
    Inactive(InactiveToken),
}

/// A token that opens something.
#[derive(Serialize, ToSchema)]
pub struct ActiveToken {
    /// Always `true`.
    #[schema(schema_with = always_true)]
    pub active: bool,
    /// The application's OAuth client id.
    pub client_id: String,
    /// The same; the application acts for itself.
    pub sub: String,
    /// What it is for: `read`, `write` or `read write`.
    pub scope: String,
    /// Always `Bearer`.
    #[schema(value_type = String)]
    pub token_type: &'static str,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// From when it may be used: at once.
    pub nbf: i64,
    /// When it ends, in seconds since 1970: `iat` and `expires_in`.
    pub exp: i64,
    /// The token's id.
    #[schema(value_type = String, format = "uuid")]
    pub jti: AccessTokenId,
    /// Who issued it: the `issuer` of the metadata.
    pub iss: String,
    /// Whom it is for: every resource server of this issuer, so the same as `iss`.
    pub aud: String,
    /// The application's name.
    pub app_name: String,
    /// The group whose application it is.
    pub group_id: String,
    /// The ids of the entities that it opens.
    pub entities: Vec<String>,
}

/// A token that opens nothing.
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

/// By these two, and by nothing else, the two answers are told apart.
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

/// A request for a token. Parameters that are not listed are ignored; none may come twice.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub struct TokenRequest {
    /// Always `client_credentials`.
    #[schema(schema_with = the_grant)]
    grant_type: String,
    /// `read`, `write` or `read write`; all that the application may have when left out.
    #[schema(value_type = String, required = false)]
    scope: Option<String>,
    /// The client id, when it is not in the `Authorization` header.
    #[schema(value_type = String, required = false)]
    client_id: Option<String>,
    /// The client secret, when it is not in the `Authorization` header. Not recommended (RFC 6749 §2.3.1).
    #[schema(value_type = String, required = false)]
    client_secret: Option<String>,
}

/// A question about a token, or the command to give it back.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub struct PresentedToken {
    /// The access token.
    #[schema(min_length = 1)]
    token: String,
    /// Ignored; there are access tokens only.
    #[schema(value_type = String, required = false)]
    token_type_hint: Option<String>,
    /// The client id, when it is not in the `Authorization` header.
    #[schema(value_type = String, required = false)]
    client_id: Option<String>,
    /// The client secret, when it is not in the `Authorization` header. Not recommended (RFC 6749 §2.3.1).
    #[schema(value_type = String, required = false)]
    client_secret: Option<String>,
}

/// A refusal of an OAuth endpoint (RFC 6749 §5.2), as `application/json`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub struct OAuthRefusal {
    /// What is wrong, for programs.
    #[schema(example = "invalid_client")]
    error: String,
    /// What is wrong, for people; a fixed sentence.
    error_description: String,
}

/// The refusals of every endpoint that takes a form.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub enum FormRefusals {
    /// `invalid_client`: unknown, wrong, ended or suspended; not told which. With a Basic challenge.
    #[response(status = 401)]
    InvalidClient(OAuthRefusal),
    /// `invalid_request`: use POST.
    #[response(status = 405)]
    MethodNotAllowed(OAuthRefusal),
    /// `invalid_request`: the body has more than 64 KiB.
    #[response(status = 413)]
    TooLarge(OAuthRefusal),
    /// `invalid_request`: the body is compressed.
    #[response(status = 415)]
    Encoded(OAuthRefusal),
    /// `temporarily_unavailable`: too many failed attempts; see `Retry-After`.
    #[response(status = 429)]
    SlowDown(OAuthRefusal),
    /// `temporarily_unavailable`: the database cannot be reached; see `Retry-After`. It says nothing about the
    /// credentials or the token.
    #[response(status = 503)]
    Unavailable(OAuthRefusal),
}
