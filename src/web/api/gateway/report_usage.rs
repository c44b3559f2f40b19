//! `POST /gateway/usage`: what gateways answered themselves, so that it is counted.

use std::str::FromStr;

use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::api_permission::Access;
use gatebook_aggregates::gate::Verdict;
use gatebook_aggregates::identifiers::EntityId;
use serde::Deserialize;
use strum::IntoEnumIterator;
use utoipa::ToSchema;

use crate::application::ReportedChecks;
use crate::web::api::gateway::object::Object;
use crate::web::api::gateway::resource_server::AuthenticatedResourceServer;
use crate::web::error::Problem;
use crate::web::extract::JsonBody;
use crate::web::service::Service;

/// The largest number of kinds of checks in one report. Its body is limited, too.
const KINDS_MAX: usize = 1_000;
/// The largest number of checks of one kind in one report.
const COUNT_MAX: u64 = 1_000_000_000;

/// What a gateway answered itself since its last report.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageReport {
    /// Up to 1,000 kinds of checks.
    #[schema(value_type = Vec<CountedChecks>)]
    checks: Vec<Object<CountedChecks>>,
}

/// Checks of one kind.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountedChecks {
    /// The id of the application, from the answer of `/gateway/verify`.
    app_id: String,
    /// The id of the entity that they were about; left out or null if none was named.
    entity: Option<String>,
    /// `read` or `write`; left out or null if it was neither.
    access: Option<String>,
    /// What was answered: `ok` or another `reason` of `/gateway/verify`.
    reason: String,
    /// How many there were, 1 to 1,000,000,000.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    count: u64,
}

/// Report checks that a gateway answered itself
///
/// For gateways that hold answers of `/gateway/verify` in memory: otherwise nobody would know what is used. Report each check
/// once, every minute or so. If the answer is lost, report the same again; some checks are then counted twice.
#[utoipa::path(
    post,
    path = "/gateway/usage",
    tag = "Gateways",
    request_body = UsageReport,
    responses(
        (status = 204, description = "It was counted."),
        (status = 400, description = "`invalid_json`: the body is not a JSON object.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`: these are not the credentials of a resource server. The \
                                      answer has a Basic challenge.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`: the body is larger than 64 KiB.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`: the body is not sent as JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`required`, `too_many_checks`, `invalid_app_id`, `invalid_entity`, `invalid_access`, \
                                      `invalid_reason`, `invalid_count`, `unknown_field`. Nothing was counted.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: too many failed attempts; see `Retry-After`.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: it cannot be read whose credentials or applications these are. Nothing was counted. See `Retry-After`.", body = Problem, content_type = "application/problem+json"),
    ),
    security(("resource_server" = []))
)]
pub async fn report_usage(
    State(service): State<Service>,
    _: AuthenticatedResourceServer,
    JsonBody { value: report, .. }: JsonBody<UsageReport>,
) -> Result<StatusCode, Problem> {
    let reported = report.read()?;
    service.checks_reported(&reported).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl UsageReport {
    fn read(&self) -> Result<Vec<ReportedChecks>, Problem> {
        if self.checks.len() > KINDS_MAX {
            let message = format!("Report at most {KINDS_MAX} kinds of checks at once.");
            return Err(Problem::field("checks", "too_many_checks", &message));
        }
        self.checks.iter().map(|Object(checks)| checks.read()).collect()
    }
}

impl CountedChecks {
    fn read(&self) -> Result<ReportedChecks, Problem> {
        let app_id = self.app_id.parse().map_err(|_| {
            let message = "“app_id” is the id of an application, as /gateway/verify says it.";
            Problem::field("app_id", "invalid_app_id", message)
        })?;
        let entity = self.entity.as_deref().map(EntityId::parse).transpose().map_err(|_| {
            let message = "“entity” is the id of an entity. Leave it out if none was named.";
            Problem::field("entity", "invalid_entity", message)
        })?;
        let access = self.access.as_deref().map(Access::from_str).transpose().map_err(|_| {
            let message = "“access” is “read” or “write”. Leave it out if it was neither.";
            Problem::field("access", "invalid_access", message)
        })?;
        let mut verdicts = Verdict::iter();
        let verdict = verdicts.find(|verdict| verdict.code() == self.reason).ok_or_else(|| {
            let message = "“reason” is one of the reasons of /gateway/verify.";
            Problem::field("reason", "invalid_reason", message)
        })?;
        if !(1..=COUNT_MAX).contains(&self.count) {
            let message = "“count” is a number from 1 to 1,000,000,000.";
            return Err(Problem::field("count", "invalid_count", message));
        }
        Ok(ReportedChecks {
            app_id,
            entity,
            access,
            verdict,
            count: self.count,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(checks: &Value) -> Result<Vec<u64>, String> {
        let report: UsageReport = serde_json::from_value(json!({ "checks": checks })).unwrap();
        let read = report.read().map_err(|problem| problem.code)?;
        Ok(read.iter().map(|checks| checks.count).collect())
    }

    fn with(field: &str, value: Value) -> Value {
        let mut checks = json!({"app_id": "0199b2cc-4d5e-7f60-8172-8d9e0f1a2b3c", "entity": "e1", "access": "read",
                                "reason": "ok", "count": 3});
        checks[field] = value;
        json!([checks])
    }

    #[test]
    fn a_report_is_a_list_of_counted_checks() {
        assert_eq!(read(&json!([])), Ok(vec![]));
        assert_eq!(read(&with("count", json!(3))), Ok(vec![3]));
        assert_eq!(read(&with("entity", Value::Null)), Ok(vec![3]));
        assert_eq!(read(&with("access", Value::Null)), Ok(vec![3]));
        let many = vec![with("count", json!(1))[0].clone(); KINDS_MAX + 1];
        assert_eq!(read(&many.into()), Err("too_many_checks".to_owned()));
    }

    #[test]
    fn what_is_none_of_ours_is_refused() {
        for (field, value) in [
            ("app_id", json!("x")),
            ("entity", json!("a b")),
            ("access", json!("delete")),
            ("reason", json!("because")),
            ("count", json!(0)),
            ("count", json!(COUNT_MAX + 1)),
        ] {
            assert_eq!(read(&with(field, value)), Err(format!("invalid_{field}")));
        }
    }
}
