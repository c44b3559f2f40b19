//! Problems with fields that serde refuses, read from its messages because it gives no other account of them.

use crate::web::error::{FieldError, Problem};

/// The problem for an unknown field or query parameter.
pub(super) fn unknown(field: &str) -> Problem {
    let message = format!("The field “{field}” is not known here. Leave it out.");
    Problem::fields(vec![FieldError {
        field: field.to_owned(),
        code: "unknown_field".to_owned(),
        message,
    }])
}

/// The problem for a repeated field or query parameter.
pub(super) fn duplicate(field: &str) -> Problem {
    let message = format!("“{field}” appears more than once. Send it once.");
    Problem::fields(vec![FieldError {
        field: field.to_owned(),
        code: "duplicate_field".to_owned(),
        message,
    }])
}

/// The field in serde's error message about an unknown field.
pub(super) fn unknown_field(text: &str) -> Option<String> {
    between(text, "unknown field `")
}

/// The field in serde's error message about a duplicate field.
pub(super) fn duplicate_field(text: &str) -> Option<String> {
    between(text, "duplicate field `")
}

fn between(text: &str, before: &str) -> Option<String> {
    let rest = text.split_once(before)?.1;
    rest.split_once('`').map(|(field, _)| field.to_owned())
}
