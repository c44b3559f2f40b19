//! `POST /oauth/token`: R24, RFC 6749 §4.4.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use crate::application::{AuthenticatedClient, Gatebook};
use crate::oauth::{FormBody, OAuthError, Scopes, description};
use crate::web::api::oauth::answers::{FormRefusals, NO_STORE, OAuthRefusal, TokenAnswer, TokenRequest};
use crate::web::api::oauth::refusal::refusal;
use crate::web::api::oauth::request::OAuthRequest;
use crate::web::service::Service;

/// Issue an access token
///
/// The client credentials grant of OAuth 2.0 (RFC 6749 §4.4). Authenticate by HTTP Basic with `client_id` and
/// `client_secret`; sending them in the body also works, but is not recommended. A token is valid for an hour, and
/// there are no refresh tokens. Client ids have 24 characters, client secrets 53.
#[utoipa::path(
    post,
    path = "/oauth/token",
    tag = "Integrations",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token. It must not be cached.", body = TokenAnswer),
        (status = 400, description = "`invalid_request`, `unsupported_grant_type`, `invalid_scope`.", body = OAuthRefusal),
        FormRefusals,
    ),
    security(("client" = []), ())
)]
pub async fn issue_token(
    State(service): State<Service>,
    request: Result<OAuthRequest, OAuthError>,
) -> Result<impl IntoResponse, OAuthError> {
    let answer = match request {
        Ok(request) => answer(&service, &request).await,
        Err(unreadable) => Err(unreadable),
    };
    let answer = answer.inspect_err(|refused| service.metrics.token_refused(reason(refused)))?;
    Ok((NO_STORE, Json(answer)))
}

async fn answer(service: &Gatebook, request: &OAuthRequest) -> Result<TokenAnswer, OAuthError> {
    require_client_credentials_grant(&request.form)?;
    let presented = request.client()?;
    let (id, secret) = (&presented.client_id, &presented.client_secret);
    let client = service.authenticate_client(&request.caller, id, secret).await;
    let client = client.map_err(refusal)?;
    let issued = scopes(request, &client).and_then(|scopes| {
        let issued = service.issue_access_token(&client, scopes);
        issued.map_err(|error| refusal(error.into()))
    });
    let issued = issued.inspect_err(|_| service.count_token_refused(&client))?;
    Ok(TokenAnswer {
        access_token: issued.token,
        token_type: "Bearer",
        expires_in: issued.expires_in,
        scope: issued.scopes.to_string(),
    })
}

fn scopes(request: &OAuthRequest, client: &AuthenticatedClient) -> Result<Scopes, OAuthError> {
    let requested = request.form.get("scope").map(Scopes::parse).transpose()?;
    Scopes::granted(requested, client.allowed_scopes())
}

/// The label under which an error is counted. OAuth has no error code of its own for clients that have to slow down.
fn reason(refused: &OAuthError) -> &'static str {
    match refused.status {
        StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
        _ => refused.error,
    }
}

/// T04, T05: checked before the client's credentials, because it reveals nothing about them.
fn require_client_credentials_grant(form: &FormBody) -> Result<(), OAuthError> {
    match form.get("grant_type") {
        Some("client_credentials") => Ok(()),
        Some(_) => Err(OAuthError::unsupported_grant_type()),
        None => Err(OAuthError::invalid_request(description::GRANT_TYPE_MISSING)),
    }
}
