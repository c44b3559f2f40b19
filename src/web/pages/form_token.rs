//! The token that ties a form to its session: only pages of the same session know it.

use maud::{Markup, html};

pub const TOKEN: &str = "form_token";

/// The hidden field that ties a form to this session.
pub fn token(form_token: &str) -> Markup {
    html! { input type="hidden" name=(TOKEN) value=(form_token); }
}
