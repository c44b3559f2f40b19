//! `GET /catalog`.

use axum::Json;

use crate::web::api::json::{Catalog, ReadProblems};
use crate::web::extract::Admin;

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
pub async fn get_catalog(_: Admin) -> Json<Catalog> {
    Json(Catalog::whole())
}
