//! The extractors of handlers: the caller, and the parts of the request. Invalid requests are refused here.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use gatebook_aggregates::identifiers::{AppId, SessionId};
use serde::de::DeserializeOwned;

use crate::application::{Caller, IdempotencyKey, Wanted};
use crate::log::VersionCondition;
use crate::oauth::bearer_token;
use crate::web::error::Problem;
use crate::web::field_problems::{duplicate, duplicate_field, unknown, unknown_field};
pub use crate::web::json_body::JsonBody;
use crate::web::query::{no_text, not_utf8};
use crate::web::request_context::RequestContext;
use crate::web::service::Service;

/// A caller without credentials.
pub struct Anyone(pub Caller);

/// The caller's `User-Agent`; empty if there is none.
pub struct Device(pub String);

impl FromRequestParts<Service> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Infallible> {
        let name = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|name| name.to_str().ok());
        Ok(Self(name.unwrap_or_default().to_owned()))
    }
}

/// A group user, authenticated by a token.
pub struct Admin(pub Caller);

/// An operator, authenticated by a token.
pub struct Operator(pub Caller);

/// A developer, authenticated by a session.
pub struct AuthenticatedDeveloper {
    /// The caller, who is the developer.
    pub caller: Caller,
    /// The session that they called with.
    pub session_id: SessionId,
}

impl FromRequestParts<Service> for Anyone {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Problem> {
        let context = parts.extensions.get::<RequestContext>().cloned().unwrap_or_default();
        Ok(Self(Caller {
            wants: wanted(parts),
            ..context.caller()
        }))
    }
}

fn wanted(parts: &Parts) -> Wanted {
    if parts.method == Method::HEAD {
        Wanted::HeadersOnly
    } else if parts.headers.contains_key(header::RANGE) {
        Wanted::Part
    } else {
        Wanted::Whole
    }
}

impl FromRequestParts<Service> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let Anyone(caller) = Anyone::from_request_parts(parts, service).await?;
        Ok(Self(
            service.authenticate_user(&caller, &bearer(&parts.headers)?).await?,
        ))
    }
}

impl FromRequestParts<Service> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let Anyone(caller) = Anyone::from_request_parts(parts, service).await?;
        Ok(Self(
            service.authenticate_operator(&caller, &bearer(&parts.headers)?).await?,
        ))
    }
}

impl FromRequestParts<Service> for AuthenticatedDeveloper {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let Anyone(caller) = Anyone::from_request_parts(parts, service).await?;
        let (caller, session_id) = service
            .authenticate_developer(&caller, &bearer(&parts.headers)?)
            .await?;
        Ok(Self { caller, session_id })
    }
}

/// The bearer token of a request.
fn bearer(headers: &HeaderMap) -> Result<String, Problem> {
    let presented: Vec<&[u8]> = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .map(|value| value.as_bytes())
        .collect();
    bearer_token(&presented)
        .ok()
        .flatten()
        .map(str::to_owned)
        .ok_or_else(Problem::unauthenticated)
}

/// The query parameters. The type's `deny_unknown_fields` makes unknown ones an error.
pub struct QueryOf<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Service> for QueryOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        if let Some(name) = not_utf8(query.as_bytes()) {
            return Err(no_text(&name));
        }
        let Query(value) = Query::<T>::try_from_uri(&parts.uri).map_err(|rejection| {
            let text = rejection.body_text();
            match (unknown_field(&text), duplicate_field(&text)) {
                (Some(field), _) => unknown(&field),
                (_, Some(field)) => duplicate(&field),
                _ => Problem::field("query", "invalid_query", "A query parameter could not be read."),
            }
        })?;
        Ok(Self(value))
    }
}

/// The parameters of the path. Malformed ones are answered like missing resources.
pub struct PathOf<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Service> for PathOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, service).await;
        path.map(|Path(value)| Self(value)).map_err(|_| Problem::not_found())
    }
}

