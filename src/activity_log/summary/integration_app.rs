//! Describes the events of an integration application.

use std::collections::BTreeSet;

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::identifiers::{EntityId, UserId};
use gatebook_aggregates::integration_app::{IntegrationAppEvent as Event, OtpUnusable};
use gatebook_aggregates::text::Reason;
use gatebook_aggregates::timestamp::Timestamp;

use super::{count, downloaded, listed, quoted, tries};

/// The sentence about an event, without the actor at its beginning.
pub(super) fn describe_event(event: &Event) -> String {
    match event {
        Event::NewIntegrationCreated {
            name,
            api_permission,
            entities,
            ends_at,
            ..
        } => format!(
            "created the New Integration {} with the permission {} for {}{}.",
            quoted(name.as_str()),
            permission(*api_permission),
            count(entities),
            until("it ends", *ends_at)
        ),
        Event::AiqIntegrateCreated {
            integrate_type,
            custom,
            name,
            api_permission,
            entities,
            charges_accepted_by,
            data_access_accepted_by,
            ends_at,
            ..
        } => format!(
            "created the {} {} of type {integrate_type} with the permission {} for {}; {}{}.",
            if *custom {
                "custom AIQ Integrate application"
            } else {
                "AIQ Integrate application"
            },
            quoted(name.as_str()),
            permission(*api_permission),
            count(entities),
            accepted(charges_accepted_by, data_access_accepted_by),
            until("it ends", *ends_at)
        ),
        Event::DeveloperInvited {
            email,
            invitation_expires_at,
            otp_expires_at,
            ..
        } => format!(
            "invited the developer {email} to the Developer Portal; \
             the invite is valid until {invitation_expires_at}, the OTP until {otp_expires_at}."
        ),
        Event::DeveloperRegistered {
            email, otp_expires_at, ..
        } => format!(
            "linked the developer {email}, who already has access to the Developer Portal; the OTP is valid until \
             {otp_expires_at}."
        ),
        Event::InvitationResent {
            email,
            invitation_expires_at,
            ..
        } => format!(
            "resent the invite to the developer {email}; the new invite is valid until {invitation_expires_at}, and \
             the old one no longer works."
        ),
        Event::VerificationCodeSent { expires_at, .. } => {
            format!("requested a verification code by e-mail; it is valid until {expires_at}.")
        }
        Event::VerificationCodeMistyped { attempts_left } => {
            format!("entered a wrong verification code; {}.", tries(*attempts_left))
        }
        Event::InvitationAccepted { .. } => "accepted the invite and signed up to the Developer Portal.".to_owned(),
        Event::OneTimePasswordMistyped { attempts_left: 0 } => {
            format!("entered a wrong OTP; {}, and the OTP is locked.", tries(0))
        }
        Event::OneTimePasswordMistyped { attempts_left } => {
            format!("entered a wrong OTP; {}.", tries(*attempts_left))
        }
        Event::UnusableOneTimePasswordTried { because } => {
            let because = match because {
                OtpUnusable::Expired => "it had expired",
                OtpUnusable::Locked => "it was locked after too many wrong tries",
                OtpUnusable::AppSuspended => "the application was suspended",
                OtpUnusable::AppRevoked => "the application was revoked",
                OtpUnusable::GroupOffPlan => "the group was not on the product plan",
            };
            format!("entered an OTP, which was refused because {because}.")
        }
        Event::DeveloperVerified { .. } => "verified the application with the OTP.".to_owned(),
        Event::OneTimePasswordReset {
            email, otp_expires_at, ..
        } => format!(
            "reset the OTP of the developer {email}; the new OTP is valid until {otp_expires_at}, and the old one no \
             longer works."
        ),
        Event::DeveloperAccessRevoked { email } => {
            format!("revoked the access of the developer {email}; an open invite or OTP no longer works.")
        }
        Event::DescriptionChanged { before, after } => format!(
            "changed the description from {} to {}.",
            quoted(before.as_str()),
            quoted(after.as_str())
        ),
        Event::CategoryChanged { before, after } => {
            format!("changed the category from {} to {}.", before.as_str(), after.as_str())
        }
        Event::EntitiesChanged {
            added,
            removed,
            none_left,
        } => {
            format!("changed the entities: {}.", difference(added, removed, *none_left))
        }
        Event::CredentialsRevealed { .. } => "viewed the application's credentials in the Developer Portal.".to_owned(),
        Event::ClientSecretGenerated {
            client_secret_id,
            prefix,
            previous: None,
            ends_at,
            ..
        } => format!(
            "generated the client secret {client_secret_id}, which begins with {prefix}{}.",
            until("it ends", *ends_at)
        ),
        Event::ClientSecretGenerated {
            client_secret_id,
            prefix,
            previous: Some(previous),
            ends_at,
            ..
        } => format!(
            "generated the client secret {client_secret_id}, which begins with {prefix}{}; \
             the older one, {}, ends at {}.",
            until("it ends", *ends_at),
            previous.client_secret_id,
            previous.ends_at
        ),
        Event::ClientSecretRetired { client_secret_id } => {
            format!("retired the client secret {client_secret_id}, which ended it at once.")
        }
        Event::EndDateChanged { before, after } => match (before, after) {
            (None, Some(after)) => format!("set the application's end date to {after}."),
            (Some(before), Some(after)) => format!("changed the application's end date from {before} to {after}."),
            (before, None) => format!(
                "removed the application's end date{}.",
                before.map_or_else(String::new, |before| format!(", which was {before}"))
            ),
        },
        Event::ApplicationSuspended { reason } => with("suspended the application.", reason),
        Event::ApplicationResumed { reason } => with("resumed the application.", reason),
        Event::ApplicationRevoked { reason, .. } => with("permanently revoked the application.", reason),
        Event::ActivityLogDownloaded { format, from, to } => {
            downloaded("the application's activity log", *format, *from, *to)
        }
    }
}

/// The end date, behind what was said so far; nothing without one.
fn until(what: &str, ends_at: Option<Timestamp>) -> String {
    ends_at.map_or_else(String::new, |ends_at| format!("; {what} at {ends_at}"))
}

/// R10, in the help article's words.
fn permission(permission: ApiPermission) -> &'static str {
    match permission {
        ApiPermission::Read => "Read",
        ApiPermission::ReadWrite => "Read & Write",
    }
}

/// R12: who accepted which disclaimer.
fn accepted(charges: &UserId, data_access: &UserId) -> String {
    if charges == data_access {
        return format!("{charges} accepted that it is chargeable and that the provider's team has access to the data");
    }
    format!(
        "{charges} accepted that it is chargeable, and {data_access} that the provider's team has access to the data"
    )
}

/// R11: the added and the removed entities.
fn difference(added: &BTreeSet<EntityId>, removed: &BTreeSet<EntityId>, none_left: bool) -> String {
    let mut parts = Vec::new();
    if !added.is_empty() {
        parts.push(format!("added {}", listed(added)));
    }
    if !removed.is_empty() {
        parts.push(format!("removed {}", listed(removed)));
    }
    if none_left {
        parts.push("none are left".to_owned());
    }
    parts.join("; ")
}

/// R27: the sentence, and the reason in the actor's own words.
fn with(sentence: &str, reason: &Option<Reason>) -> String {
    match reason {
        None => sentence.to_owned(),
        Some(reason) => format!("{sentence} Reason: {}", super::one_line(reason.as_str())),
    }
}
