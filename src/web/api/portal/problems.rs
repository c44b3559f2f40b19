//! Problems that many calls of the developer API share, for the OpenAPI document.

use utoipa::IntoResponses;

use crate::web::error::Problem;

/// The problems of every call with a body.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) enum BodyProblems {
    /// `invalid_json`: the body is not a JSON object.
    #[response(status = 400, content_type = "application/problem+json")]
    NoJson(Problem),
    /// `body_too_large`: the body is larger than 64 KiB.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// `unsupported_media_type`: the body is not sent as `application/json`.
    #[response(status = 415, content_type = "application/problem+json")]
    NotDeclaredJson(Problem),
}

/// The problems of every call with a session.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) enum SessionProblems {
    /// `unauthenticated`: there is no session, or it has ended.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// `too_many_requests`: too many failed attempts, or more than two lists at once; see `Retry-After`.
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyRequests(Problem),
    /// `unavailable`: the database cannot be reached; see `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// The problems of every call without query parameters.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) enum QueryProblems {
    /// `unknown_field`: the call has no query parameters.
    #[response(status = 422, content_type = "application/problem+json")]
    Unknown(Problem),
}

/// The problems of every call without a session.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) enum VisitorProblems {
    /// `too_many_requests`: too many failed attempts; see `Retry-After`.
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyRequests(Problem),
    /// `unavailable`: the database cannot be reached; see `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
