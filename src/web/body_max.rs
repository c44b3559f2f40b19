//! How large a request body may be: 64 KiB, and 4 MiB on the calls that take lists of entities or of users. Forms have their
//! own limits, see `pages::form`.

use axum::extract::MatchedPath;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

/// The largest request body in bytes.
pub const BODY_MAX: usize = 64 * 1024;

/// The largest body of a call that takes long lists: 20,000 entities with the longest ids are 1.4 MB.
pub const LIST_BODY_MAX: usize = 4 * 1024 * 1024;

/// The calls that take long lists.
const TAKE_LISTS: [(Method, &str); 4] = [
    (Method::POST, "/api/v1/integration-apps"),
    (Method::PATCH, "/api/v1/integration-apps/{id}"),
    (Method::PUT, "/operator/api/v1/groups/{group_id}/entities"),
    (Method::PUT, "/operator/api/v1/groups/{group_id}/users"),
];

/// How large the body of this request may be.
pub fn body_max(parts: &Parts) -> usize {
    let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    let takes_lists = TAKE_LISTS
        .iter()
        .any(|(method, of)| *method == parts.method && Some(*of) == path);
    if takes_lists { LIST_BODY_MAX } else { BODY_MAX }
}

/// The length that a body is said to have.
pub fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The limit in the words of an answer.
pub fn in_words(max: usize) -> &'static str {
    match max {
        LIST_BODY_MAX => "A body may have at most 4 MiB here.",
        _ => "A body may have at most 64 KiB.",
    }
}
