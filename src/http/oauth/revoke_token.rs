//! `POST /oauth/revoke`: RFC 7009.

use axum::extract::State;
use axum::response::IntoResponse;

use super::answers::{FormRefusals, NO_STORE, OAuthRefusal, PresentedToken};
use super::refusal::refusal;
use super::request::OAuthRequest;
use crate::http::extract::App;
use crate::oauth::wire::OAuthError;

/// Gives an access token back.
///
/// After the answer 200 the token opens nothing any more (RFC 7009). A token that is unknown, has ended, or belongs to
/// another application is answered 200 as well, and nothing happens: so nobody learns about tokens of others.
#[utoipa::path(
    post,
    path = "/oauth/revoke",
    tag = "Integrations",
    request_body(content = PresentedToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token opens nothing. The body is empty."),
        (status = 400, description = "`invalid_request`: `token` is missing, or the form is malformed.", body = OAuthRefusal),
        FormRefusals,
    ),
    security(("client" = []), ())
)]
pub async fn revoke_token(State(app): State<App>, request: OAuthRequest) -> Result<impl IntoResponse, OAuthError> {
    let presented = request.client()?;
    let (id, secret) = (&presented.client_id, &presented.client_secret);
    let client = app.authenticate_client(&request.caller, id, secret).await;
    let client = client.map_err(refusal)?;
    let revoked = app.revoke_access_token(&request.caller, &client, request.token()?);
    revoked.await.map_err(refusal)?;
    Ok(NO_STORE)
}
