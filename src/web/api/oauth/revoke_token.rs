//! `POST /oauth/revoke`: RFC 7009.

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::oauth::OAuthError;
use crate::web::api::oauth::answers::{FormRefusals, NO_STORE, OAuthRefusal, PresentedToken};
use crate::web::api::oauth::refusal::refusal;
use crate::web::api::oauth::request::OAuthRequest;
use crate::web::service::Service;

/// The path of the endpoint.
const PATH: &str = "/oauth/revoke";

/// Revoke an access token
///
/// After the answer 200, the token is no longer valid (RFC 7009). For a token that is unknown, has expired or belongs
/// to another application, the answer is 200 as well and nothing happens, so that nobody learns about other
/// applications' tokens.
///
/// An application can revoke 1,000 tokens at once, and ten a second after that, with at most 32 requests at a time.
/// Beyond that the answer is 429 with `Retry-After`, after half a second.
#[utoipa::path(
    post,
    path = "/oauth/revoke",
    tag = "Integrations",
    request_body(content = PresentedToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token is not valid. The body is empty."),
        (status = 400, description = "`invalid_request`: `token` is missing, or the form is malformed.", body = OAuthRefusal),
        FormRefusals,
    ),
    security(("client" = []), ())
)]
pub async fn revoke_token(
    State(service): State<Service>,
    request: OAuthRequest,
) -> Result<impl IntoResponse, OAuthError> {
    let presented = request.client()?;
    let (id, secret) = (&presented.client_id, &presented.client_secret);
    let client = service.authenticate_client(&request.caller, id, secret).await;
    let client = client.map_err(refusal)?;
    let revoked = service.revoke_access_token(&request.caller, &client, request.token()?);
    revoked.await.map_err(refusal)?;
    Ok(NO_STORE)
}

/// Counts the request among the revocations with the same credentials, from before the body is read until the response.
/// Requests with credentials in the body are counted once those are known.
pub async fn take_place_to_revoke(State(service): State<Service>, request: Request, next: Next) -> Response {
    if request.uri().path() != PATH {
        return next.run(request).await;
    }
    let credentials = request.headers().get(header::AUTHORIZATION);
    let place = credentials.map(|credentials| service.enter_revocation(credentials.as_bytes()));
    match place.transpose() {
        Ok(_place) => next.run(request).await,
        Err(failure) => refusal(failure).into_response(),
    }
}
