//! The filters above the list of applications, and the addresses that keep them.

use maud::{Markup, html};

use super::parts::APPS;
use super::words;
use crate::pages::filter_form::{self, date, search, select};
use crate::pages::form::Form;
use crate::pages::visitor::ConsoleUser;

/// What can be asked for, as it stands in the address.
const FILTERS: [&str; 11] = [
    "status",
    "name",
    "description",
    "developer_email",
    "category",
    "api_permission",
    "integration_type",
    "developer_status",
    "entity",
    "created_from",
    "created_to",
];
/// What else is kept from one page of the list to the next.
const KEPT: [&str; 2] = ["sort", "limit"];

/// Whether something is asked for that not all applications have.
pub fn any(asked: &Form) -> bool {
    FILTERS.iter().any(|name| asked.filled(name).is_some())
}

/// The address of the same list with something else in one parameter; it begins at its first page.
pub fn href(asked: &Form, name: &str, value: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let kept = FILTERS.iter().chain(&KEPT).filter(|kept| **kept != name);
    query.extend_pairs(kept.filter_map(|kept| Some((*kept, asked.filled(kept)?))));
    if !value.is_empty() {
        query.append_pair(name, value);
    }
    format!("{APPS}?{}", query.finish())
}

/// The form with all filters; on a phone it is folded until one is set, or its link is
/// followed.
pub fn form(user: &ConsoleUser, asked: &Form) -> Markup {
    let search = |name: &str, label: &str| search(name, label, asked.text(name));
    let entities = user.group.customer.entities.iter();
    let fields = html! {
        @for kept in KEPT {
            @if let Some(value) = asked.filled(kept) { input type="hidden" name=(kept) value=(value); }
        }
        (select("status", "Status", asked.text("status"), words::STATUSES.map(|s| (s.into(), words::status(s)))))
        (search("name", "Name"))
        (search("description", "Description"))
        (search("developer_email", "Developer’s e-mail"))
        (select("category", "Category", asked.text("category"), words::categories("").into_iter().skip(1)))
        (select("api_permission", "API Permissions", asked.text("api_permission"),
            words::PERMISSIONS.map(|p| (p.as_str(), p.title()))))
        (select("integration_type", "Integration Type", asked.text("integration_type"),
            words::TYPES.map(|t| (t.as_str(), words::integration_type(t)))))
        (select("developer_status", "Developer", asked.text("developer_status"),
            words::DEVELOPER_STATUSES.map(|s| (s.as_str(), words::developer_status(s)))))
        (select("entity", "Entity", asked.text("entity"), entities.map(|(id, name)| (id.as_str(), name.as_str()))))
        (date("created_from", "Created from (UTC)", asked.text("created_from")))
        (date("created_to", "Created to (UTC)", asked.text("created_to")))
    };
    let clear = html! { @if any(asked) { a.button.plain href=(APPS) { "Clear filters" } } };
    html! {
        div.fold.open[any(asked)] id="filters" {
            a.button.plain href="#filters" { "Filters" }
            (filter_form::form(APPS, "Filter the applications", &fields, &clear))
        }
    }
}
