//! The filters above the list of applications, and the addresses that keep them.

use maud::{Markup, html};

use super::parts::APPS;
use super::words;
use crate::pages::form::Form;
use crate::pages::visitor::ConsoleUser;

/// What can be asked for, as it stands in the address.
const FILTERS: [&str; 9] = [
    "status",
    "name",
    "description",
    "developer_email",
    "category",
    "api_permission",
    "integration_type",
    "developer_status",
    "entity",
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

/// The form with all filters.
pub fn form(user: &ConsoleUser, asked: &Form) -> Markup {
    html! {
        form.filters method="get" action=(APPS) role="search" aria-label="Filter the applications" {
            @for kept in KEPT {
                @if let Some(value) = asked.filled(kept) { input type="hidden" name=(kept) value=(value); }
            }
            (select(asked, "status", "Status", words::STATUSES.map(|s| (s.into(), words::status(s)))))
            (search(asked, "name", "Name"))
            (search(asked, "description", "Description"))
            (search(asked, "developer_email", "Developer’s e-mail"))
            (select(asked, "category", "Category", words::categories("").into_iter().skip(1)))
            (select(asked, "api_permission", "API Permissions",
                words::PERMISSIONS.map(|p| (p.as_str(), words::permission(p)))))
            (select(asked, "integration_type", "Integration Type",
                words::TYPES.map(|t| (t.as_str(), words::integration_type(t)))))
            (select(asked, "developer_status", "Developer",
                words::DEVELOPER_STATUSES.map(|s| (s.as_str(), words::developer_status(s)))))
            (select(asked, "entity", "Entity",
                user.group.customer.entities.iter().map(|(id, name)| (id.as_str(), name.as_str()))))
            div.actions {
                button type="submit" { "Search" }
                @if any(asked) { " " a.button.plain href=(APPS) { "Clear filters" } }
            }
        }
    }
}

fn search(asked: &Form, name: &str, label: &str) -> Markup {
    let id = format!("filter-{name}");
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) name=(name) type="search" value=(asked.text(name)) autocomplete="off";
        }
    }
}

fn select<'a>(asked: &Form, name: &str, label: &str, options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Markup {
    let id = format!("filter-{name}");
    html! {
        div.field {
            label for=(id) { (label) }
            select id=(id) name=(name) {
                option value="" { "All" }
                @for (value, title) in options {
                    option value=(value) selected[value == asked.text(name)] { (title) }
                }
            }
        }
    }
}
