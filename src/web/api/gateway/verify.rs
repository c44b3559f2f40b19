//! `POST /gateway/verify`: R25, for gateways that can send JSON.

use axum::extract::State;
use axum::{Extension, Json};
use futures::future::try_join_all;
use gatebook_aggregates::gate::Verdict;
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::application::{AskedBy, GateQuestion, Gatebook, LogPlace};
use crate::web::api::gateway::object::Object;
use crate::web::api::gateway::resource_server::AuthenticatedResourceServer;
use crate::web::error::Problem;
use crate::web::extract::JsonBody;
use crate::web::request_context::RequestContext;
use crate::web::service::Service;

/// The largest number of checks in one request.
const CHECKS_MAX: usize = 100;

/// Either one check, or a list of checks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyCall {
    /// The access token that was presented.
    token: Option<String>,
    /// The id of the entity that the call is about.
    entity: Option<String>,
    /// The kind of access: `read` or `write`.
    access: Option<String>,
    /// Up to 100 checks, instead of the three fields above.
    #[schema(value_type = Option<Vec<GateCheck>>)]
    checks: Option<Vec<Object<GateCheck>>>,
}

/// One check. A missing field results in a refusal with its own reason.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateCheck {
    /// The access token that was presented.
    token: Option<String>,
    /// The id of the entity that the call is about.
    entity: Option<String>,
    /// The kind of access: `read` or `write`.
    access: Option<String>,
}

/// The result of one check.
#[derive(Serialize, ToSchema)]
pub struct GateResult {
    /// Whether the call may pass.
    allowed: bool,
    /// `ok`, or the first reason that applies: `token_missing`, `token_malformed`, `token_invalid`, `token_expired`,
    /// `token_revoked`, `secret_retired`, `app_suspended`, `app_revoked`, `app_expired`, `group_not_on_plan`, `entity_missing`,
    /// `entity_not_assigned`, `access_not_permitted`; `unavailable` if it cannot be decided because an event of the
    /// application or its group cannot be read.
    #[schema(value_type = String)]
    reason: &'static str,
    /// The id of the token, if it is genuine.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<String>,
    /// The id of its application.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
    /// The id of the application's group.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<String>,
    /// The end of the log that the result is true at, as `<position>.<event id>`: a gateway that follows `/gateway/feed` may
    /// keep the result if this is where its last answer went to. A result without it must not be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
    /// The position of `as_of`.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<i64>,
    /// The event id of `as_of`.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    /// The `generation` of `/gateway/feed` then. A result of another generation must not be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<i64>,
    /// When time alone may change the result (RFC 3339): the token ends, the client secret that it was issued for,
    /// or the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    good_until: Option<Timestamp>,
}

/// The results of several checks, in the same order.
#[derive(Serialize, ToSchema)]
pub struct GateResults {
    /// One result for each check.
    results: Vec<GateResult>,
}

/// One result, or a list of results.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum VerifyAnswer {
    /// The result of a single check.
    One(GateResult),
    /// The results of `checks`.
    Several(GateResults),
}

/// Verify calls
///
/// Sends one check, or up to 100 at once. The status is 200 even if a call may not pass.
#[utoipa::path(
    post,
    path = "/gateway/verify",
    tag = "Gateways",
    request_body = VerifyCall,
    responses(
        (status = 200, description = "The result of each check.", body = VerifyAnswer),
        (status = 400, description = "`invalid_json`: the body is not a JSON object.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`: these are not the credentials of a resource server. The \
                                      answer has a Basic challenge.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`: the body is larger than 64 KiB.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`: the body is not sent as JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`required`, `invalid_checks` (both one check and a list), `too_many_checks`, \
                                      `unknown_field`.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: too many failed attempts; see `Retry-After`.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: it cannot be decided, so let nothing pass. See `Retry-After`.", body = Problem, content_type = "application/problem+json"),
    ),
    security(("resource_server" = []))
)]
pub async fn verify(
    State(service): State<Service>,
    Extension(context): Extension<RequestContext>,
    server: AuthenticatedResourceServer,
    JsonBody { value: call, .. }: JsonBody<VerifyCall>,
) -> Result<Json<VerifyAnswer>, Problem> {
    let asked_by = AskedBy {
        request_id: &context.request_id,
        gateway: &server.client_id,
    };
    Ok(Json(match call.read()? {
        RequestedChecks::One(check) => VerifyAnswer::One(result(&service, &check, asked_by).await?),
        RequestedChecks::Several(checks) => {
            let results = checks.iter().map(|Object(check)| result(&service, check, asked_by));
            let results = try_join_all(results).await?;
            VerifyAnswer::Several(GateResults { results })
        }
    }))
}

