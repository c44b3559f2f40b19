//! How calls can end otherwise, for the description of the API. What a problem is, `http::error` knows.

use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::web::error::Problem;

/// The problems of an admin's call that reads.
pub struct ReadProblems;

/// The problems of an admin's call that changes something.
pub struct ChangeProblems;

/// The problems of an operator's call that reads.
pub struct OperatorReadProblems;

/// The problems of an operator's call that changes something.
pub struct OperatorChangeProblems;

/// The problems of an operator's call that changes an application or a group, which have versions.
pub struct OperatorAppProblems;

/// The problems of a call that grants or withdraws a permission: it has no body.
pub struct PermissionProblems;

const UNAUTHENTICATED: (&str, &str) = ("401", "`unauthenticated`");
const FORBIDDEN: (&str, &str) = ("403", "`forbidden` or `plan_required`");
const NOT_FOUND: (&str, &str) = ("404", "`not_found`: nothing there, or not for this caller");
const CONFLICT: (&str, &str) = (
    "409",
    "It does not fit what is there; the code says why, e.g. `conflict`, or `application_limit` when the group has as many \
     applications as it may have. `unreadable_event`: the log holds an event about it that cannot be read, and operators \
     have to settle that first",
);
const VERSION_MISMATCH: (&str, &str) = ("412", "`version_mismatch`: changed since the version of `If-Match`");
const INVALID: (&str, &str) = (
    "422",
    "Something is wrong with what was sent; `errors` says what, field by field",
);
const TOO_MANY_REQUESTS: (&str, &str) = (
    "429",
    "`too_many_requests`: too many wrong tokens, very many changes of the same thing, or more than two lists, searches and downloads at once; see `Retry-After`",
);
const TOO_MUCH: (&str, &str) = (
    "429",
    "`too_many_requests`: too many wrong tokens, or very many changes of the same thing; `too_many_emails`: more than may be sent within an hour to one address, by \
     one person or by one group. See `Retry-After`",
);
const UNAVAILABLE: (&str, &str) = ("503", "`unavailable`: try again after `Retry-After`");
const BODY: [(&str, &str); 3] = [
    ("400", "`invalid_json`: the body is no JSON object"),
    ("413", "`body_too_large`: more than 64 KiB"),
    ("415", "`unsupported_media_type`: the body is not sent as JSON"),
];

impl IntoResponses for ReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described([
            UNAUTHENTICATED,
            FORBIDDEN,
            NOT_FOUND,
            CONFLICT,
            INVALID,
            TOO_MANY_REQUESTS,
            UNAVAILABLE,
        ])
    }
}

impl IntoResponses for ChangeProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = ReadProblems::responses();
        responses.extend(described(BODY));
        responses.extend(described([VERSION_MISMATCH, TOO_MUCH]));
        responses
    }
}

impl IntoResponses for OperatorReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described([UNAUTHENTICATED, NOT_FOUND, INVALID, TOO_MANY_REQUESTS, UNAVAILABLE])
    }
}

impl IntoResponses for OperatorChangeProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = OperatorReadProblems::responses();
        responses.extend(described(BODY));
        responses.extend(described([FORBIDDEN, CONFLICT]));
        responses
    }
}

impl IntoResponses for OperatorAppProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = OperatorChangeProblems::responses();
        responses.extend(described([VERSION_MISMATCH]));
        responses
    }
}

impl IntoResponses for PermissionProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = ReadProblems::responses();
        responses.extend(described([VERSION_MISMATCH]));
        responses
    }
}

fn described<const N: usize>(problems: [(&str, &str); N]) -> BTreeMap<String, RefOr<Response>> {
    let content = || {
        ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(Problem::name())))
            .build()
    };
    let response = |(status, description): (&str, &str)| {
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content());
        (status.to_owned(), response.build().into())
    };
    problems.into_iter().map(response).collect()
}
