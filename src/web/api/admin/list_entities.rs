//! `GET /entities`.

use axum::Json;
use axum::extract::State;

use crate::web::api::json::{Items, Named, ReadProblems};
use crate::web::error::Problem;
use crate::web::extract::Admin;
use crate::web::service::Service;

/// List entities
///
/// All entities of your group. Every user of the group may ask.
#[utoipa::path(
    get,
    path = "/api/v1/entities",
    tag = "Admins",
    responses((status = 200, description = "The group's entities, by id", body = Items<Named>), ReadProblems),
    security(("user_token" = []))
)]
pub async fn list_entities(
    Admin(caller): Admin,
    State(service): State<Service>,
) -> Result<Json<Items<Named>>, Problem> {
    let _slot = service.read_slot(&caller).await?;
    Ok(Json(Items {
        items: Named::entities(caller.member()?.group()),
    }))
}
