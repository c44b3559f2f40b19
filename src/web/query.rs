//! Checks queries: parameters that are not UTF-8 are refused, and so are, in the JSON APIs, parameters of calls that
//! have none, so that nobody believes they have an effect.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, ParameterIn};

use crate::web::error::Problem;
use crate::web::field_problems::unknown;

/// Paths of the APIs that refuse unknown parameters. OAuth must ignore them (RFC 6749 §3.2), and gateways may add some.
const STRICT: [&str; 3] = ["/api/v1/", "/portal/api/v1/", "/operator/api/v1/"];

/// The calls without query parameters. Calls with parameters refuse unknown ones themselves.
pub struct WithoutQuery(BTreeSet<(Method, String)>);

impl WithoutQuery {
    /// The calls without query parameters in this document.
    pub fn of(document: &OpenApi) -> Self {
        let mut calls = BTreeSet::new();
        let strict = |path: &str| STRICT.iter().any(|start| path.starts_with(start));
        for (path, item) in document.paths.paths.iter().filter(|(path, _)| strict(path)) {
            let operations = [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ];
            let without = operations
                .into_iter()
                .filter(|(_, operation)| operation.as_ref().is_some_and(takes_none));
            calls.extend(without.map(|(method, _)| (method, path.clone())));
        }
        Self(calls)
    }
}

fn takes_none(operation: &Operation) -> bool {
    let parameters = operation.parameters.iter().flatten();
    !parameters
        .into_iter()
        .any(|parameter| parameter.parameter_in == ParameterIn::Query)
}

/// Refuses the first query parameter of a call that has none.
pub async fn refuse_query(State(calls): State<Arc<WithoutQuery>>, request: Request, next: Next) -> Response {
    match surplus(&calls, &request) {
        Some(parameter) => unknown(&parameter).into_response(),
        None => next.run(request).await,
    }
}

fn surplus(WithoutQuery(calls): &WithoutQuery, request: &Request) -> Option<String> {
    let query = request.uri().query()?;
    let route = request.extensions().get::<MatchedPath>()?.as_str().to_owned();
    if !calls.contains(&(request.method().clone(), route)) {
        return None;
    }
    let (parameter, _) = form_urlencoded::parse(query.as_bytes()).next()?;
    Some(parameter.into_owned())
}

/// The first parameter of a query or form whose decoded name or value is not UTF-8.
pub fn not_utf8(pairs: &[u8]) -> Option<String> {
    let is_text = |part: &[u8]| percent_decode(part).decode_utf8().is_ok();
    pairs.split(|byte| *byte == b'&').find_map(|pair| {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let known = percent_decode(name).decode_utf8_lossy().into_owned();
        (!is_text(name) || !is_text(value)).then_some(known)
    })
}

/// The problem for such a parameter.
pub fn no_text(parameter: &str) -> Problem {
    let message = format!("“{parameter}” is not UTF-8. Percent-encode it as UTF-8: é is %C3%A9.");
    Problem::field(parameter, "invalid_utf8", &message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_named() {
        for (query, parameter) in [
            ("name=%FF", "name"),
            ("limit=1&name=%C3%A9&sort=%C3", "sort"),
            ("name=caf%E9", "name"),
            ("%FF=a", "\u{fffd}"),
        ] {
            assert_eq!(not_utf8(query.as_bytes()).as_deref(), Some(parameter), "{query}");
        }
        assert_eq!(not_utf8(b"name=\xFF").as_deref(), Some("name"));
        for text in ["", "name=caf%C3%A9", "name=100%", "name=%zz", "a=b=c&&=", "name=+"] {
            assert_eq!(not_utf8(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn every_call_that_refuses_a_query_is_described_with_that_refusal() {
        let document = crate::web::document();
        let WithoutQuery(calls) = WithoutQuery::of(&document);
        assert!(calls.contains(&(Method::POST, "/api/v1/integration-apps/{id}/suspend".to_owned())));
        assert!(!calls.contains(&(Method::GET, "/api/v1/integration-apps".to_owned())));
        for (method, path) in calls {
            let item = &document.paths.paths[&path];
            let operation = match method {
                Method::GET => &item.get,
                Method::PUT => &item.put,
                Method::POST => &item.post,
                Method::PATCH => &item.patch,
                _ => &item.delete,
            };
            let responses = &operation.as_ref().unwrap().responses.responses;
            assert!(responses.contains_key("422"), "{method} {path}");
        }
    }
}
