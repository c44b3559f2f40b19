//! The error responses of calls, for the OpenAPI document. `web::error` defines the problems themselves.

use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::web::error::Problem;

/// The problems of an admin call that only reads.
pub struct ReadProblems;

/// The problems of an admin call that changes something.
pub struct ChangeProblems;

/// The problems of an admin call that has a body and changes nothing.
pub struct RehearsalProblems;

/// The problems of an operator call that only reads.
pub struct OperatorReadProblems;

/// The problems of an operator call that changes something.
pub struct OperatorChangeProblems;

/// The problems of an operator call that changes an application or a group, which have versions.
pub struct OperatorAppProblems;

/// The problems of an operator call that takes a whole list of a group.
pub struct ListProblems;

/// The problems of a call that grants or withdraws a permission and has no body.
pub struct PermissionProblems;

const UNAUTHENTICATED: (&str, &str) = ("401", "`unauthenticated`");
const FORBIDDEN: (&str, &str) = ("403", "`forbidden` or `plan_required`");
const NOT_FOUND: (&str, &str) = ("404", "`not_found`: it does not exist, or the caller may not see it");
const CONFLICT: (&str, &str) = (
    "409",
    "The current state does not allow this; the code says why. `conflict`: somebody else is changing it. \
     `application_limit`: the group has reached its limit. `unreadable_event`: the log contains an unreadable event \
     about it, which operators have to resolve first",
);
const VERSION_MISMATCH: (&str, &str) = (
    "412",
    "`version_mismatch`: it has changed since the version in `If-Match`",
);
const INVALID: (&str, &str) = ("422", "Some fields are invalid; `errors` lists them");
const TOO_MANY_REQUESTS: (&str, &str) = (
    "429",
    "`too_many_requests`: too many wrong tokens, too many changes of the same thing, or more than two lists, searches \
     and downloads at once; see `Retry-After`",
);
const TOO_MUCH: (&str, &str) = (
    "429",
    "`too_many_requests`: too many wrong tokens, or too many changes of the same thing. `too_many_emails`: the hourly \
     limit of e-mails to one address, by one person or by one group has been reached. See `Retry-After`",
);
const UNAVAILABLE: (&str, &str) = ("503", "`unavailable`: try again after `Retry-After`");
const BODY: [(&str, &str); 3] = [
    ("400", "`invalid_json`: the body is not a JSON object"),
    (
        "413",
        "`body_too_large`: more than 64 KiB, or more than 4 MiB where the call says that it takes that much",
    ),
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

impl IntoResponses for RehearsalProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = ReadProblems::responses();
        responses.extend(described(BODY));
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

impl IntoResponses for ListProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = OperatorAppProblems::responses();
        responses.extend(described([
            (
                "409",
                "`confirm_removed`: more than half would be removed; `needed` says how many. `conflict`: somebody else is \
                 changing the group. `unreadable_event`: the log contains an unreadable event about it, which operators \
                 have to resolve first",
            ),
            (
                "422",
                "Some entries are invalid, or an id is in the list twice (`duplicate_id`); `errors` lists the first of them",
            ),
        ]));
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
