//! What an application is used for, on its page.

use maud::{Markup, html};

use crate::application::AppView;
use crate::web::error::Problem;
use crate::web::pages::console::applications::shared::app_path;
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::Form;
use crate::web::pages::usage::{EntityNames, by_entity, by_reason, refusals, section};
use crate::web::service::Service;

/// Its sections: usage, refusals by reason, calls by entity, and the last refusals.
pub async fn of(service: &Service, user: &ConsoleUser, view: &AppView, query: &Form) -> Result<Markup, Problem> {
    let (id, now, reader) = (view.app().app_id, service.clock.now(), user.caller().reader()?);
    let usage = service.usage_of_listed(&[id]).await?.remove(&id).unwrap_or_default();
    let entities = service.app_usage_by_entity(reader, id, service.usage_period()).await?;
    let searched = query.filled("request_id");
    let last = service.app_refusals(reader, id, searched).await?;
    let names = view.group().customer.entities.iter();
    let names: EntityNames<'_> = names.map(|(id, name)| (id.as_str(), name.as_str())).collect();
    Ok(html! {
        (section(&usage, now))
        (by_reason(&usage))
        (by_entity(&entities, &names, now))
        (refusals(&last, &names, (&app_path(id, ""), searched), now))
    })
}
