//! `GET /integration-apps`.

use axum::Json;
use axum::extract::State;

use crate::web::api::json::{Application, AppsQuery, AppsQuestion, Page, ReadProblems, write_cursor};
use crate::web::error::Problem;
use crate::web::extract::{Admin, QueryOf};
use crate::web::service::Service;

/// List applications
///
/// All applications of your group.
#[utoipa::path(
    get,
    path = "/api/v1/integration-apps",
    tag = "Admins",
    params(AppsQuery),
    responses((status = 200, description = "A page of applications", body = Page<Application>), ReadProblems),
    security(("user_token" = []))
)]
pub async fn list_applications(
    Admin(caller): Admin,
    State(service): State<Service>,
    QueryOf(query): QueryOf<AppsQuery>,
) -> Result<Json<Page<Application>>, Problem> {
    let AppsQuestion {
        filter,
        sort,
        after,
        limit,
    } = query.read()?;
    let page = service
        .apps(caller.reader()?, filter, sort, after.as_ref(), limit)
        .await?;
    let items = page.items.iter().map(Application::from).collect();
    Ok(Json(Page {
        items,
        next_cursor: page.next.as_ref().map(write_cursor),
    }))
}
