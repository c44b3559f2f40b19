//! `GET /integration-apps/{id}/usage`, `…/usage/entities` and `…/refusals`: what an application is used for.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;

use crate::web::api::admin::change::InPath;
use crate::web::api::json::{
    EntityUsage, Items, ReadProblems, RefusalsQuery, RefusedCheck, Usage, UsagePeriodQuery, UsageQuery,
};
use crate::web::error::Problem;
use crate::web::extract::{Admin, PathOf, QueryOf};
use crate::web::service::Service;

/// Show an application's usage
///
/// Access tokens and checks, by day or hour. Nodes write what they count within 5 seconds; a crash loses that much at most.
#[utoipa::path(
    get,
    path = "/api/v1/integration-apps/{id}/usage",
    tag = "Admins",
    params(InPath, UsageQuery),
    responses((status = 200, description = "What was counted", body = Usage), ReadProblems),
    security(("user_token" = []))
)]
pub async fn get_usage(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    QueryOf(query): QueryOf<UsageQuery>,
) -> Result<Json<Usage>, Problem> {
    let (period, steps) = query.read(service.clock.now())?;
    let usage = service.app_usage(caller.reader()?, id, period, steps).await?;
    Ok(Json(usage.into()))
}

/// Show an application's usage by entity
///
/// Checks in a period by entity and access, most used first. An introspection names no entity.
#[utoipa::path(
    get,
    path = "/api/v1/integration-apps/{id}/usage/entities",
    tag = "Admins",
    params(InPath, UsagePeriodQuery),
    responses((status = 200, description = "The checks by entity and access", body = Items<EntityUsage>), ReadProblems),
    security(("user_token" = []))
)]
pub async fn get_usage_by_entity(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    QueryOf(query): QueryOf<UsagePeriodQuery>,
) -> Result<Json<Items<EntityUsage>>, Problem> {
    let period = query.read(service.clock.now())?;
    let entities = service.app_usage_by_entity(caller.reader()?, id, period).await?;
    let items = entities.into_iter().map(EntityUsage::from).collect();
    Ok(Json(Items { items }))
}

/// List an application's last refusals
///
/// The last 100 checks that were refused, newest first. Checks that a gateway answered itself are counted, and not here.
#[utoipa::path(
    get,
    path = "/api/v1/integration-apps/{id}/refusals",
    tag = "Admins",
    params(InPath, RefusalsQuery),
    responses((status = 200, description = "The last refusals", body = Items<RefusedCheck>), ReadProblems),
    security(("user_token" = []))
)]
pub async fn list_refusals(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    QueryOf(query): QueryOf<RefusalsQuery>,
) -> Result<Json<Items<RefusedCheck>>, Problem> {
    let refusals = service.app_refusals(caller.reader()?, id, query.request_id()).await?;
    let items = refusals.into_iter().map(RefusedCheck::from).collect();
    Ok(Json(Items { items }))
}
