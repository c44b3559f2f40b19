//! `POST /oauth/introspect`: RFC 7662.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use futures::future::{OptionFuture, join};
use gatebook_aggregates::gate::Verdict;

use crate::application::{AskedBy, Introspection};
use crate::oauth::OAuthError;
use crate::secrets::{ACCESS_TOKEN_LIFETIME, AccessTokenClaims};
use crate::web::api::oauth::answers::{
    ActiveToken, FormRefusals, InactiveToken, IntrospectionAnswer, NO_STORE, OAuthRefusal, PresentedToken,
};
use crate::web::api::oauth::refusal::{refusal, store_refusal};
use crate::web::api::oauth::request::OAuthRequest;
use crate::web::service::Service;

/// Introspect an access token
///
/// Tells a resource server about a token (RFC 7662). For a token that is not active, the answer is only `{"active":
/// false}`. Authenticate with the credentials of a resource server; those of an application do not work here.
#[utoipa::path(
    post,
    path = "/oauth/introspect",
    tag = "Gateways",
    request_body(content = PresentedToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The state of the token. It must not be cached.", body = IntrospectionAnswer),
        (status = 400, description = "`invalid_request`: `token` is missing, or the form is malformed.", body = OAuthRefusal),
        FormRefusals,
    ),
    security(("resource_server" = []), ())
)]
pub async fn introspect_token(
    State(service): State<Service>,
    request: OAuthRequest,
) -> Result<impl IntoResponse, OAuthError> {
    let server = request.client()?;
    let (id, secret) = (&server.client_id, &server.client_secret);
    // Both are read at the same time. The token's state is returned only if the resource server is authenticated.
    let token = request.token();
    let introspected = OptionFuture::from(token.as_ref().ok().map(|token| service.introspect(token)));
    let authenticated = service.authenticate_resource_server(&request.caller, id, secret);
    let (authenticated, introspected) = join(authenticated, introspected).await;
    authenticated.map_err(refusal)?;
    token?;
    let token = introspected
        .transpose()
        .map_err(|error| store_refusal(&error))?
        .flatten();
    if let Some(token) = &token {
        let asked_by = AskedBy {
            request_id: &request.caller.request_id,
            gateway: id,
        };
        service.count_introspection(token, asked_by);
    }
    let answer = match token.filter(|token| token.verdict == Verdict::Ok) {
        Some(token) => IntrospectionAnswer::Active(Box::new(active(token, &service.settings.public_url))),
        None => IntrospectionAnswer::Inactive(InactiveToken { active: false }),
    };
    Ok((NO_STORE, Json(answer)))
}

/// The announced expiry in whole seconds: `iat` plus `expires_in`. As the token was issued within the second `iat`, it
/// really expires up to a second later, never before its client expects.
fn announced_end(claims: &AccessTokenClaims) -> DateTime<Utc> {
    claims.expires_at.min(claims.issued_at + ACCESS_TOKEN_LIFETIME)
}

fn active(token: Introspection, issuer: &str) -> ActiveToken {
    let Introspection {
        facts, claims, scopes, ..
    } = token;
    ActiveToken {
        active: true,
        client_id: facts.app.client_id.0.clone(),
        sub: facts.app.client_id.0.clone(),
        scope: scopes.to_string(),
        token_type: "Bearer",
        iat: claims.issued_at.timestamp(),
        nbf: claims.issued_at.timestamp(),
        exp: announced_end(&claims).timestamp(),
        jti: claims.token_id,
        iss: issuer.to_owned(),
        aud: issuer.to_owned(),
        app_name: facts.app.name.as_str().to_owned(),
        group_id: facts.app.group_id.to_string(),
        entities: facts.entities().map(ToString::to_string).collect(),
    }
}
