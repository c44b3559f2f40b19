//! Turns failures into OAuth errors.

use std::fmt::Display;

use crate::application::Failure;
use crate::causes::Causes;
use crate::log::CommandError;
use crate::oauth::OAuthError;
use crate::store::StoreError;
use crate::web::error::RETRY_UNAVAILABLE_AFTER;
use crate::web::request_id::current_request_id;

/// The OAuth error for a failure. Unexpected failures are logged here once, in full; the client gets a fixed sentence
/// (T28).
pub fn refusal(failure: Failure) -> OAuthError {
    match failure {
        Failure::Unauthenticated => OAuthError::invalid_client(),
        Failure::TooManyRequests { retry_after_seconds } | Failure::TooManyChanges { retry_after_seconds } => {
            OAuthError::slow_down(retry_after_seconds)
        }
        Failure::Command(CommandError::Store(error)) => store_refusal(&error),
        // R07: somebody else is changing the application, so the token has not been revoked yet.
        Failure::Command(CommandError::Conflict) => OAuthError::temporarily_unavailable(1),
        // The application was suspended or revoked after its client authenticated, so it could no longer do so (T19).
        Failure::Command(CommandError::Refused(_)) => OAuthError::invalid_client(),
        failure => server_error(Causes(&failure)),
    }
}

/// The OAuth error for a database failure. An unreachable database says nothing about credentials or tokens (T34, R07).
pub fn store_refusal(error: &StoreError) -> OAuthError {
    if error.is_unavailable() {
        tracing::warn!(%error, request_id = current_request_id(), "the database is unavailable");
        return OAuthError::temporarily_unavailable(RETRY_UNAVAILABLE_AFTER);
    }
    server_error(Causes(error))
}

/// The OAuth error for a fault of ours.
pub fn server_error(why: impl Display) -> OAuthError {
    tracing::error!(%why, request_id = current_request_id(), "an OAuth request failed");
    OAuthError::server_error()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatebook_aggregates::refusal::Refusal;

    #[test]
    fn t34_a_database_that_is_away_never_speaks_of_the_client() {
        let away = StoreError::unavailable("gone");
        let refused = refusal(away.into());
        assert_eq!(
            (refused.status.as_u16(), refused.error),
            (503, "temporarily_unavailable")
        );
        let broken = StoreError::internal("no such table");
        let refused = refusal(broken.into());
        assert_eq!((refused.status.as_u16(), refused.error), (500, "server_error"));
    }

    #[test]
    fn t19_t33_failed_credentials_are_told_from_too_many_of_them() {
        assert_eq!(refusal(Failure::Unauthenticated), OAuthError::invalid_client());
        assert_eq!(refusal(Refusal::AppSuspended.into()), OAuthError::invalid_client());
        let retry_after_seconds = 7;
        let slow = refusal(Failure::TooManyRequests { retry_after_seconds });
        assert_eq!((slow.status.as_u16(), slow.retry_after), (429, Some(7)));
    }
}
