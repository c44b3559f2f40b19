//! A request to an OAuth endpoint: a form and its sender.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode, header};

use crate::application::Caller;
use crate::oauth::{FormBody, OAuthError, PresentedClient, description};
use crate::web::api::oauth::refusal::server_error;
use crate::web::extract::Anyone;
use crate::web::service::Service;
use crate::web::unread_encoding;

/// A request with a readable form. It may hold secrets, so it has no `Debug`.
pub struct OAuthRequest {
    /// Where it came from.
    pub caller: Caller,
    /// The parameters.
    pub form: FormBody,
    headers: HeaderMap,
}

impl OAuthRequest {
    /// The client's credentials, as presented (T09-T18).
    pub fn client(&self) -> Result<PresentedClient, OAuthError> {
        let values = self.headers.get_all(header::AUTHORIZATION).iter();
        let authorization: Vec<&[u8]> = values.map(|value| value.as_bytes()).collect();
        PresentedClient::from_request(&authorization, &self.form)
    }

    /// The parameter `token` (I01, R01).
    pub fn token(&self) -> Result<&str, OAuthError> {
        let missing = OAuthError::invalid_request(description::TOKEN_MISSING);
        self.form.get("token").ok_or(missing)
    }
}

impl FromRequest<Service> for OAuthRequest {
    type Rejection = OAuthError;

    async fn from_request(request: Request, service: &Service) -> Result<Self, OAuthError> {
        let (mut parts, body) = request.into_parts();
        let anyone = Anyone::from_request_parts(&mut parts, service).await;
        let Anyone(caller) = anyone.map_err(|problem| server_error(&problem.detail))?;
        let headers = parts.headers.clone();
        if unread_encoding(&headers).is_some() {
            return Err(OAuthError::body_encoded());
        }
        let query = parts.uri.query().map(str::to_owned);
        let body = Bytes::from_request(Request::from_parts(parts, body), service).await;
        let body = body.map_err(|rejection| unreadable(rejection.status()))?;
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let form = FormBody::parse(content_type, query.as_deref(), &body)?;
        Ok(Self { caller, form, headers })
    }
}

/// The body is too large or incomplete. In the latter case, nobody reads the response.
fn unreadable(status: StatusCode) -> OAuthError {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => OAuthError::body_too_large(),
        _ => OAuthError::invalid_request(description::NOT_A_FORM),
    }
}
