//! `GET /gateway/authorize`: R25, for nginx's `auth_request` and similar proxies.

use std::fmt::Display;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, InvalidHeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use gatebook_aggregates::gate::Verdict;
use gatebook_projections::token_gate::TokenGateRow;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;
use uuid::Uuid;

use crate::application::{AskedBy, GateAnswer, GateQuestion, Gatebook};
use crate::oauth::{BearerProblem, bearer_token};
use crate::store::StoreError;
use crate::web::api::gateway::challenge::{refused, refused_for_several_tokens, refused_principal, refused_unread};
use crate::web::api::gateway::gateway_credentials::{NotAdmitted, admitted};
use crate::web::request_context::RequestContext;
use crate::web::service::Service;

const APP_ID: HeaderName = HeaderName::from_static("x-app-id");
const APP_NAME: HeaderName = HeaderName::from_static("x-app-name");
const GROUP_ID: HeaderName = HeaderName::from_static("x-group-id");
const ENTITY_ID: HeaderName = HeaderName::from_static("x-entity-id");
const API_ACCESS: HeaderName = HeaderName::from_static("x-api-access");

/// Replaces a header that is repeated or cannot be read. It is not a valid entity id, access or token, so the call is
/// refused.
const UNCLEAR: &str = "?";

/// Authorize a call
///
/// For `auth_request` of nginx, `forward_auth` and the like. Answers 200, 401 or 403 and nothing else, whatever the
/// method, the query and what follows in the path (`/gateway/authorize/anything`, as Envoy asks), and also when the
/// database cannot be reached: 403 with `X-Reason: unavailable`, or 503 where `--gateway-unavailable 503` asks for it.
/// A body is never read; where one is announced, the connection is closed after the answer. Only what HTTP itself
/// cannot take is answered bare: more than 100 header lines (431), an address over 64 KB (414), a broken head (400).
///
/// With `--gateway-auth required`, only resource servers may call this. They send their credentials as
/// `X-Gateway-Authorization: Basic …`; the gateway must set this header last.
///
/// The gateway must overwrite whatever its caller sent in the headers of the answer. A repeated header is refused.
#[utoipa::path(
    get,
    path = "/gateway/authorize",
    tag = "Gateways",
    params(
        ("X-Entity-Id" = String, Header, description = "The id of the entity that the call is about."),
        ("X-Api-Access" = String, Header, description = "The kind of access: `read` or `write`."),
        ("X-Gateway-Authorization" = Option<String>, Header, description = "The credentials of a resource server, as \
                                                                            `Basic …`. Required with `--gateway-auth \
                                                                            required`."),
    ),
    responses(
        (status = 200, description = "The call may pass.", headers(
            ("X-App-Id" = String, description = "The application's id."),
            ("X-App-Name" = String, description = "The application's name in UTF-8, percent-encoded (RFC 3986), except \
                                                   for ASCII letters, digits, `-`, `.`, `_` and `~`."),
            ("X-Group-Id" = String, description = "The group's id."),
            ("X-Entity-Id" = String, description = "The entity's id, as in the request."),
        )),
        (status = 401, description = "The token is not valid: `token_missing`, `token_malformed`, `token_invalid`, \
                                      `token_expired`, `token_revoked`, `secret_retired`, `app_suspended`, \
                                      `app_revoked`.", headers(
            ("X-Reason" = String, description = "The first reason that applies."),
            ("WWW-Authenticate" = String, description = "A Bearer challenge (RFC 6750)."),
        )),
        (status = 403, description = "The token does not allow this call: `group_not_on_plan`, `entity_missing`, \
                                      `entity_not_assigned`, `access_not_permitted`; `gateway_not_authorized`: the \
                                      gateway is not a resource server; or `unavailable`: it cannot be decided at the \
                                      moment.", headers(
            ("X-Reason" = String, description = "The first reason that applies."),
            ("WWW-Authenticate" = String, description = "A Bearer challenge (RFC 6750)."),
        )),
        (status = 503, description = "Only with `--gateway-unavailable 503`: `unavailable`.", headers(
            ("X-Reason" = String, description = "`unavailable`."),
            ("Retry-After" = u64, description = "The number of seconds after which to ask again."),
        )),
    ),
    security(("access_token" = []), ())
)]
pub async fn authorize(
    State(service): State<Service>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Response {
    // Taken apart and not extracted: an extractor copies all headers.
    let (Parts { headers, .. }, _) = request.into_parts();
    let unread = |why: &dyn Display| refused_unread(why, service.settings.gateway.unavailable);
    match admitted(&service, &context, &headers).await {
        Ok(gateway) => {
            let asked_by = AskedBy {
                request_id: &context.request_id,
                gateway: match &gateway {
                    Some(resource_server) => resource_server,
                    None => &context.ip_address,
                },
            };
            let answer = answer(&service, &headers, asked_by).await;
            answer.unwrap_or_else(|error| unread(&error))
        }
        Err(NotAdmitted::NotAuthorized) => refused_principal(),
        Err(NotAdmitted::Undecided(failure)) => unread(&failure),
    }
}

/// The gate's decision about the token, entity and access in these headers.
async fn answer(service: &Gatebook, headers: &HeaderMap, asked_by: AskedBy<'_>) -> Result<Response, Undecided> {
    let token = match presented_token(headers) {
        Ok(token) => token,
        Err(BearerProblem::SeveralHeaders) => return Ok(refused_for_several_tokens()),
        Err(BearerProblem::OtherScheme) => None,
        Err(BearerProblem::Malformed) => Some(UNCLEAR),
    };
    let (entity, access) = (only(headers, &ENTITY_ID), only(headers, &API_ACCESS));
    let question = GateQuestion {
        token,
        entity,
        access,
        asked_by,
    };
    match service.check_gate(&question).await? {
        GateAnswer {
            verdict: Verdict::Ok,
            facts: Some(facts),
        } => Ok(passed(&facts.app, headers.get(&ENTITY_ID))?),
        answer => Ok(refused(answer.verdict, access, service.settings.gateway.unavailable)),
    }
}

/// Why there is no verdict, or why it cannot be sent.
#[derive(Debug, Error)]
enum Undecided {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a value for the service behind the gateway does not fit into a header: {0}")]
    Unspeakable(#[from] InvalidHeaderValue),
}

/// RFC 6750 §3.1: credentials of another scheme count as none.
fn presented_token(headers: &HeaderMap) -> Result<Option<&str>, BearerProblem> {
    let mut values = headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    match (values.next(), values.next()) {
        (None, _) => bearer_token(&[]),
        (Some(one), None) => bearer_token(&[one]),
        (Some(one), Some(other)) => bearer_token(&[one, other]),
    }
}

/// The value of a header that must not be repeated.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => None,
        (Some(value), None) => Some(value.to_str().unwrap_or(UNCLEAR)),
        (Some(_), Some(_)) => Some(UNCLEAR),
    }
}

