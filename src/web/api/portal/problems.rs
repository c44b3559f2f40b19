//! The problems that many calls of the portal have in common, for the documentation.

use utoipa::IntoResponses;

use crate::web::error::Problem;

/// Of every call with a body.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) enum BodyProblems {
    /// The body is no JSON object: `invalid_json`.
    #[response(status = 400, content_type = "application/problem+json")]
    NoJson(Problem),
    /// The body has more than 64 KiB: `body_too_large`.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is not `application/json`: `unsupported_media_type`.
    #[response(status = 415, content_type = "application/problem+json")]
    NotDeclaredJson(Problem),
}

/// Of every call with a session.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) enum SessionProblems {
    /// There is no session, or it has ended: `unauthenticated`.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// Too many failed attempts, or more than two lists at once: `too_many_requests`, with `Retry-After`.
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyRequests(Problem),
    /// The database cannot be reached: `unavailable`, with `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// Of every call that can be asked for nothing but itself.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) enum QueryProblems {
    /// The call takes no query: `unknown_field`.
    #[response(status = 422, content_type = "application/problem+json")]
    Unknown(Problem),
}

/// Of every call without a session.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) enum VisitorProblems {
    /// Too many failed attempts: `too_many_requests`, with `Retry-After`.
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyRequests(Problem),
    /// The database cannot be reached: `unavailable`, with `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
