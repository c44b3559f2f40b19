//! The filters above the list of applications, and links that keep them.

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::integration_app::{IntegrationType, Status};
use gatebook_projections::app_list::DeveloperStatus;
use maud::{Markup, html};
use strum::VariantArray;

use crate::web::pages::console::applications::labels;
use crate::web::pages::console::applications::shared::APPS;
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::filter_form;
use crate::web::pages::filter_form::{date, search, select};
use crate::web::pages::form::Form;

/// The filter parameters.
const FILTERS: [&str; 12] = [
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
    "unused_since",
];
/// Other parameters that links of the list keep.
const CARRIED_ALONG: [&str; 2] = ["sort", "limit"];

/// Whether any filter is set.
pub fn any(query: &Form) -> bool {
    FILTERS.iter().any(|name| query.filled(name).is_some())
}

/// A link to the first page of the same list, with one parameter changed.
pub fn href(query: &Form, name: &str, value: &str) -> String {
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    let others = FILTERS.iter().chain(&CARRIED_ALONG).filter(|other| **other != name);
    parameters.extend_pairs(others.filter_map(|other| Some((*other, query.filled(other)?))));
    if !value.is_empty() {
        parameters.append_pair(name, value);
    }
    format!("{APPS}?{}", parameters.finish())
}

/// The form with all filters. On small screens it is collapsed until a filter is set or its link is followed.
pub fn form(user: &ConsoleUser, query: &Form) -> Markup {
    let search = |name: &str, label: &str| search(name, label, query.text(name));
    let entities = user.group().customer.entities.iter();
    let fields = html! {
        @for stored in CARRIED_ALONG {
            @if let Some(value) = query.filled(stored) { input type="hidden" name=(stored) value=(value); }
        }
        (select("status", "Status", query.text("status"), Status::VARIANTS.iter().map(|s| (s.into(), labels::status(*s)))))
        (search("name", "Name"))
        (search("description", "Description"))
        (search("developer_email", "Developer’s e-mail"))
        (select("category", "Category", query.text("category"), labels::categories("").into_iter().skip(1)))
        (select("api_permission", "API Permissions", query.text("api_permission"),
            ApiPermission::VARIANTS.iter().map(|p| (p.as_str(), p.title()))))
        (select("integration_type", "Integration Type", query.text("integration_type"),
            IntegrationType::VARIANTS.iter().map(|t| (t.as_str(), labels::integration_type(*t)))))
        (select("developer_status", "Developer", query.text("developer_status"),
            DeveloperStatus::VARIANTS.iter().map(|s| (s.as_str(), labels::developer_status(*s)))))
        (select("entity", "Entity", query.text("entity"), entities.map(|(id, name)| (id.as_str(), name.as_str()))))
        (date("created_from", "Created from (UTC)", query.text("created_from")))
        (date("created_to", "Created to (UTC)", query.text("created_to")))
        (date("unused_since", "Unused since (UTC)", query.text("unused_since")))
    };
    let clear = html! { @if any(query) { a.button.plain href=(APPS) { "Clear filters" } } };
    html! {
        div.fold.open[any(query)] id="filters" {
            a.button.plain href="#filters" { "Filters" }
            (filter_form::form(APPS, "Filter the applications", &fields, &clear))
        }
    }
}
