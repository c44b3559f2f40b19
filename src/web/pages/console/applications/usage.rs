//! What an application is used for, on its page.

use gatebook_aggregates::integration_app::Status;
use maud::{Markup, html};

use crate::application::AppView;
use crate::web::error::Problem;
use crate::web::pages::console::applications::shared::{app_path, may_change};
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::Form;
use crate::web::pages::unused_grants;
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
    let unused = service.unused_grants(reader, id).await?;
    let changes = may_change(user) && view.app().status != Status::Revoked;
    let narrow = changes.then(|| app_path(id, "/edit?narrow=unused"));
    Ok(html! {
        (section(&usage, now))
        (by_reason(&usage))
        (by_entity(&entities, &names, now))
        (unused_grants::section(&unused, &names, narrow.as_deref()))
        (refusals(&last, &names, (&app_path(id, ""), searched), now))
    })
}
