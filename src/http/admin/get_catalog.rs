//! `GET /catalog`.

use axum::Json;
use axum::extract::State;

use crate::http::error::Problem;
use crate::http::extract::{Admin, Service};
use crate::http::json::{Catalog, ReadProblems};

/// What can I choose from when creating an application?
#[utoipa::path(
    get,
    path = "/api/v1/catalog",
    tag = "Admins",
    responses((status = 200, description = "Categories, and types of AIQ Integrate", body = Catalog), ReadProblems),
    security(("user_token" = []))
)]
pub async fn get_catalog(Admin(caller): Admin, State(service): State<Service>) -> Result<Json<Catalog>, Problem> {
    service.callers_group(&caller).await?;
    Ok(Json(Catalog::whole()))
}
