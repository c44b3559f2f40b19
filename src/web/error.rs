//! Turns every refusal and failure into RFC 9457 problem details. Status codes are decided here.

use std::error::Error;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gatebook_aggregates::refusal::{FieldProblem, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

use crate::application::Failure;
use crate::causes::Causes;
use crate::log::CommandError;
use crate::log::append::ReservationKey;
use crate::store::StoreError;
use crate::web::request_id::current_request_id;

/// The `Retry-After` in seconds while the database is unavailable.
pub const RETRY_UNAVAILABLE_AFTER: u64 = 2;

/// Problem details (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`; see `code`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do, for people.
    pub detail: String,
    /// The stable error code, for programs.
    pub code: String,
    /// The errors of individual fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The number of tries left, after a wrong code or OTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts_left: Option<u32>,
    /// The number to confirm, when a list would remove many entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed: Option<usize>,
    /// Why the node is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip)]
    retry_after: Option<u64>,
}

/// An error of one field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// The field's name.
    pub field: String,
    /// The stable error code, for programs.
    pub code: String,
    /// What happened and what to do, for people.
    pub message: String,
}

impl Problem {
    /// A problem with this status, code and detail.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            errors: Vec::new(),
            attempts_left: None,
            needed: None,
            reason: None,
            retry_after: None,
        }
    }

    /// A problem with several fields. The code is that of the first field.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let code = errors.first().map_or("invalid", |first| &first.code).to_owned();
        let sentences: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
        let detail = sentences.join(" ");
        Self {
            errors,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, &code, detail)
        }
    }

    /// A problem with one field.
    pub fn field(field: &str, code: &str, message: &str) -> Self {
        let (field, code, message) = (field.to_owned(), code.to_owned(), message.to_owned());
        Self::fields(vec![FieldError { field, code, message }])
    }

    /// It does not exist, or the caller may not see it (R4).
    pub fn not_found() -> Self {
        Refusal::NotFound.into()
    }

    /// The credentials are missing or wrong.
    pub fn unauthenticated() -> Self {
        let detail = "Send a valid token as “Authorization: Bearer …”.";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    }

    /// The node cannot commit commands at the moment.
    pub fn not_ready(why: &StoreError) -> Self {
        tracing::warn!(%why, "not ready");
        Self {
            reason: Some(why.reason()),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "This node cannot save anything at the moment. Try again shortly, or use another node.",
            )
        }
        .retry_after(RETRY_UNAVAILABLE_AFTER)
    }

    fn retry_after(self, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, Json(self.clone())).into_response();
        // The pages take the problem from here and show it as HTML.
        response.extensions_mut().insert(self);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"gatebook\""),
            );
        }
        response
    }
}

impl From<FieldProblem> for FieldError {
    fn from(problem: FieldProblem) -> Self {
        Self {
            field: problem.field,
            code: problem.code.to_owned(),
            message: problem.message,
        }
    }
}

