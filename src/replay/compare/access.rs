//! Which events take access away, and what becomes true again if such an event is lost.

use gatebook_aggregates::group::{ProductPlan, Role};
use serde_json::Value;

/// What becomes true again without this event, if it took access away. `details` as in an export.
///
/// Add an arm here for each new event that takes access away. A test fails for events in neither list.
pub(super) fn undone(event: &str, details: &Value) -> Option<&'static str> {
    match event {
        "ApplicationSuspended" => Some("the application runs again"),
        "ApplicationRevoked" => Some("the application is no longer revoked"),
        "ClientSecretRetired" => Some("the client secret works again"),
        "ClientSecretGenerated" if !details["previous"].is_null() => Some("the older client secret does not end"),
        "DeveloperAccessRevoked" => Some("the developer has access again"),
        "AccessTokenRevoked" => Some("the access token works again until it expires"),
        "EntitiesChanged" if takes_some(details) => Some("the entities that were taken out are open again"),
        "OneTimePasswordReset" => Some("the OTP before it works again until it expires"),
        "OneTimePasswordMistyped" if details["attempts_left"] == 0 => Some("the OTP is no longer locked"),
        "InvitationResent" => Some("the invite before it works again until it expires"),
        "ProductPlanChanged" if leaves_the_plan(details) => Some("the group is on the plan again"),
        "EntityRemoved" => Some("the entity is the group's again"),
        "UserRemoved" => Some("the user is in the group again, with permissions, password and tokens"),
        "UserRoleChanged" if loses_rights(details) => Some("the user has the rights of the role before again"),
        "PermissionWithdrawn" => Some("the user has the permission again"),
        "UserTokenRevoked" => Some("the token works again"),
        "UserEmailChanged" => Some("links to the password go to the address before it again"),
        "UserSignedOut" | "DeveloperLoggedOut" => Some("the session is open again until it expires"),
        "UserPasswordChosen" | "DeveloperPasswordChosen" => {
            Some("the password before it works again, and the sessions that it ended are open")
        }
        "OperatorTokenEnded" => Some("the operator token works again"),
        "ResourceServerEnded" => Some("the gateway's credentials work again"),
        "TokensEnded" => Some("access tokens issued before that time work again until they expire"),
        _ => None,
    }
}

fn takes_some(details: &Value) -> bool {
    details["removed"].as_array().is_some_and(|removed| !removed.is_empty())
}

fn loses_rights(details: &Value) -> bool {
    let role = |name: &str| details[name].as_str().and_then(|role| Role::parse(role).ok());
    match (role("before"), role("after")) {
        (Some(before), Some(after)) => before.can_more_than(after),
        // A role that this program does not know may have been able to do anything.
        (None, _) | (_, None) => true,
    }
}

fn leaves_the_plan(details: &Value) -> bool {
    let on_plan = |name: &str| {
        let plan = details[name].as_str().and_then(|plan| ProductPlan::parse(plan).ok());
        plan.is_some_and(|plan| plan.has_integration_apps())
    };
    on_plan("before") && !on_plan("after")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::log::readable::EVENT_NAMES;

    /// Events that take no access away. A first link that replaces another one is not counted, because both expire.
    const TAKES_NOTHING: [&str; 39] = [
        "LogInsRefused",
        "RequestsForbidden",
        "UnusableOneTimePasswordsRefused",
        "GuessesRefused",
        "TimelineViewed",
        "UsageRecorded",
        "OperatorTokenCreated",
        "ResourceServerCreated",
        "EventQuarantined",
        "NewIntegrationCreated",
        "AiqIntegrateCreated",
        "DeveloperInvited",
        "DeveloperRegistered",
        "VerificationCodeSent",
        "VerificationCodeMistyped",
        "InvitationAccepted",
        "UnusableOneTimePasswordTried",
        "DeveloperVerified",
        "DescriptionChanged",
        "CategoryChanged",
        "CredentialsRevealed",
        "ApplicationResumed",
        "ActivityLogDownloaded",
        "GroupRegistered",
        "GroupRenamed",
        "EntityAdded",
        "EntityRenamed",
        "UserAdded",
        "UserRenamed",
        "PermissionGranted",
        "UserTokenIssued",
        "GroupActivityLogDownloaded",
        "DeveloperSignedUp",
        "DeveloperLoggedIn",
        "DeveloperPasswordResetRequested",
        "DeveloperLogDownloaded",
        "UserPasswordLinkSent",
        "UserPasswordResetRequested",
        "UserSignedIn",
    ];

    /// Events that take access away, with details for which they do.
    fn takes() -> Vec<(&'static str, Value)> {
        vec![
            ("ApplicationSuspended", json!({"reason": null})),
            ("ApplicationRevoked", json!({"reason": null})),
            ("ClientSecretRetired", json!({})),
            ("ClientSecretGenerated", json!({"previous": {"ends_at": "…"}})),
            ("DeveloperAccessRevoked", json!({})),
            ("AccessTokenRevoked", json!({})),
            ("EntitiesChanged", json!({"added": ["c"], "removed": ["a"]})),
            ("OneTimePasswordReset", json!({})),
            ("OneTimePasswordMistyped", json!({"attempts_left": 0})),
            ("InvitationResent", json!({})),
            ("ProductPlanChanged", json!({"before": "AIQ3", "after": "AIQ2"})),
            ("EntityRemoved", json!({})),
            ("UserRemoved", json!({})),
            ("UserRoleChanged", json!({"before": "practice_admin", "after": "user"})),
            ("PermissionWithdrawn", json!({})),
            ("UserTokenRevoked", json!({})),
            ("UserEmailChanged", json!({})),
            ("UserSignedOut", json!({})),
            ("DeveloperLoggedOut", json!({})),
            ("UserPasswordChosen", json!({})),
            ("DeveloperPasswordChosen", json!({})),
            ("TokensEnded", json!({})),
            ("OperatorTokenEnded", json!({})),
            ("ResourceServerEnded", json!({})),
        ]
    }

    #[test]
    fn of_every_event_it_is_known_whether_it_takes_access_away() {
        let all: BTreeSet<_> = EVENT_NAMES
            .iter()
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        let takes = takes().into_iter().map(|(event, _)| event);
        let known: BTreeSet<_> = TAKES_NOTHING
            .into_iter()
            .chain(["SystemLogDownloaded"])
            .chain(takes)
            .collect();
        assert_eq!(known, all);
    }

    #[test]
    fn an_event_that_takes_access_away_says_what_is_the_case_without_it() {
        for (event, details) in takes() {
            assert!(undone(event, &details).is_some(), "{event}");
        }
        for event in TAKES_NOTHING {
            assert_eq!(undone(event, &json!({})), None, "{event}");
        }
    }

    #[test]
    fn an_event_that_could_take_access_away_and_did_not_is_not_counted() {
        for (event, details) in [
            ("ClientSecretGenerated", json!({"previous": null})),
            ("EntitiesChanged", json!({"added": ["b"], "removed": []})),
            ("OneTimePasswordMistyped", json!({"attempts_left": 1})),
            ("ProductPlanChanged", json!({"before": "AIQ2", "after": "AIQ3"})),
            ("ProductPlanChanged", json!({"before": "AIQ2", "after": "AIQ1"})),
            ("UserRoleChanged", json!({"before": "user", "after": "practice_admin"})),
        ] {
            assert_eq!(undone(event, &details), None, "{event} {details}");
        }
    }
}
