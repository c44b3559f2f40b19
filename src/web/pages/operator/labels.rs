//! Labels and messages of the operator pages.

use crate::web::pages::components::notice::{self, Kind};
use maud::{Markup, html};

/// Field names in error messages, and their labels on the screen.
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

/// A success message. It gets the focus, so that screen readers read it first.
pub fn done(sentence: &str) -> Markup {
    html! { (notice::told_first(Kind::Good, &html! { p { (sentence) } })) }
}
