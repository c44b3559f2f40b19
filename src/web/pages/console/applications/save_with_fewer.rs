//! Before entities are taken from an application: the page that asks first and tells what that would have stopped; and the form
//! with the entities narrowed to those in use.

use std::collections::BTreeSet;

use gatebook_aggregates::integration_app::{Changes, EntitiesEdit};
use maud::{Markup, html};

use crate::application::{AppChange, AppView, UnusedGrants};
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::console::applications::labels;
use crate::web::pages::console::applications::shared::{app_path, page_of_app};
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::{Form, SHOW_AGAIN};
use crate::web::pages::form_token::token;
use crate::web::pages::rehearsal;
use crate::web::service::Service;

/// The field of whoever was asked.
const SURE: &str = "sure";
/// How many entities are named.
const NAMED: usize = 10;

/// The page that asks; none if nothing is taken away, whoever sent the form was asked already, or the change will be refused.
pub async fn ask(
    service: &Service,
    user: &ConsoleUser,
    view: &AppView,
    form: &Form,
    changes: &Changes,
) -> Option<Markup> {
    let Some(EntitiesEdit::All(after)) = changes.entities.as_ref() else {
        return None;
    };
    let lost: Vec<_> = view.entities().filter(|(id, _)| !after.contains(*id)).collect();
    if lost.is_empty() || form.has(SURE) {
        return None;
    }
    let change = AppChange::Edit(changes.clone());
    let id = view.app().app_id;
    // Why it is refused is told on the form.
    let rehearsal = rehearsal::unless_refused(service, user.caller(), id, change)
        .await
        .ok()?;
    let names: Vec<_> = lost.iter().map(|(_, name)| name.as_str()).collect();
    Some(page(user, view, form, (&names, after.is_empty()), &rehearsal))
}

fn page(
    user: &ConsoleUser,
    view: &AppView,
    form: &Form,
    (lost, is_none_left): (&[&str], bool),
    rehearsal: &Markup,
) -> Markup {
    let path = app_path(view.app().app_id, "/edit");
    let act = html! {
        p { "It loses " (labels::entities(lost.len())) " at once:" }
        ul.bullets {
            @for name in lost.iter().take(NAMED) { li { bdi { (name) } } }
            @if lost.len() > NAMED { li { "and " (lost.len() - NAMED) " more" } }
        }
        @if is_none_left { p { strong { "No entity is left." } " The integration has no access to any data then." } }
        p { "You can add them again, with immediate effect." }
        form.question method="post" action=(path) {
            (token(&user.session.form_token))
            (form.hidden())
            input type="hidden" name=(SURE) value="yes";
            div.actions {
                button.button.primary type="submit" { "Save" }
                button.button type="submit" name=(SHOW_AGAIN) value="edit" { "Back to the form" }
            }
        }
    };
    let body = html! {
        (head::title(&html! { "Save " bdi { (view.app().name.as_str()) } " with fewer entities?" }))
        (rehearsal::beside(rehearsal, "save it", &act))
    };
    page_of_app(user, view, "Save with fewer entities?", &body)
}

/// The form with only the entities that were used. Nothing is saved.
pub fn narrowed(view: &AppView, form: Form, grants: &UnusedGrants) -> Form {
    if !grants.can_be_narrowed() {
        return form;
    }
    let unused: BTreeSet<_> = grants.entities.iter().map(|unused| &unused.entity_id).collect();
    let used = view.entities().filter(|(id, _)| !unused.contains(id));
    let used: Vec<_> = used.map(|(id, _)| id.to_string()).collect();
    form.with_all("entities", used)
}

/// What the narrowed form says first.
pub fn notice() -> Markup {
    html! {
        (notice::note(Kind::Warn, &html! {
            p { "Only the entities that were used are selected. Nothing is changed until you save." }
        }))
    }
}