/// The headers for the service behind the gateway. If a value does not fit into a header, the call is refused.
fn passed(app: &TokenGateRow, entity: Option<&HeaderValue>) -> Result<Response, InvalidHeaderValue> {
    let app_id = app.app_id.uuid().hyphenated();
    let said = [
        (
            APP_ID,
            HeaderValue::from_str(app_id.encode_lower(&mut Uuid::encode_buffer()))?,
        ),
        (APP_NAME, HeaderValue::try_from(percent_encoded(app.name.as_str()))?),
        (GROUP_ID, HeaderValue::from_str(app.group_id.as_str())?),
        (ENTITY_ID, entity.cloned().unwrap_or(HeaderValue::from_static(""))),
    ];
    // With room for what is said of every answer.
    let mut headers = HeaderMap::with_capacity(12);
    for (name, value) in said {
        headers.insert(name, value);
    }
    Ok((StatusCode::OK, headers).into_response())
}

/// RFC 3986 §2.3: what is not encoded.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// RFC 3986 §2.5: UTF-8, each byte that is not unreserved as `%XX`.
fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_any_script_fits_into_a_header() {
        assert_eq!(percent_encoded("Payroll Bridge"), "Payroll%20Bridge");
        assert_eq!(percent_encoded("50% + *~._-"), "50%25%20%2B%20%2A~._-");
        assert_eq!(percent_encoded("Löhne €"), "L%C3%B6hne%20%E2%82%AC");
        assert!(HeaderValue::try_from(percent_encoded("👩\u{200D}💻")).is_ok());
    }

    #[test]
    fn a_header_that_comes_twice_opens_nothing() {
        let mut headers = HeaderMap::new();
        assert_eq!(only(&headers, &ENTITY_ID), None);
        headers.append(ENTITY_ID, HeaderValue::from_static("berlin"));
        assert_eq!(only(&headers, &ENTITY_ID), Some("berlin"));
        headers.append(ENTITY_ID, HeaderValue::from_static("berlin"));
        assert_eq!(only(&headers, &ENTITY_ID), Some(UNCLEAR));
    }
}
