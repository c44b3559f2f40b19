//! `GET /projections`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::replay;
use crate::web::api::json::{Items, OperatorReadProblems};
use crate::web::error::Problem;
use crate::web::extract::Operator;
use crate::web::service::Service;

/// The status of a projection.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProjectionStatus)]
pub struct ProjectionStatusJson {
    /// The name of the projection, which is also its table.
    name: &'static str,
    /// The number of times its table has been rebuilt, plus one.
    generation: i64,
    /// The version of the fold that filled the table.
    fold_version: i64,
    /// The version of the fold in this program.
    code_fold_version: i64,
    /// Whether the two versions differ, so that the table needs a rebuild.
    stale: bool,
    /// The number of rows.
    rows: i64,
    /// The position of the last event that changed one of its rows; 0 without rows.
    position: i64,
    /// The last position of the log. It is usually higher, because not every event changes every projection.
    head: i64,
    /// When it was last rebuilt.
    #[schema(required)]
    rebuilt_at: Option<String>,
    /// The rebuild that is running or was interrupted.
    #[schema(required)]
    rebuilding: Option<RebuildingJson>,
    /// The error that stopped the last rebuild.
    #[schema(required)]
    last_error: Option<String>,
}

/// A rebuild that is running or was interrupted.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Rebuilding)]
struct RebuildingJson {
    /// The position from which it has to catch up once all streams are copied.
    from: i64,
    /// How far it has come.
    cursor: String,
}

/// List projections
///
/// Where each of them stands.
#[utoipa::path(
    get,
    path = "/operator/api/v1/projections",
    tag = "Operators",
    responses((status = 200, description = "All projections", body = Items<ProjectionStatusJson>), OperatorReadProblems),
    security(("operator_token" = []))
)]
pub async fn get_projections(
    _operator: Operator,
    State(service): State<Service>,
) -> Result<Json<Items<ProjectionStatusJson>>, Problem> {
    let status = replay::status(&service.log.database).await?;
    Ok(Json(Items {
        items: status.into_iter().map(ProjectionStatusJson::from).collect(),
    }))
}

impl From<replay::ProjectionStatus> for ProjectionStatusJson {
    fn from(status: replay::ProjectionStatus) -> Self {
        let rebuilding = status
            .rebuilding
            .map(|replay::Rebuilding { from, cursor }| RebuildingJson { from, cursor });
        Self {
            name: status.name,
            generation: status.generation,
            fold_version: status.fold_version,
            code_fold_version: status.code_fold_version,
            stale: status.stale,
            rows: status.rows,
            position: status.position,
            head: status.head,
            rebuilt_at: status.rebuilt_at,
            rebuilding,
            last_error: status.last_error,
        }
    }
}
