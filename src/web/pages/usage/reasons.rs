//! The gate's reasons in words, each with what to do about it.

use std::str::FromStr;

use gatebook_aggregates::gate::Verdict;

/// A reason's name for people, and what to do about it.
pub(super) fn explained(reason: &str) -> (&'static str, &'static str) {
    // A reason of a newer version of the program.
    Verdict::from_str(reason).map_or(("Refused", "The documentation says what this reason means."), in_words)
}

fn in_words(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Ok => ("Allowed", "Nothing to do."),
        Verdict::TokenMissing => (
            "Token missing",
            "The integration sends the access token with every call.",
        ),
        Verdict::TokenMalformed => (
            "Token malformed",
            "The integration sends the access token as it received it.",
        ),
        Verdict::TokenInvalid => ("Token invalid", "The integration gets a new access token."),
        Verdict::TokenExpired => (
            "Token expired",
            "Normal once an hour: the integration gets a new token and carries on. If it happens more often, the \
             developer makes it ask for a new token before the old one ends.",
        ),
        Verdict::TokenRevoked => (
            "Token revoked",
            "The token was given back or ended before its time. The integration gets a new one.",
        ),
        Verdict::SecretRetired => (
            "Client secret retired",
            "The token was issued for a client secret that has ended. The developer changes the integration to the newer \
             secret.",
        ),
        Verdict::AppSuspended => ("Application suspended", "Resume the application when it may run again."),
        Verdict::AppRevoked => (
            "Application revoked",
            "It is revoked for good. The developer switches the integration off.",
        ),
        Verdict::GroupNotOnPlan => (
            "Group not on the plan",
            "The group’s plan does not include integration applications. Everything works again once it does.",
        ),
        Verdict::EntityMissing => ("Entity missing", "The developer names an entity with each call."),
        Verdict::EntityNotAssigned => (
            "Entity not assigned",
            "The integration asks for an entity that is not in its list. An admin adds the entity, or the developer \
             leaves it out.",
        ),
        Verdict::AccessNotPermitted => (
            "Access not permitted",
            "The call wants more than its token allows: the developer requests the scope that the call needs. An \
             application with the permission “Read” can never write.",
        ),
        Verdict::Unavailable => (
            "Could not be decided",
            "The log holds an event that cannot be read. The operators settle it; nothing passes until then.",
        ),
    }
}
