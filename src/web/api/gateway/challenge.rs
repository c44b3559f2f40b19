//! The refusals of the gate: 401 or 403 with the reason and the challenge of RFC 6750 §3; or, if so configured, 503
//! while nothing can be decided.

use std::any::Any;
use std::fmt::Display;
use std::str::FromStr;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use gatebook_aggregates::api_permission::Access;
use gatebook_aggregates::gate::Verdict;

use crate::application::GatewayUnavailable;
use crate::web::error::RETRY_UNAVAILABLE_AFTER;
use crate::web::request_context;
use crate::web::request_id::current_request_id;

const REASON: HeaderName = HeaderName::from_static("x-reason");

const INVALID_TOKEN: &str = r#"Bearer realm="gatebook", error="invalid_token""#;
const INSUFFICIENT_SCOPE: &str = r#"Bearer realm="gatebook", error="insufficient_scope""#;
const NEEDS_READ: &str = r#"Bearer realm="gatebook", error="insufficient_scope", scope="read""#;
const NEEDS_WRITE: &str = r#"Bearer realm="gatebook", error="insufficient_scope", scope="write""#;
const INVALID_REQUEST: &str = r#"Bearer realm="gatebook", error="invalid_request""#;
const UNAVAILABLE: &str = "unavailable";
const CHALLENGE: &str = r#"Bearer realm="gatebook""#;

/// The response for a refusal. `access` is the requested access, `unavailable` the response when nothing can be
/// decided.
pub fn refused(verdict: Verdict, access: Option<&str>, unavailable: GatewayUnavailable) -> Response {
    let (status, challenge) = match verdict {
        Verdict::TokenMissing => (StatusCode::UNAUTHORIZED, CHALLENGE),
        Verdict::TokenMalformed
        | Verdict::TokenInvalid
        | Verdict::TokenExpired
        | Verdict::TokenRevoked
        | Verdict::SecretRetired
        | Verdict::AppSuspended
        | Verdict::AppRevoked
        | Verdict::AppExpired => (StatusCode::UNAUTHORIZED, INVALID_TOKEN),
        Verdict::GroupNotOnPlan | Verdict::EntityMissing | Verdict::EntityNotAssigned => {
            (StatusCode::FORBIDDEN, INSUFFICIENT_SCOPE)
        }
        Verdict::AccessNotPermitted => (StatusCode::FORBIDDEN, needed(access)),
        Verdict::Unavailable => return refused_unread(&"an event cannot be read", unavailable),
        // Not a refusal, but without an application there is nobody to let pass.
        Verdict::Ok => return refused_unread(&"the gate opened for no application", GatewayUnavailable::Forbidden),
    };
    response(status, verdict.code(), challenge)
}

/// B02, B08: more than one `Authorization` header. The status is 401, because gateways do not understand 400.
pub fn refused_for_several_tokens() -> Response {
    let reason = Verdict::TokenMalformed.code();
    response(StatusCode::UNAUTHORIZED, reason, INVALID_REQUEST)
}

/// With `--gateway-auth required`: the gateway is not a resource server. The response must not blame the caller's
/// token.
pub fn refused_principal() -> Response {
    tracing::warn!(
        request_id = current_request_id(),
        "the gate was called without a resource server's credentials"
    );
    response(StatusCode::FORBIDDEN, "gateway_not_authorized", CHALLENGE)
}

/// R26: without a decision, the call is refused.
pub fn refused_unread(why: &dyn Display, unavailable: GatewayUnavailable) -> Response {
    tracing::warn!(%why, request_id = current_request_id(), "the gate could not decide on a call");
    match unavailable {
        GatewayUnavailable::Forbidden => response(StatusCode::FORBIDDEN, UNAVAILABLE, CHALLENGE),
        GatewayUnavailable::ServiceUnavailable => {
            let headers = [
                (REASON, HeaderValue::from_static(UNAVAILABLE)),
                (RETRY_AFTER, HeaderValue::from(RETRY_UNAVAILABLE_AFTER)),
            ];
            (StatusCode::SERVICE_UNAVAILABLE, headers).into_response()
        }
    }
}

/// A bug must not open the gate either, and gateways do not understand 500.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let _logged = request_context::panicked(panic);
    response(StatusCode::FORBIDDEN, UNAVAILABLE, CHALLENGE)
}

