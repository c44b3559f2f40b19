//! Both versions side by side, when somebody else changed an application while a form was open.

use maud::{Markup, html};

use crate::application::AppView;
use crate::web::pages::console::applications::labels;
use crate::web::pages::end_date::{ENDS_AT, LABEL, shown};
use crate::web::pages::form::Form;

/// Whether the entered values equal the stored ones.
pub mod same {
    use std::collections::BTreeSet;

    use super::{AppView, Form};
    use crate::web::pages::end_date::{ENDS_AT, shown};

    /// In every field.
    pub fn everything(view: &AppView, form: &Form) -> bool {
        description(view, form) && category(view, form) && end_date(view, form) && entities(view, form)
    }

    /// R7.
    pub fn description(view: &AppView, form: &Form) -> bool {
        form.lines("description").trim() == view.app().description.as_str().replace("\r\n", "\n")
    }

    /// R8: a fixed category is not in the form.
    pub fn category(view: &AppView, form: &Form) -> bool {
        !form.has("category") || form.text("category") == view.app().category.as_str()
    }

    /// A form without the field leaves the end date as it is.
    pub fn end_date(view: &AppView, form: &Form) -> bool {
        !form.has(ENDS_AT) || form.text(ENDS_AT) == shown(view.app().ends_at)
    }

    /// R11.
    pub fn entities(view: &AppView, form: &Form) -> bool {
        let stored: BTreeSet<_> = view.entities().map(|(id, _)| id.as_str()).collect();
        let entered: BTreeSet<_> = form.all("entities").into_iter().collect();
        stored == entered
    }
}

/// The notice with the stored version and the entered one.
pub fn both_versions(view: &AppView, form: &Form) -> Markup {
    let app = view.app();
    html! {
        div.notice.warn role="alert" tabindex="-1" data-focus {
            h2 { "Somebody else has changed this application" }
            p {
                "Your changes have not been saved. Compare the two versions, correct yours below, and save again to \
                 replace the current version."
            }
        }
        div.scroll role="region" aria-label="Both versions" tabindex="0" {
            table.versions {
                caption.hidden { "Both versions" }
                thead {
                    tr { th scope="col" { "Field" } th scope="col" { "Current version" } th scope="col" { "Your version" } }
                }
                tbody {
                    (row("Application Description", same::description(view, form),
                        &html! { bdi.paragraph { (app.description.as_str()) } },
                        &html! { bdi.paragraph { (form.text("description")) } }))
                    @if form.has("category") {
                        (row("Category", same::category(view, form),
                            &html! { (labels::category(app.category.as_str())) },
                            &html! { bdi { (labels::category(form.text("category"))) } }))
                    }
                    @if form.has(ENDS_AT) {
                        (row(LABEL, same::end_date(view, form), &html! { (shown(app.ends_at)) },
                            &html! { bdi { (form.text(ENDS_AT)) } }))
                    }
                    (row("Entities", same::entities(view, form), &stored_entities(view), &entered_entities(view, form)))
                }
            }
        }
    }
}

fn row(title: &str, same: bool, stored: &Markup, entered: &Markup) -> Markup {
    html! {
        tr {
            th scope="row" { (title) " " @if same { span.detail { "same" } } @else { span.badge.warn { "different" } } }
            td { (stored) }
            td { (entered) }
        }
    }
}

fn stored_entities(view: &AppView) -> Markup {
    names(view.entities().map(|(_, name)| name.as_str()).collect())
}

fn entered_entities(view: &AppView, form: &Form) -> Markup {
    let all = &view.group().customer.entities;
    let chosen = form.all("entities");
    let of_group = all.iter().filter(|(id, _)| chosen.contains(&id.as_str()));
    names(of_group.map(|(_, name)| name.as_str()).collect())
}

fn names(names: Vec<&str>) -> Markup {
    html! {
        @if names.is_empty() {
            "None"
        } @else {
            ul { @for name in names { li { bdi { (name) } } } }
        }
    }
}
