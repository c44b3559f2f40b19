//! Names the applications that a change would stop.

use gatebook_aggregates::identifiers::{EntityId, GroupId};
use gatebook_aggregates::integration_app::Status;
use gatebook_projections::app_list::{Filter, Sort};
use maud::{Markup, html};

use crate::application::Failure;
use crate::web::pages::current_user::OperatorUser;
use crate::web::service::Service;

/// How many applications are named.
const NAMED: usize = 10;
/// How many applications are fetched to find those that are not revoked.
const LOOKED_AT: u32 = 200;

/// The applications of a group that are not revoked, limited to those with `entity` if it is given.
pub(super) async fn applications(
    service: &Service,
    operator: &OperatorUser,
    group: &GroupId,
    entity: Option<EntityId>,
) -> Result<Markup, Failure> {
    let filter = Filter {
        group_id: Some(group.clone()),
        entity,
        ..Filter::default()
    };
    let found = service
        .all_apps(operator.operator()?, &filter, Sort::Name, None, LOOKED_AT)
        .await?;
    let live = found.items.iter().filter(|view| view.app().status != Status::Revoked);
    let names: Vec<_> = live.map(|view| view.app().name.as_str()).collect();
    let more = names.len() > NAMED || found.next.is_some();
    Ok(html! {
        @if names.is_empty() {
            p { "No applications are affected at the moment." }
        } @else {
            p { "These applications are affected:" }
            ul {
                @for name in names.iter().take(NAMED) { li { bdi { (name) } } }
                @if more { li { "and more" } }
            }
        }
    })
}
