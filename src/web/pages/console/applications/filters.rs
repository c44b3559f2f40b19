//! The filters above the list of applications, and links that keep them.

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::attention::Attention;
use gatebook_aggregates::integration_app::IntegrationType;
use gatebook_projections::app_list::DeveloperStatus;
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};
use strum::VariantArray;

use crate::web::pages::components::icons::{Icon, chevron, icon};
use crate::web::pages::console::applications::labels;
use crate::web::pages::console::applications::shared::APPS;
use crate::web::pages::filter_form::{date, search, select};
use crate::web::pages::form::Form;

/// The filter parameters.
const FILTERS: [&str; 14] = [
    "status",
    "name",
    "description",
    "developer_email",
    "category",
    "api_permission",
    "integration_type",
    "developer_status",
    "attention",
    "entity",
    ENTITY_SEARCH,
    "created_from",
    "created_to",
    "unused_since",
];
/// Other parameters that links of the list keep.
const CARRIED_ALONG: [&str; 2] = ["sort", "limit"];
/// The order that holds when none is chosen.
const NEWEST_FIRST: &str = "-created_at";
/// The orders of the list.
const ORDERS: [(&str, &str); 6] = [
    (NEWEST_FIRST, "Newest first"),
    ("created_at", "Oldest first"),
    ("name", "Name"),
    ("-name", "Name, backwards"),
    ("status", "Status"),
    ("-status", "Status, backwards"),
];
/// A part of the name of an entity, instead of its id.
pub const ENTITY_SEARCH: &str = "entity_search";

/// Whether any filter is set.
pub fn any(query: &Form) -> bool {
    FILTERS.iter().any(|name| query.filled(name).is_some())
}

/// Whether the status is all that is filtered by.
pub fn only_status(query: &Form) -> bool {
    FILTERS.iter().skip(1).all(|name| query.filled(name).is_none())
}

/// A link to the first page of the same list, with these parameters changed; an empty value leaves one out.
pub fn href(query: &Form, changed: &[(&str, &str)]) -> String {
    let changed_value = |name: &str| changed.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
    let kept = FILTERS.iter().chain(&CARRIED_ALONG);
    let kept = kept.map(|name| (*name, changed_value(name).or(query.filled(name)).unwrap_or_default()));
    let others = changed
        .iter()
        .filter(|(name, _)| !FILTERS.contains(name) && !CARRIED_ALONG.contains(name));
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    parameters.extend_pairs(kept.chain(others.copied()).filter(|(_, value)| !value.is_empty()));
    match parameters.finish() {
        none if none.is_empty() => APPS.to_owned(),
        parameters => format!("{APPS}?{parameters}"),
    }
}

/// The search and the filters, each behind a chip that says what is set. On phones the chips are behind *Filters*.
pub fn form(group: &GroupRow, query: &Form, told: &str) -> Markup {
    html! {
        form.toolbar method="get" action=(APPS) role="search" aria-label="Filter the applications" {
            @for kept in ["status", "limit"] {
                @if let Some(value) = query.filled(kept) { input type="hidden" name=(kept) value=(value); }
            }
            div.search {
                label.unseen for="filter-name" { "Name" }
                (icon(Icon::Search))
                input id="filter-name" name="name" type="search" value=(query.text("name")) autocomplete="off"
                    placeholder="Search applications";
            }
            a.button.filters-link href="#filters" { "Filters" }
            div.chips id="filters" {
                @for chip in chips(group, query) { (chip.show(query)) }
                (order(query.text("sort")))
                @if any(query) { a.button.plain href=(APPS) { "Clear filters" } }
            }
            p.told role="status" { (told) }
        }
    }
}

/// The order, for phones, where the table has no head.
fn order(chosen: &str) -> Markup {
    let chosen = if chosen.is_empty() { NEWEST_FIRST } else { chosen };
    html! {
        details.chip.menu.narrow-only {
            summary { "Order" (chevron()) }
            div.menu-list.left {
                div.choose {
                    div.field {
                        label for="filter-sort" { "Order" }
                        select id="filter-sort" name="sort" {
                            @for (order, title) in ORDERS { option value=(order) selected[order == chosen] { (title) } }
                        }
                    }
                    button.button.small type="submit" { "Apply" }
                }
            }
        }
    }
}

/// A filter of one or two fields.
struct Chip<'a> {
    title: &'static str,
    /// The fields' names, each with the words for its value if it has one.
    fields: Vec<(&'static str, Option<&'a str>)>,
    inputs: Markup,
}