async fn result(service: &Gatebook, check: &GateCheck, asked_by: AskedBy<'_>) -> Result<GateResult, Problem> {
    let question = GateQuestion {
        token: check.token.as_deref().filter(|token| !token.is_empty()),
        entity: check.entity.as_deref(),
        access: check.access.as_deref(),
        asked_by,
    };
    let (answer, basis) = service.check_gate_as_of(&question).await?;
    let app = answer.facts.as_ref().map(|facts| &facts.app);
    let as_of = basis.as_ref().and_then(|basis| basis.as_of.as_ref());
    Ok(GateResult {
        allowed: answer.verdict == Verdict::Ok,
        reason: answer.verdict.code(),
        token_id: basis.as_ref().map(|basis| basis.token_id.to_string()),
        app_id: app.map(|app| app.app_id.to_string()),
        group_id: app.map(|app| app.group_id.to_string()),
        as_of: as_of.map(|mark| LogPlace::from(mark).to_string()),
        position: as_of.map(|mark| mark.position),
        event_id: as_of.map(|mark| mark.event_id.to_string()),
        generation: as_of.map(|mark| mark.generations),
        good_until: basis.as_ref().map(|basis| basis.good_until),
    })
}

/// The two forms of the request.
enum RequestedChecks {
    One(GateCheck),
    Several(Vec<Object<GateCheck>>),
}

impl VerifyCall {
    fn read(self) -> Result<RequestedChecks, Problem> {
        let Self {
            token,
            entity,
            access,
            checks,
        } = self;
        let one = token.is_some() || entity.is_some() || access.is_some();
        match checks {
            Some(_) if one => {
                let message = "Send either one check or a list under “checks”, not both.";
                Err(Problem::field("checks", "invalid_checks", message))
            }
            Some(checks) if checks.len() > CHECKS_MAX => {
                let message = format!("Send at most {CHECKS_MAX} checks at once.");
                Err(Problem::field("checks", "too_many_checks", &message))
            }
            Some(checks) => Ok(RequestedChecks::Several(checks)),
            None if one => Ok(RequestedChecks::One(GateCheck { token, entity, access })),
            None => {
                let message = "Send “token”, “entity” and “access”, or a list of them under “checks”.";
                Err(Problem::field("token", "required", message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<usize, String> {
        let call: VerifyCall = serde_json::from_str(json).unwrap();
        match call.read() {
            Ok(RequestedChecks::One(_)) => Ok(1),
            Ok(RequestedChecks::Several(checks)) => Ok(checks.len()),
            Err(problem) => Err(problem.code),
        }
    }

    #[test]
    fn a_call_is_one_check_or_a_list_of_them() {
        assert_eq!(read(r#"{"entity": "berlin"}"#), Ok(1));
        assert_eq!(read(r#"{"checks": []}"#), Ok(0));
        assert_eq!(read(r#"{"checks": [{}, {"token": "x"}]}"#), Ok(2));
        assert_eq!(read("{}"), Err("required".to_owned()));
        let both = r#"{"token": "x", "checks": []}"#;
        assert_eq!(read(both), Err("invalid_checks".to_owned()));
    }

    #[test]
    fn a_check_has_the_names_of_its_fields() {
        for list in ["[]", r#"["a", "b", "c"]"#, "null"] {
            let call = format!(r#"{{"checks": [{list}]}}"#);
            assert!(serde_json::from_str::<VerifyCall>(&call).is_err(), "{list}");
        }
    }

    #[test]
    fn a_hundred_checks_are_enough() {
        let checks = |n: usize| format!(r#"{{"checks": [{}]}}"#, vec!["{}"; n].join(","));
        assert_eq!(read(&checks(100)), Ok(100));
        assert_eq!(read(&checks(101)), Err("too_many_checks".to_owned()));
    }
}
