//! `GET /integration-apps/{id}/events`: the activity log as JSON, newest event first.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::activity_log::{LogEntry, timeline};
use crate::application::EventsPage;
use crate::store::StoreError;
use crate::web::api::admin::change::InPath;
use crate::web::api::json::{Fields, Page, PageParameters, ReadProblems, given, read_cursor, write_cursor};
use crate::web::error::Problem;
use crate::web::extract::{Admin, PathOf, QueryOf};
use crate::web::service::Service;

/// An event with the columns of the activity log, and `details` as an object.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct TimelineEvent(Value);

/// List an application's events
///
/// What happened to it, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/integration-apps/{id}/events",
    tag = "Admins",
    params(InPath, PageParameters),
    responses((status = 200, description = "A page of events", body = Page<TimelineEvent>), ReadProblems),
    security(("user_token" = []))
)]
pub async fn list_events(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    QueryOf(query): QueryOf<PageParameters>,
) -> Result<Json<Page<TimelineEvent>>, Problem> {
    let (limit, before) = read(&query)?;
    let EventsPage { events, next } = service.app_events(caller.reader()?, id, before, limit).await?;
    let items: Result<_, _> = events
        .iter()
        .map(|event| timeline(event, id).map(TimelineEvent))
        .collect();
    Ok(Json(Page {
        items: items.map_err(StoreError::from)?,
        next_cursor: next.as_ref().map(write_cursor),
    }))
}

fn read(query: &PageParameters) -> Result<(u32, Option<i64>), Problem> {
    let mut fields = Fields::default();
    let limit = fields.limit(given(&query.limit));
    let cursor = given(&query.cursor);
    let before = cursor.and_then(read_cursor);
    if cursor.is_some() && before.is_none() {
        fields.invalid_cursor();
    }
    fields.finish(|| Some((limit?, before)))
}

impl ToSchema for TimelineEvent {}

impl PartialSchema for TimelineEvent {
    fn schema() -> RefOr<Schema> {
        let event = LogEntry::COLUMNS
            .into_iter()
            .fold(ObjectBuilder::new(), |event, column| {
                let kind = match column {
                    "position" | "sequence" => Type::Integer,
                    "details" => Type::Object,
                    _ => Type::String,
                };
                event
                    .property(column, ObjectBuilder::new().schema_type(kind))
                    .required(column)
            });
        event
            .description(Some("An event, with the columns of the activity log."))
            .into()
    }
}
