//! `GET /gateway/authorize`: R25, for nginx `auth_request` and its kin.

use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use gatebook_aggregates::gate::Verdict;
use gatebook_projections::token_gate::TokenGateRow;

use super::challenge::{refused, refused_for_several_tokens, refused_unread};
use crate::application::{GateAnswer, GateQuestion};
use crate::http::extract::App;
use crate::oauth::wire::{BearerProblem, bearer_token};

const APP_ID: HeaderName = HeaderName::from_static("x-app-id");
const APP_NAME: HeaderName = HeaderName::from_static("x-app-name");
const GROUP_ID: HeaderName = HeaderName::from_static("x-group-id");
const ENTITY_ID: HeaderName = HeaderName::from_static("x-entity-id");
const API_ACCESS: HeaderName = HeaderName::from_static("x-api-access");

/// Stands for a header that comes twice or cannot be read. It is no entity's id, no access and no token, so it opens
/// nothing.
const UNCLEAR: &str = "?";

/// May this call pass?
///
/// For `auth_request` of nginx, `forward_auth` and their kin. Answers 200, 401 or 403 and nothing else, whatever the
/// method and also when the database cannot be reached (403 with `X-Reason: unavailable`). The gateway has to replace
/// whatever the caller sent under the names of the answer's headers.
///
/// A header that comes twice is refused.
#[utoipa::path(
    get,
    path = "/gateway/authorize",
    tag = "Gateways",
    params(
        ("X-Entity-Id" = String, Header, description = "The entity that the call is about."),
        ("X-Api-Access" = String, Header, description = "What the call does: `read` or `write`."),
    ),
    responses(
        (status = 200, description = "It may pass.", headers(
            ("X-App-Id" = String, description = "The application's id."),
            ("X-App-Name" = String, description = "The application's name in UTF-8, percent-encoded (RFC 3986): all but letters, digits, `-`, `.`, `_` and `~` of ASCII."),
            ("X-Group-Id" = String, description = "The group's id."),
            ("X-Entity-Id" = String, description = "The entity's id, as asked."),
        )),
        (status = 401, description = "The token opens nothing: `token_missing`, `token_malformed`, `token_invalid`, `token_expired`, `token_revoked`, `secret_retired`, `app_suspended`, `app_revoked`.", headers(
            ("X-Reason" = String, description = "The first reason that holds."),
            ("WWW-Authenticate" = String, description = "A Bearer challenge (RFC 6750)."),
        )),
        (status = 403, description = "The token does not open this: `group_not_on_plan`, `entity_missing`, `entity_not_assigned`, `access_not_permitted`; or `unavailable`: it cannot be decided at the moment.", headers(
            ("X-Reason" = String, description = "The first reason that holds."),
            ("WWW-Authenticate" = String, description = "A Bearer challenge (RFC 6750)."),
        )),
    ),
    security(("access_token" = []), ())
)]
pub async fn authorize(State(app): State<App>, headers: HeaderMap) -> Response {
    let token = match presented_token(&headers) {
        Ok(token) => token,
        Err(BearerProblem::SeveralHeaders) => return refused_for_several_tokens(),
        Err(BearerProblem::OtherScheme) => None,
        Err(BearerProblem::Malformed) => Some(UNCLEAR.to_owned()),
    };
    let (entity, access) = (only(&headers, &ENTITY_ID), only(&headers, &API_ACCESS));
    let question = GateQuestion {
        token: token.as_deref(),
        entity,
        access,
    };
    match app.check_gate(&question).await {
        Ok(GateAnswer {
            verdict: Verdict::Ok,
            facts: Some(facts),
        }) => passed(&facts.app, entity),
        Ok(answer) => refused(answer.verdict, access),
        Err(error) => refused_unread(&error),
    }
}

/// RFC 6750 §3.1: credentials of another scheme are as good as none.
fn presented_token(headers: &HeaderMap) -> Result<Option<String>, BearerProblem> {
    let values = headers.get_all(AUTHORIZATION).iter();
    let presented: Vec<&[u8]> = values.map(|value| value.as_bytes()).collect();
    bearer_token(&presented)
}

/// A header's one value.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => None,
        (Some(value), None) => Some(value.to_str().unwrap_or(UNCLEAR)),
        (Some(_), Some(_)) => Some(UNCLEAR),
    }
}

/// Who passes, for what stands behind the gateway. What cannot be said does not pass.
fn passed(app: &TokenGateRow, entity: Option<&str>) -> Response {
    let said = [
        (APP_ID, app.app_id.to_string()),
        (APP_NAME, percent_encoded(app.name.as_str())),
        (GROUP_ID, app.group_id.to_string()),
        (ENTITY_ID, entity.unwrap_or_default().to_owned()),
    ];
    let values = said.map(|(name, text)| (name, HeaderValue::try_from(text)));
    let mut headers = HeaderMap::new();
    for (name, value) in values {
        match value {
            Ok(value) => headers.insert(name, value),
            Err(error) => return refused_unread(&error),
        };
    }
    (StatusCode::OK, headers).into_response()
}

/// RFC 3986 §2.5: a space is `%20`; form encoding writes it as `+`, and a plus sign as `%2B`.
fn percent_encoded(text: &str) -> String {
    let form: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    form.replace('+', "%20").replace('*', "%2A").replace("%7E", "~")
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
