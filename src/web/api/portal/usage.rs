//! `GET /portal/api/v1/apps/{id}/usage`, `…/usage/entities` and `…/refusals`: R22.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;

use crate::web::api::json::{EntityUsage, Items, RefusalsQuery, RefusedCheck, Usage, UsagePeriodQuery, UsageQuery};
use crate::web::api::portal::problems::SessionProblems;
use crate::web::error::Problem;
use crate::web::extract::{AuthenticatedDeveloper, PathOf, QueryOf};
use crate::web::service::Service;

/// Show my application's usage
///
/// Access tokens and checks, by day or hour. Nodes write what they count within 5 seconds.
#[utoipa::path(
    get,
    path = "/portal/api/v1/apps/{id}/usage",
    tag = "Developers",
    params(("id" = String, Path, description = "The application's id."), UsageQuery),
    responses(
        (status = 200, description = "What was counted.", body = Usage),
        (status = 403, description = "`otp_verification_needed`: verify the OTP first.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: it is not one of the developer's applications.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid_from`, `invalid_to`, `invalid_by`, `unknown_field`.", body = Problem, content_type = "application/problem+json"),
        SessionProblems,
    ),
    security(("developer_session" = []))
)]
pub async fn portal_usage(
    State(service): State<Service>,
    developer: AuthenticatedDeveloper,
    PathOf(app_id): PathOf<AppId>,
    QueryOf(query): QueryOf<UsageQuery>,
) -> Result<Json<Usage>, Problem> {
    let (period, steps) = query.read(service.clock.now())?;
    let developer = service.verified_developer(&developer.caller, app_id).await?;
    let usage = service.portal_usage(&developer, period, steps).await?;
    Ok(Json(usage.into()))
}

/// Show my application's usage by entity
///
/// Checks in a period by entity and access, most used first.
#[utoipa::path(
    get,
    path = "/portal/api/v1/apps/{id}/usage/entities",
    tag = "Developers",
    params(("id" = String, Path, description = "The application's id."), UsagePeriodQuery),
    responses(
        (status = 200, description = "The checks by entity and access.", body = Items<EntityUsage>),
        (status = 403, description = "`otp_verification_needed`: verify the OTP first.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: it is not one of the developer's applications.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid_from`, `invalid_to`, `unknown_field`.", body = Problem, content_type = "application/problem+json"),
        SessionProblems,
    ),
    security(("developer_session" = []))
)]
pub async fn portal_usage_by_entity(
    State(service): State<Service>,
    developer: AuthenticatedDeveloper,
    PathOf(app_id): PathOf<AppId>,
    QueryOf(query): QueryOf<UsagePeriodQuery>,
) -> Result<Json<Items<EntityUsage>>, Problem> {
    let period = query.read(service.clock.now())?;
    let developer = service.verified_developer(&developer.caller, app_id).await?;
    let entities = service.portal_usage_by_entity(&developer, period).await?;
    let items = entities.into_iter().map(EntityUsage::from).collect();
    Ok(Json(Items { items }))
}

/// List my application's last refusals
///
/// The last 100 checks that were refused, newest first.
#[utoipa::path(
    get,
    path = "/portal/api/v1/apps/{id}/refusals",
    tag = "Developers",
    params(("id" = String, Path, description = "The application's id."), RefusalsQuery),
    responses(
        (status = 200, description = "The last refusals.", body = Items<RefusedCheck>),
        (status = 403, description = "`otp_verification_needed`: verify the OTP first.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: it is not one of the developer's applications.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`unknown_field`.", body = Problem, content_type = "application/problem+json"),
        SessionProblems,
    ),
    security(("developer_session" = []))
)]
pub async fn portal_refusals(
    State(service): State<Service>,
    developer: AuthenticatedDeveloper,
    PathOf(app_id): PathOf<AppId>,
    QueryOf(query): QueryOf<RefusalsQuery>,
) -> Result<Json<Items<RefusedCheck>>, Problem> {
    let developer = service.verified_developer(&developer.caller, app_id).await?;
    let refusals = service.portal_refusals(&developer, query.request_id()).await?;
    let items = refusals.into_iter().map(RefusedCheck::from).collect();
    Ok(Json(Items { items }))
}
