//! R22: what the developer's application is used for, on its page.

use maud::{Markup, html};

use crate::application::{Failure, VerifiedDeveloper};
use crate::web::pages::form::Form;
use crate::web::pages::usage::{EntityNames, by_entity, by_reason, refusals, section};
use crate::web::service::Service;

/// The sections: usage, refusals by reason, calls by entity, and the last refusals. Names are shown of the entities that the
/// application has; of others the developer knows what the integration named itself.
pub async fn of(service: &Service, developer: &VerifiedDeveloper<'_>, query: &Form) -> Result<Markup, Failure> {
    let (app, now) = (developer.app(), service.clock.now());
    let id = app.app_id;
    let usage = service.usage_of_listed(&[id]).await?.remove(&id).unwrap_or_default();
    let entities = service
        .portal_usage_by_entity(developer, service.usage_period())
        .await?;
    let searched = query.filled("request_id");
    let last = service.portal_refusals(developer, searched).await?;
    let names = developer.group().customer.entities.iter();
    let names = names.filter(|(id, _)| app.entities.contains(*id));
    let names: EntityNames<'_> = names.map(|(id, name)| (id.as_str(), name.as_str())).collect();
    Ok(html! {
        (section(&usage, now))
        (by_reason(&usage))
        (by_entity(&entities, &names, now))
        (refusals(&last, &names, (&format!("/portal/apps/{id}"), searched), now))
    })
}
