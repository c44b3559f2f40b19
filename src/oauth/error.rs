//! The errors of the OAuth endpoints (RFC 6749 §5.2).

use axum::Json;
use axum::http::header::{ALLOW, CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use thiserror::Error;

use crate::oauth::description;

/// The challenge in every 401 of the OAuth endpoints (RFC 6749 §5.2, RFC 7617 §2.1; T17, T18).
pub const BASIC_CHALLENGE: &str = r#"Basic realm="gatebook", charset="UTF-8""#;

/// An error of an OAuth endpoint. The response is JSON with `error` and `error_description`, and must not be cached
/// (RFC 6749 §5.2; T27, T28). It repeats nothing from the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{error}: {description}")]
pub struct OAuthError {
    /// The HTTP status.
    pub status: StatusCode,
    /// The error code, for programs.
    pub error: &'static str,
    /// The message for people; one of [`description::ALL`].
    pub description: &'static str,
    /// The number of seconds after which to try again.
    pub retry_after: Option<u64>,
}

impl OAuthError {
    /// 400: the request is malformed (RFC 6749 §5.2; T03, T04, T08, T14, T15, T16).
    pub const fn invalid_request(description: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// 401 with a Basic challenge: the client did not authenticate, whatever the reason (RFC 6749 §5.2; T17, T18, T19,
    /// T32, T35).
    pub const fn invalid_client() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description::CLIENT_UNKNOWN)
    }

    /// 400: a grant other than client credentials (RFC 6749 §5.2; T05).
    pub const fn unsupported_grant_type() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            description::GRANT_TYPE_UNSUPPORTED,
        )
    }

    /// 400: a scope that is unknown, malformed or not allowed (RFC 6749 §5.2; T21, T22).
    pub const fn invalid_scope(description: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_scope", description)
    }

    /// 400: the client is authenticated, but may not do this (RFC 6749 §5.2; T20).
    pub const fn unauthorized_client() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "unauthorized_client",
            description::CLIENT_NOT_ALLOWED,
        )
    }

    /// 503 with `Retry-After` in seconds: the database cannot be reached. It says nothing about the credentials, so
    /// that clients do not discard them (T34, R07).
    pub const fn temporarily_unavailable(retry_after: u64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                description::UNAVAILABLE,
            )
        }
    }

    /// 429 with `Retry-After` in seconds: too many failed attempts (RFC 6585 §4; T33). RFC 6749 has no code for it, so
    /// this uses `temporarily_unavailable` from §4.1.2.1.
    pub const fn slow_down(retry_after: u64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "temporarily_unavailable",
                description::SLOW_DOWN,
            )
        }
    }

    /// 405 with `Allow: POST` (RFC 6749 §3.2; T02, I01).
    pub const fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", description::USE_POST)
    }

    /// 413: the body is larger than this service reads.
    pub const fn body_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_request",
            description::BODY_TOO_LARGE,
        )
    }

    /// 415: the body is compressed, which is not supported.
    pub const fn body_encoded() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid_request",
            description::BODY_ENCODED,
        )
    }

    /// 500 with the code from RFC 6749 §4.1.2.1: the service failed, and trying again may not help (T28).
    pub const fn server_error() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", description::FAILED)
    }

    const fn new(status: StatusCode, error: &'static str, description: &'static str) -> Self {
        Self {
            status,
            error,
            description,
            retry_after: None,
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(BASIC_CHALLENGE));
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        let body = json!({"error": self.error, "error_description": self.description});
        (self.status, headers, Json(body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use serde_json::Value;

    const EVERY_REFUSAL: [OAuthError; 10] = [
        OAuthError::invalid_request(description::REPEATED_PARAMETER),
        OAuthError::invalid_client(),
        OAuthError::unsupported_grant_type(),
        OAuthError::invalid_scope(description::SCOPE_UNKNOWN),
        OAuthError::unauthorized_client(),
        OAuthError::temporarily_unavailable(5),
        OAuthError::slow_down(7),
        OAuthError::method_not_allowed(),
        OAuthError::body_too_large(),
        OAuthError::server_error(),
    ];

    fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn t27_no_refusal_may_be_kept_by_a_cache() {
        for refusal in EVERY_REFUSAL {
            let response = refusal.into_response();
            assert_eq!(header(&response, "cache-control"), Some("no-store"));
            assert_eq!(header(&response, "pragma"), Some("no-cache"));
        }
    }

    #[tokio::test]
    async fn t28_every_refusal_is_json_with_an_ascii_code_and_a_known_sentence() {
        for refusal in EVERY_REFUSAL {
            let response = refusal.into_response();
            assert_eq!(response.status(), refusal.status);
            assert_eq!(header(&response, "content-type"), Some("application/json"));
            let body = to_bytes(response.into_body(), 1024).await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(
                body,
                json!({"error": refusal.error, "error_description": refusal.description})
            );
            assert!(
                refusal
                    .error
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            );
            assert!(description::ALL.contains(&refusal.description));
        }
    }

    #[test]
    fn t17_t18_every_401_challenges_with_basic_and_nothing_else_does() {
        for refusal in EVERY_REFUSAL {
            let response = refusal.into_response();
            let challenge = (refusal.status == StatusCode::UNAUTHORIZED).then_some(BASIC_CHALLENGE);
            assert_eq!(header(&response, "www-authenticate"), challenge);
        }
        assert_eq!(OAuthError::invalid_client().status, StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn t02_another_method_is_told_which_one_works() {
        let response = OAuthError::method_not_allowed().into_response();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(header(&response, "allow"), Some("POST"));
    }

    #[test]
    fn t33_who_is_too_fast_gets_429_and_never_401() {
        let response = OAuthError::slow_down(7).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(header(&response, "retry-after"), Some("7"));
    }

    #[test]
    fn t34_an_unreachable_database_is_503_and_no_word_about_the_client() {
        let response = OAuthError::temporarily_unavailable(5).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(header(&response, "retry-after"), Some("5"));
    }

    #[test]
    fn t20_t21_t05_the_other_refusals_of_the_rfc_are_400() {
        for refusal in [
            OAuthError::unauthorized_client(),
            OAuthError::invalid_scope(description::SCOPE_EXCEEDED),
            OAuthError::unsupported_grant_type(),
        ] {
            assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
        }
    }
}
