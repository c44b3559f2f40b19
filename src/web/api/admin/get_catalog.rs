//! `GET /catalog`.

use axum::Json;
use axum::extract::State;

use crate::web::api::json::{Catalog, ReadProblems};
use crate::web::error::Problem;
use crate::web::extract::Admin;
use crate::web::service::Service;

/// Get the catalog
///
/// What you can choose from when you create an application.
#[utoipa::path(
    get,
    path = "/api/v1/catalog",
    tag = "Admins",
    responses((status = 200, description = "The categories and the types of AIQ Integrate", body = Catalog), ReadProblems),
    security(("user_token" = []))
)]
pub async fn get_catalog(Admin(caller): Admin, State(service): State<Service>) -> Result<Json<Catalog>, Problem> {
    service.callers_group(&caller).await?;
    Ok(Json(Catalog::whole()))
}
