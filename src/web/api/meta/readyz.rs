//! `GET /readyz`: whether requests had better go here or elsewhere.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::StoreError;
use crate::web::error::Problem;
use crate::web::service::Service;

/// A clock that is further from the database's than this is worth a look, long before commands are refused for it.
const CLOCK_TOLERANCE_MILLIS: u64 = 5_000;

/// That the node is ready, and what is wrong with it all the same.
#[derive(Serialize, ToSchema)]
pub struct ReadyStatus {
    /// Always `ok`. Other states have other HTTP status codes.
    #[schema(value_type = String)]
    status: &'static str,
    /// Problems that do not stop the node: `clock` if its clock is seconds away from the database's;
    /// `unreadable_events` if the log contains events that cannot be read, so that whatever they concern is locked.
    #[schema(value_type = Vec<String>)]
    degraded: Vec<&'static str>,
}

/// Check whether the service is ready
///
/// Whether a command could be committed now, found out by committing something that nobody reads, at most once a
/// second, and answered within a second. A standby, a full disk, missing privileges, a missing synchronous standby, a
/// wrong clock and a database that is away all mean no.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Service",
    responses(
        (status = 200, description = "It could.", body = ReadyStatus),
        (status = 503, description = "`unavailable`: it could not, for the `reason` that is given; see `Retry-After`.", body = Problem, content_type = "application/problem+json"),
    ),
    security(())
)]
pub async fn readyz(State(service): State<Service>) -> Result<Json<ReadyStatus>, Problem> {
    if service.is_draining() {
        let draining = StoreError::unavailable("this node is draining and will stop soon");
        return Err(Problem::not_ready(&draining));
    }
    service.is_ready().await.map_err(|error| Problem::not_ready(&error))?;
    let clock_is_off = service.log.writer.clocks().difference_millis().unsigned_abs() > CLOCK_TOLERANCE_MILLIS;
    let degraded = [
        (clock_is_off, "clock"),
        (service.unreadable_events().await > 0, "unreadable_events"),
    ];
    let degraded = degraded
        .into_iter()
        .filter_map(|(is_wrong, what)| is_wrong.then_some(what));
    Ok(Json(ReadyStatus {
        status: "ok",
        degraded: degraded.collect(),
    }))
}