impl From<FieldProblem> for Problem {
    fn from(problem: FieldProblem) -> Self {
        Self::fields(vec![problem.into()])
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, code) = match &refusal {
            Refusal::Invalid(problems) => {
                return Self::fields(problems.iter().cloned().map(FieldError::from).collect());
            }
            Refusal::FieldNotEditable(field) => {
                return Self::field(field, "field_not_editable", &refusal.to_string());
            }
            Refusal::TooManyCodes { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            Refusal::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Refusal::Forbidden(_) | Refusal::PracticeAdminRequired => (StatusCode::FORBIDDEN, "forbidden"),
            Refusal::PlanRequired => (StatusCode::FORBIDDEN, "plan_required"),
            Refusal::OtpVerificationNeeded => (StatusCode::FORBIDDEN, "otp_verification_needed"),
            Refusal::AppRevoked => (StatusCode::CONFLICT, "app_revoked"),
            Refusal::AppSuspended => (StatusCode::CONFLICT, "app_suspended"),
            Refusal::AppExpired => (StatusCode::CONFLICT, "app_expired"),
            Refusal::NotSuspended => (StatusCode::CONFLICT, "not_suspended"),
            Refusal::NoOutsideDeveloper => (StatusCode::CONFLICT, "no_outside_developer"),
            Refusal::KeptByDeveloper => (StatusCode::CONFLICT, "kept_by_developer"),
            Refusal::DeveloperAlreadyLinked => (StatusCode::CONFLICT, "developer_already_linked"),
            Refusal::NoDeveloperLinked => (StatusCode::CONFLICT, "no_developer_linked"),
            Refusal::DeveloperAlreadySignedUp => (StatusCode::CONFLICT, "developer_already_signed_up"),
            Refusal::AlreadyVerified => (StatusCode::CONFLICT, "already_verified"),
            Refusal::ClientSecretLimit => (StatusCode::CONFLICT, "client_secret_limit"),
            Refusal::RemovalUnconfirmed { .. } => (StatusCode::CONFLICT, "confirm_removed"),
            Refusal::InviteUnknown => (StatusCode::NOT_FOUND, "invite_unknown"),
            Refusal::InviteExpired => (StatusCode::GONE, "invite_expired"),
            Refusal::PasswordLinkUnknown => (StatusCode::NOT_FOUND, "link_unknown"),
            Refusal::PasswordLinkExpired => (StatusCode::GONE, "link_expired"),
            Refusal::CodeExpired => (StatusCode::GONE, "code_expired"),
            Refusal::OtpExpired => (StatusCode::GONE, "otp_expired"),
            Refusal::OtpLocked => (StatusCode::LOCKED, "otp_locked"),
        };
        let problem = Self::new(status, code, refusal.to_string());
        match refusal {
            Refusal::TooManyCodes {
                retry_after_seconds, ..
            } => problem.retry_after(retry_after_seconds),
            Refusal::RemovalUnconfirmed { needed, .. } => Self {
                needed: Some(needed),
                ..problem
            },
            _ => problem,
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::Taken(key @ (ReservationKey::AppName(_) | ReservationKey::AppNameLook(_))) => {
                let detail = match key {
                    ReservationKey::AppNameLook(_) => {
                        "Another application has a name that looks like this one. Choose a different name; a name is \
                         never used twice."
                    }
                    _ => "Another application has this name. Choose a different one; a name is never used twice.",
                };
                let problem = Self::field("name", "name_taken", detail);
                Self {
                    status: 409,
                    title: "Conflict".to_owned(),
                    ..problem
                }
            }
            CommandError::Taken(ReservationKey::DeveloperEmail(_)) => Refusal::DeveloperAlreadySignedUp.into(),
            CommandError::VersionMismatch { current } => {
                let detail = format!(
                    "Somebody else has changed this since you read it; its version is now {current}. \
                                      Read it again before you change it."
                );
                Self::new(StatusCode::PRECONDITION_FAILED, "version_mismatch", detail)
            }
            CommandError::TooManyEmails {
                quota,
                retry_after_seconds,
            } => {
                let (many, whose) = (quota.per_hour, quota.owner.in_words());
                let minutes = retry_after_seconds.div_ceil(60);
                let unit = if minutes == 1 { "minute" } else { "minutes" };
                let detail = format!(
                    "The limit of {many} e-mails an hour {whose} has been reached. Nothing has been changed. Try again \
                     in {minutes} {unit}."
                );
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_emails", detail).retry_after(retry_after_seconds)
            }
            CommandError::ApplicationLimit { applications_max } => {
                let detail = format!(
                    "Your group has reached its limit of {applications_max} integration applications. Revoke one that \
                     you no longer need, or ask the provider to raise the limit."
                );
                Self::new(StatusCode::CONFLICT, "application_limit", detail)
            }
            CommandError::KeyUsed | CommandError::Conflict | CommandError::CredentialReplaced => {
                let detail = "Somebody else is changing this right now. Try again.";
                Self::new(StatusCode::CONFLICT, "conflict", detail).retry_after(1)
            }
            error @ (CommandError::NotReadBack(_) | CommandError::Internal(_)) => internal(&error),
            CommandError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(%error, request_id = current_request_id(), "the database is unavailable");
            let detail = "The database cannot be reached at the moment. Try again shortly.";
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
                .retry_after(RETRY_UNAVAILABLE_AFTER);
        }
        if let StoreError::Unreadable(event) = &error {
            tracing::error!(%event, request_id = current_request_id(), "refused a request because an event cannot be read");
            let detail = format!(
                "The log contains an unreadable entry about this (position {}). You can still suspend or revoke an \
                 application; everything else has to wait until the operators have resolved it.",
                event.position
            );
            return Self::new(StatusCode::CONFLICT, "unreadable_event", detail);
        }
        internal(&error)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let detail = failure.to_string();
        match failure {
            Failure::Unauthenticated => Self::unauthenticated(),
            Failure::TooManyChanges { retry_after_seconds } => {
                let detail = "You have changed this too often in a short time. Try again later, or combine several changes in \
                     one request.";
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).retry_after(retry_after_seconds)
            }
            Failure::TooManyRequests { retry_after_seconds } => {
                let unit = if retry_after_seconds == 1 { "second" } else { "seconds" };
                let detail = format!("Too many failed attempts. Try again in {retry_after_seconds} {unit}.");
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).retry_after(retry_after_seconds)
            }
            Failure::PasswordsBusy { retry_after_seconds } => {
                let detail = format!(
                    "Too many people are signing in right now to check your password. Try again in \
                     {retry_after_seconds} seconds."
                );
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(retry_after_seconds)
            }
            Failure::TooManyReads { retry_after_seconds } => {
                let detail = "You can run two lists, searches or downloads at a time. Wait for one to finish, and try \
                              again.";
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).retry_after(retry_after_seconds)
            }
            Failure::TooManySearches { retry_after_seconds } => {
                let detail = "Too many searches are running at the moment. Try again shortly.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(retry_after_seconds)
            }
            Failure::OtpWrong { attempts_left } => Self {
                attempts_left: Some(attempts_left),
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "otp_wrong", detail)
            },
            Failure::CodeWrong { attempts_left } => Self {
                attempts_left: Some(attempts_left),
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "code_wrong", detail)
            },
            Failure::IdempotencyKeyReused => {
                let detail = "This Idempotency-Key has already been used for a different request. Use a new key for \
                              each request.";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
            }
            Failure::Command(error) => error.into(),
            Failure::Internal(why) => internal(&*why),
        }
    }
}

/// Logs the chain of causes, and tells the client only that the fault is ours.
fn internal(error: &(dyn Error + 'static)) -> Problem {
    tracing::error!(why = %Causes(error), request_id = current_request_id(), "a request failed");
    our_fault()
}

/// An internal error. The request id lets us find it in the log when somebody reports it.
pub fn our_fault() -> Problem {
    let id = current_request_id().map(|id| format!(" If you contact us about it, include this request id: {id}"));
    let detail = format!("Something went wrong on our side.{}", id.unwrap_or_default());
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_had_no_turn_is_to_be_tried_again_later() {
        let failure = Failure::TooManySearches { retry_after_seconds: 5 };
        let answer = Problem::from(failure).into_response();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "5");
    }
}