fn needed(access: Option<&str>) -> &'static str {
    match access.map(Access::from_str) {
        Some(Ok(Access::Read)) => NEEDS_READ,
        Some(Ok(Access::Write)) => NEEDS_WRITE,
        Some(Err(_)) | None => INSUFFICIENT_SCOPE,
    }
}

fn response(status: StatusCode, reason: &'static str, challenge: &'static str) -> Response {
    let headers = [
        (REASON, HeaderValue::from_static(reason)),
        (WWW_AUTHENTICATE, HeaderValue::from_static(challenge)),
    ];
    (status, headers).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::IntoEnumIterator;

    use super::*;

    fn message(response: &Response) -> (u16, &str, &str) {
        let header = |name: HeaderName| response.headers().get(name).unwrap().to_str().unwrap();
        (response.status().as_u16(), header(REASON), header(WWW_AUTHENTICATE))
    }

    /// The texts are literals, and repeat the reasons by hand.
    #[test]
    fn every_reason_is_described_in_the_openapi_document_where_it_is_answered() {
        let document = serde_json::to_value(crate::web::document()).unwrap();
        let authorize = document["paths"]["/gateway/authorize"]["get"]["responses"]
            .as_object()
            .unwrap();
        let verify = &document["components"]["schemas"]["GateResult"]["properties"]["reason"]["description"];
        for verdict in Verdict::iter() {
            let code = format!("`{}`", verdict.code());
            assert!(
                verify.as_str().unwrap().contains(&code),
                "{code} is missing from /gateway/verify"
            );
            let answered: BTreeSet<_> = match verdict {
                Verdict::Ok => continue,
                refusal => [GatewayUnavailable::Forbidden, GatewayUnavailable::ServiceUnavailable]
                    .map(|unavailable| refused(refusal, None, unavailable).status().as_str().to_owned())
                    .into(),
            };
            let described = authorize.iter().filter(|(_, response)| {
                let text = response["description"].as_str().unwrap();
                text.contains(&code)
            });
            let described: BTreeSet<_> = described.map(|(status, _)| status.clone()).collect();
            assert_eq!(described, answered, "{code} at /gateway/authorize");
        }
    }

    #[test]
    fn b05_without_credentials_the_challenge_has_no_error() {
        let response = refused(Verdict::TokenMissing, None, GatewayUnavailable::Forbidden);
        assert_eq!(message(&response), (401, "token_missing", CHALLENGE));
    }

    #[test]
    fn b06_a_dead_token_is_an_invalid_one() {
        for verdict in [
            Verdict::TokenMalformed,
            Verdict::TokenInvalid,
            Verdict::TokenExpired,
            Verdict::TokenRevoked,
            Verdict::SecretRetired,
            Verdict::AppSuspended,
            Verdict::AppRevoked,
            Verdict::AppExpired,
        ] {
            let response = refused(verdict, Some("read"), GatewayUnavailable::Forbidden);
            assert_eq!(message(&response), (401, verdict.code(), INVALID_TOKEN));
        }
    }

    #[test]
    fn b07_who_may_not_learns_which_scope_would_do() {
        let refused = |access| refused(Verdict::AccessNotPermitted, access, GatewayUnavailable::Forbidden);
        let reason = "access_not_permitted";
        assert_eq!(message(&refused(Some("write"))), (403, reason, NEEDS_WRITE));
        assert_eq!(message(&refused(Some("read"))), (403, reason, NEEDS_READ));
        assert_eq!(message(&refused(Some("\"x"))), (403, reason, INSUFFICIENT_SCOPE));
        assert_eq!(message(&refused(None)), (403, reason, INSUFFICIENT_SCOPE));
    }

    #[test]
    fn b08_two_tokens_are_answered_401_because_gateways_do_not_understand_400() {
        let response = refused_for_several_tokens();
        assert_eq!(message(&response), (401, "token_malformed", INVALID_REQUEST));
    }

    #[test]
    fn r26_what_cannot_be_decided_is_refused() {
        let response = refused_unread(&"gone", GatewayUnavailable::Forbidden);
        assert_eq!(message(&response), (403, "unavailable", CHALLENGE));
        let response = refused_unread(&"gone", GatewayUnavailable::ServiceUnavailable);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[REASON], "unavailable");
        assert_eq!(response.headers()[RETRY_AFTER], "2");
    }

    #[test]
    fn r26_a_bug_is_a_refusal_that_gateways_understand() {
        let response = panicked(Box::new("a bug"));
        assert_eq!(message(&response), (403, "unavailable", CHALLENGE));
    }
}
