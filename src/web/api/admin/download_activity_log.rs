//! `GET /integration-apps/{id}/activity-log` and `GET /activity-log`: downloads of the log (R29).

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, TryStreamExt, stream};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::log_format::LogFormat;
use gatebook_aggregates::timestamp::Timestamp;
use serde::Deserialize;

use crate::activity_log::{LogPeriod, Scope, export, file_name};
use crate::application::{Caller, ReadSlot};
use crate::web::api::admin::change::InPath;
use crate::web::api::admin::negotiation::log_format;
use crate::web::api::json::{Fields, ReadProblems, given};
use crate::web::error::Problem;
use crate::web::extract::{Admin, PathOf, QueryOf};
use crate::web::service::Service;

/// The period of the log to download.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RangeQuery {
    /// The start of the period, inclusive (RFC 3339, with `Z` or an offset; years 1970 to 9998). In a query, write the
    /// `+` of an offset as `%2B`. An empty value counts as left out.
    from: Option<String>,
    /// The end of the period, exclusive (RFC 3339, as `from`); not before `from`. A time in the future means until now:
    /// the log ends with this download. An empty value counts as left out.
    to: Option<String>,
}

/// Download an application's activity log
///
/// The download itself is recorded in the log.
#[utoipa::path(
    get,
    path = "/api/v1/integration-apps/{id}/activity-log",
    tag = "Admins",
    params(InPath, RangeQuery),
    responses(
        (status = 200, description = "The log, oldest event first, in the format that `Accept` asks for", content(
            (String = "text/csv"), (String = "application/x-ndjson")
        )),
        (status = 406, description = "`not_acceptable`", body = Problem, content_type = "application/problem+json"),
        ReadProblems
    ),
    security(("user_token" = []))
)]
pub async fn download_activity_log(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    QueryOf(query): QueryOf<RangeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app_log(&service, &caller, id, &query, log_format(&headers)?).await
}

/// Download the group's activity log
///
/// All its applications, and the group itself.
#[utoipa::path(
    get,
    path = "/api/v1/activity-log",
    tag = "Admins",
    params(RangeQuery),
    responses(
        (status = 200, description = "The log, oldest event first, in the format that `Accept` asks for", content(
            (String = "text/csv"), (String = "application/x-ndjson")
        )),
        (status = 406, description = "`not_acceptable`", body = Problem, content_type = "application/problem+json"),
        ReadProblems
    ),
    security(("user_token" = []))
)]
pub async fn download_group_activity_log(
    Admin(caller): Admin,
    State(service): State<Service>,
    QueryOf(query): QueryOf<RangeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    group_log(&service, &caller, &query, log_format(&headers)?).await
}

/// Downloads the log of an application. The download is recorded first.
pub async fn app_log(
    service: &Service,
    caller: &Caller,
    id: AppId,
    query: &RangeQuery,
    format: LogFormat,
) -> Result<Response, Problem> {
    let (from, to) = query.read()?;
    let slot = service.read_slot(caller).await?;
    let recorded = service.record_app_log_download(caller, id, format, from, to).await?;
    let range = LogPeriod {
        from,
        to,
        up_to_position: recorded.up_to_position,
    };
    download(service, Scope::App(id), range, &recorded.name, format, slot).await
}

/// Downloads the log of the caller's group. The download is recorded first.
pub async fn group_log(
    service: &Service,
    caller: &Caller,
    query: &RangeQuery,
    format: LogFormat,
) -> Result<Response, Problem> {
    let (from, to) = query.read()?;
    let slot = service.read_slot(caller).await?;
    let group_id = caller.member()?.group_id().clone();
    let recorded = service
        .record_group_log_download(caller, &group_id, format, from, to)
        .await?;
    let range = LogPeriod {
        from,
        to,
        up_to_position: recorded.up_to_position,
    };
    download(service, Scope::Group(group_id), range, &recorded.name, format, slot).await
}

/// The response starts once the first piece is available, so that an unavailable database still results in an error
/// status. The slot is held until the last piece has been sent or the client has gone.
async fn download(
    service: &Service,
    scope: Scope,
    range: LogPeriod,
    name: &str,
    format: LogFormat,
    slot: ReadSlot,
) -> Result<Response, Problem> {
    let file = file_name(&scope, name, format);
    let mut pieces = Box::pin(export(service.log.database.clone(), scope, range, format));
    let first = pieces.try_next().await?;
    let pieces = stream::iter(first.map(Ok)).chain(pieces).inspect(move |_| {
        let _held = &slot;
    });
    let body = Body::from_stream(pieces);
    let content_type = match format {
        LogFormat::Csv => "text/csv; charset=utf-8; header=present",
        LogFormat::Ndjson => "application/x-ndjson",
    };
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
        (header::VARY, "Accept".to_owned()),
        // Each download is recorded as an event, so programs must not fetch it in parts.
        (header::ACCEPT_RANGES, "none".to_owned()),
    ];
    Ok((headers, body).into_response())
}

impl RangeQuery {
    fn read(&self) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
        let mut fields = Fields::default();
        let from = moment("from", &self.from, &mut fields);
        let to = moment("to", &self.to, &mut fields);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            fields.refuse("to", "invalid_to", "“to” is before “from”.".to_owned());
        }
        fields.finish(|| Some((from, to)))
    }
}

fn moment(field: &str, text: &Option<String>, fields: &mut Fields) -> Option<Timestamp> {
    fields.time(field, given(text)?)
}