/// An application's id in the path, alone or as the first of several.
pub fn app_id(text: &str) -> Result<AppId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// The versions in `If-Match`, one of which has to match (RFC 9110 §13.1.1); any version if the header is missing or
/// `*`.
pub struct IfMatch(pub VersionCondition);

impl FromRequestParts<Service> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Problem> {
        Ok(Self(if_match(&parts.headers)))
    }
}

fn if_match(headers: &HeaderMap) -> VersionCondition {
    let mut values = headers.get_all(header::IF_MATCH).iter().peekable();
    if values.peek().is_none() {
        return VersionCondition::Any;
    }
    let values: Vec<_> = values.map(|value| value.to_str().unwrap_or_default()).collect();
    let members: Vec<_> = values
        .iter()
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    if members.contains(&"*") {
        return VersionCondition::Any;
    }
    VersionCondition::OneOf(members.into_iter().filter_map(version).collect())
}

/// The version in an ETag that has exactly our format. Anything else cannot match. Weak ETags are accepted, because
/// compressing proxies make them of ours.
fn version(etag: &str) -> Option<i64> {
    let etag = etag.strip_prefix("W/").unwrap_or(etag);
    let digits = etag.strip_prefix('"')?.strip_suffix('"')?;
    let version = digits.parse().ok()?;
    (i64::to_string(&version) == digits).then_some(version)
}

/// The longest `Idempotency-Key`, in bytes.
const IDEMPOTENCY_KEY_MAX: usize = 255;

/// The `Idempotency-Key` of a request, if there is one.
pub fn idempotency_key(
    caller: &Caller,
    parts: &RequestLine,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    // HTTP strips spaces around a value, so a key of spaces is empty.
    let well_formed =
        |key: &&str| (1..=IDEMPOTENCY_KEY_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    match value.to_str().ok().filter(well_formed) {
        Some(key) if values.next().is_none() => Ok(Some(caller.idempotency_key(key, &parts.method, &parts.path, body))),
        _ => {
            let message = "Send one Idempotency-Key of 1 to 255 visible ASCII characters without spaces, for example a \
                           new UUID for each request.";
            Err(Problem::field("Idempotency-Key", "invalid_idempotency_key", message))
        }
    }
}

/// Method and path of a request.
pub struct RequestLine {
    /// The HTTP method.
    pub method: String,
    /// The path, including the query.
    pub path: String,
}

impl FromRequestParts<Service> for RequestLine {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Problem> {
        let path = parts
            .uri
            .path_and_query()
            .map(|path| path.as_str().to_owned())
            .unwrap_or_default();
        Ok(Self {
            method: parts.method.to_string(),
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version_condition(values: &[&str]) -> VersionCondition {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, value.parse().unwrap());
        }
        if_match(&headers)
    }

    #[test]
    fn any_member_of_if_match_suffices_rfc_9110_13_1_1() {
        assert_eq!(version_condition(&[]), VersionCondition::Any);
        assert_eq!(version_condition(&["*"]), VersionCondition::Any);
        assert_eq!(version_condition(&["\"3\""]), VersionCondition::OneOf(vec![3]));
        assert_eq!(
            version_condition(&["\"3\", \"4\" ,\"5\""]),
            VersionCondition::OneOf(vec![3, 4, 5])
        );
        assert_eq!(
            version_condition(&["\"3\"", "\"4\""]),
            VersionCondition::OneOf(vec![3, 4])
        );
        assert_eq!(
            version_condition(&["W/\"3\", \"x\", \"4\""]),
            VersionCondition::OneOf(vec![3, 4])
        );
    }

    #[test]
    fn what_is_no_etag_of_ours_matches_nothing() {
        for strange in [
            "",
            "3",
            "\"+3\"",
            "\"03\"",
            "\" 3\"",
            "\"3",
            "\"\"",
            "w/\"3\"",
            "W/3",
            "W/ \"3\"",
            "W/W/\"3\"",
            "\"3.0\"",
            ",",
        ] {
            assert_eq!(
                version_condition(&[strange]),
                VersionCondition::OneOf(Vec::new()),
                "{strange}"
            );
        }
    }
}