fn chips<'a>(group: &'a GroupRow, query: &'a Form) -> Vec<Chip<'a>> {
    let text = |name| query.text(name);
    let typed = |name: &'static str| (name, query.filled(name));
    let in_words = |name: &'static str, words: &dyn Fn(&'a str) -> &'a str| (name, query.filled(name).map(words));
    vec![
        Chip {
            title: "Developer",
            fields: vec![
                in_words("developer_status", &|code| {
                    let all = DeveloperStatus::VARIANTS.iter().copied();
                    titled(
                        all.map(|status| (status.as_str(), labels::developer_status(status))),
                        code,
                    )
                }),
                typed("developer_email"),
            ],
            inputs: html! {
                (select("developer_status", "Developer", text("developer_status"),
                    DeveloperStatus::VARIANTS.iter().map(|s| (s.as_str(), labels::developer_status(*s)))))
                (search("developer_email", "Developer’s e-mail", text("developer_email")))
            },
        },
        Chip {
            title: "Attention",
            fields: vec![in_words("attention", &|code| titled(reasons(), code))],
            inputs: select("attention", "Needs attention", text("attention"), reasons()),
        },
        Chip {
            title: "Category",
            fields: vec![in_words("category", &labels::category)],
            inputs: select(
                "category",
                "Category",
                text("category"),
                labels::categories("").into_iter().skip(1),
            ),
        },
        Chip {
            title: "Entity",
            fields: vec![in_words("entity", &|id| entity_name(group, id)), typed(ENTITY_SEARCH)],
            inputs: html! {
                @if let Some(id) = query.filled("entity") { input type="hidden" name="entity" value=(id); }
                (search(ENTITY_SEARCH, "Entity name or id", text(ENTITY_SEARCH)))
            },
        },
        Chip {
            title: "Permission",
            fields: vec![in_words("api_permission", &|code| titled(permissions(), code))],
            inputs: select(
                "api_permission",
                "API Permissions",
                text("api_permission"),
                permissions(),
            ),
        },
        Chip {
            title: "Created",
            fields: vec![typed("created_from"), typed("created_to")],
            inputs: html! {
                (date("created_from", "Created from (UTC)", text("created_from")))
                (date("created_to", "Created to (UTC)", text("created_to")))
            },
        },
        Chip {
            title: "More",
            fields: vec![
                in_words("integration_type", &|code| titled(types(), code)),
                typed("unused_since"),
                typed("description"),
            ],
            inputs: html! {
                (select("integration_type", "Integration Type", text("integration_type"), types()))
                (date("unused_since", "Unused since (UTC)", text("unused_since")))
                (search("description", "Description", text("description")))
            },
        },
    ]
}

fn reasons() -> impl Iterator<Item = (&'static str, &'static str)> {
    let each = Attention::VARIANTS.iter();
    std::iter::once(("any", "For any reason")).chain(each.map(|reason| (reason.as_str(), reason.title())))
}

fn permissions() -> impl Iterator<Item = (&'static str, &'static str)> {
    ApiPermission::VARIANTS.iter().map(|p| (p.as_str(), p.title()))
}

fn types() -> impl Iterator<Item = (&'static str, &'static str)> {
    IntegrationType::VARIANTS
        .iter()
        .map(|t| (t.as_str(), labels::integration_type(*t)))
}

/// The title of a code, or the code itself.
fn titled(mut all: impl Iterator<Item = (&'static str, &'static str)>, code: &str) -> &str {
    all.find(|(known, _)| *known == code).map_or(code, |(_, title)| title)
}

fn entity_name<'a>(group: &'a GroupRow, id: &'a str) -> &'a str {
    let found = group.customer.entities.iter().find(|(known, _)| known.as_str() == id);
    found.map_or(id, |(_, name)| name.as_str())
}

impl Chip<'_> {
    /// Where one of its fields is set, it names the value and can be taken away.
    fn show(&self, query: &Form) -> Markup {
        let set: Vec<_> = self.fields.iter().filter_map(|(_, words)| *words).collect();
        let without: Vec<_> = self.fields.iter().map(|(name, _)| (*name, "")).collect();
        let menu = html! {
            summary {
                (self.title)
                @if !set.is_empty() { ": " b.clip { bdi { (set.join(", ")) } } }
                (chevron())
            }
            div.menu-list.left { div.choose { (self.inputs) button.button.small type="submit" { "Apply" } } }
        };
        html! {
            @if set.is_empty() {
                details.chip.menu { (menu) }
            } @else {
                div.chip.set {
                    details.menu { (menu) }
                    a.clear href=(href(query, &without)) aria-label={ "Do not filter by " (self.title) } { (icon(Icon::Cross)) }
                }
            }
        }
    }
}
