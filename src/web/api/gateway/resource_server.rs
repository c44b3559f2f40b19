//! Authenticates gateways: they are resource servers with HTTP Basic credentials.

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::application::Mark;
use crate::oauth::{BASIC_CHALLENGE, BasicCredentials, basic_credentials};
use crate::web::error::Problem;
use crate::web::extract::Anyone;
use crate::web::service::Service;

/// An authenticated resource server.
pub struct AuthenticatedResourceServer {
    /// Its id.
    pub client_id: String,
    /// The end of the log when it was authenticated, which was after its request came. None while the log cannot be read up to
    /// there.
    pub as_of: Option<Mark>,
}

/// A problem with a challenge for Basic credentials.
pub struct BasicRequired(Problem);

impl FromRequestParts<Service> for AuthenticatedResourceServer {
    type Rejection = BasicRequired;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, BasicRequired> {
        let Anyone(caller) = Anyone::from_request_parts(parts, service)
            .await
            .map_err(BasicRequired)?;
        let presented = presented(&parts.headers, &AUTHORIZATION).ok_or(BasicRequired(Problem::unauthenticated()))?;
        let (id, secret) = (&presented.username, &presented.password);
        let authenticated = service.authenticate_resource_server_as_of(&caller, id, secret).await;
        let as_of = authenticated.map_err(|failure| BasicRequired(failure.into()))?;
        Ok(Self {
            client_id: presented.username,
            as_of,
        })
    }
}

/// The Basic credentials in this header, which must not be repeated. Ids have no control characters, and PostgreSQL
/// refuses NUL.
pub fn presented(headers: &HeaderMap, name: &HeaderName) -> Option<BasicCredentials> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let credentials = basic_credentials(value.as_bytes())?;
    let plain = !credentials.username.contains(char::is_control);
    plain.then_some(credentials)
}

impl IntoResponse for BasicRequired {
    fn into_response(self) -> Response {
        let Self(mut problem) = self;
        let unauthenticated = problem.status == StatusCode::UNAUTHORIZED.as_u16();
        if unauthenticated {
            "Send the resource server's client_id and client_secret as HTTP Basic credentials."
                .clone_into(&mut problem.detail);
        }
        let mut response = problem.into_response();
        if unauthenticated {
            let challenge = HeaderValue::from_static(BASIC_CHALLENGE);
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lacks_credentials_is_asked_for_basic_ones() {
        let response = BasicRequired(Problem::unauthenticated()).into_response();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[WWW_AUTHENTICATE], BASIC_CHALLENGE);
        let response = BasicRequired(Problem::not_found()).into_response();
        assert!(!response.headers().contains_key(WWW_AUTHENTICATE));
    }
}
