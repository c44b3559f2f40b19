//! Download Activity Log: the same CSV file as from the JSON API.

use axum::extract::State;
use axum::response::Response;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::log_format::LogFormat;

use crate::web::api::admin::{RangeQuery, app_log, group_log};
use crate::web::error::Problem;
use crate::web::extract::{PathOf, QueryOf};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::service::Service;

/// `GET /integration-applications/{id}/activity-log`
pub async fn of_app(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
    QueryOf(range): QueryOf<RangeQuery>,
) -> Result<Response, Problem> {
    app_log(&service, user.caller(), id, &range, LogFormat::Csv).await
}

/// `GET /integration-applications/activity-log`
pub async fn of_group(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    QueryOf(range): QueryOf<RangeQuery>,
) -> Result<Response, Problem> {
    group_log(&service, user.caller(), &range, LogFormat::Csv).await
}
