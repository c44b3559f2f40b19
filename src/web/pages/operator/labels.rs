//! What operators read instead of names and codes, and what they are told of what they did.

use gatebook_aggregates::group::Role;
use maud::{Markup, html};

/// What the fields are called on the screen.
pub const WORDS: &[(&str, &str)] = &[
    ("group_id", "Group id"),
    ("name", "Name"),
    ("product_plan", "Product plan"),
    ("entity_id", "Entity id"),
    ("entity_name", "Entity name"),
    ("user_id", "User id"),
    ("email", "E-mail"),
    ("user_name", "Name of the user"),
    ("role", "Role"),
];

/// The roles, for a list to choose from.
pub const ROLES: [(&str, &str); 2] = [("user", "User"), ("practice_admin", "Practice Admin")];

/// A role.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::PracticeAdmin => "Practice Admin",
        Role::User => "User",
    }
}

/// That something went well: the first thing that is read on the page.
pub fn done(sentence: &str) -> Markup {
    html! { div.notice.good role="status" tabindex="-1" data-focus { p { (sentence) } } }
}
