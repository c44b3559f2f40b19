//! Describes the events of a group.

use gatebook_aggregates::group::GroupEvent as Event;

use super::{downloaded, quoted};

/// The sentence about an event, without the actor at its beginning.
pub(super) fn describe_event(event: &Event) -> String {
    match event {
        Event::GroupRegistered { name, product_plan } => format!(
            "registered the group {} on the product plan {}.",
            quoted(name.as_str()),
            quoted(product_plan.as_str())
        ),
        Event::GroupRenamed { before, after } => {
            format!("renamed the group from {}.", change(before.as_str(), after.as_str()))
        }
        Event::ProductPlanChanged { before, after } => format!(
            "changed the group's product plan from {}.",
            change(before.as_str(), after.as_str())
        ),
        Event::EntityAdded { entity_id, name } => {
            format!("added the entity {entity_id} {}.", quoted(name.as_str()))
        }
        Event::EntityRenamed {
            entity_id,
            before,
            after,
        } => format!(
            "renamed the entity {entity_id} from {}.",
            change(before.as_str(), after.as_str())
        ),
        Event::EntityRemoved { entity_id, name } => {
            format!("removed the entity {entity_id} {}.", quoted(name.as_str()))
        }
        Event::UserAdded {
            user_id,
            email,
            name,
            role,
        } => format!(
            "added the group user {user_id} {} with the address {email} and the role {}.",
            quoted(name.as_str()),
            role.title()
        ),
        Event::UserRenamed { user_id, before, after } => format!(
            "renamed the group user {user_id} from {}.",
            change(before.as_str(), after.as_str())
        ),
        Event::UserEmailChanged { user_id, before, after } => {
            format!("changed the address of the group user {user_id} from {before} to {after}.")
        }
        Event::UserRoleChanged { user_id, before, after } => format!(
            "changed the role of the group user {user_id} from {} to {}.",
            before.title(),
            after.title()
        ),
        Event::UserRemoved { user_id, name } => format!(
            "removed the group user {user_id} {} with their tokens and permissions.",
            quoted(name.as_str())
        ),
        Event::PermissionGranted { user_id, permission } => format!(
            "granted the permission {} to the group user {user_id}.",
            permission.title()
        ),
        Event::PermissionWithdrawn { user_id, permission } => format!(
            "withdrew the permission {} from the group user {user_id}.",
            permission.title()
        ),
        Event::AttentionMailsChosen {
            user_id,
            daily,
            otp_locked,
        } => {
            let wanted = match (daily, otp_locked) {
                (false, false) => "no e-mails",
                (true, false) => "a daily e-mail",
                (false, true) => "an e-mail whenever an OTP is locked",
                (true, true) => "a daily e-mail, and one whenever an OTP is locked",
            };
            format!("chose to get {wanted} about what needs attention, as the group user {user_id}.")
        }
        Event::UserTokenIssued {
            user_id,
            token_id,
            name,
            expires_at,
        } => {
            let name = quoted(name.as_str());
            format!("issued the token {token_id} {name} to the group user {user_id}, valid until {expires_at}.")
        }
        Event::UserTokenRevoked { user_id, token_id } => {
            format!("revoked the token {token_id} of the group user {user_id}.")
        }
        Event::GroupActivityLogDownloaded { format, from, to } => {
            downloaded("the group's activity log", *format, *from, *to)
        }
    }
}

fn change(before: &str, after: &str) -> String {
    format!("{} to {}", quoted(before), quoted(after))
}
