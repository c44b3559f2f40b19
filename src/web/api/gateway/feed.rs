//! `GET /gateway/feed`: R26, for gateways that hold answers of `/gateway/verify`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::application::{FeedQuestion, LogPlace};
use crate::web::api::gateway::resource_server::AuthenticatedResourceServer;
use crate::web::error::Problem;
use crate::web::extract::QueryOf;
use crate::web::service::Service;

/// The longest wait in seconds. Proxies give a request up that takes longer than a minute or a half.
const WAIT_MAX: u64 = 20;

/// Where a gateway asks from, and how long it waits.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedQuery {
    /// What the gateway holds is true here: the `to` of the answer before this one. Without it, `all` is true.
    after: Option<String>,
    /// How many seconds to wait for something to drop, 0 to 20; the default is 0.
    #[param(value_type = Option<u64>, minimum = 0, maximum = 20)]
    wait: Option<String>,
}

/// What a gateway has to drop of the answers of `/gateway/verify` that it holds.
#[derive(Serialize, ToSchema)]
pub struct GatewayFeed {
    /// The `after` of the request.
    from: Option<String>,
    /// The end of the log, as `<position>.<event id>`. What is still held afterwards is true here, and only an answer with
    /// this `as_of` may be added to it.
    to: String,
    /// What to drop, unless it is everything.
    evict: Evicted,
    /// Whether to drop everything: the node does not know what happened since `after`, or it touches everything.
    all: bool,
    /// Where the projections stand. Drop everything when it is another number than before.
    generation: i64,
    /// The time of the node that answers, RFC 3339. Compare `good_until` with it.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The key that it is signed with; see `/gateway/feed-key`.
    key_id: String,
    /// Ed25519 over these lines, in unpadded base64url. Each line ends with a line feed: `gatebook feed v1`; `from` (an empty
    /// line if it is null), `to`, `at`, `generation` and `all`, as they are in the answer; then for each key of `evict`, in the
    /// order of the keys, and each of its ids, in their order here, the key, a space and the id.
    signature: String,
}

/// What to drop. Whoever finds a key here that they do not know drops everything.
#[derive(Serialize, ToSchema)]
pub struct Evicted {
    /// Ids of applications.
    applications: Vec<String>,
    /// Ids of groups.
    groups: Vec<String>,
    /// Ids of installations. There are none so far.
    installations: Vec<String>,
    /// Ids of tokens.
    tokens: Vec<String>,
}

/// Follow what takes rights away
///
/// For gateways that hold answers of `/gateway/verify` in memory. With `wait=0` the node answers after it has asked the
/// database, after this request came: whoever asks before each check, shares one call among all checks that wait, and drops
/// what it says, never passes what was revoked before the check began. With `wait=20` it is answered when there is
/// something to drop, or after 20 seconds; or sooner while very many gateways wait, and when the node is about to end.
#[utoipa::path(
    get,
    path = "/gateway/feed",
    tag = "Gateways",
    params(FeedQuery),
    responses(
        (status = 200, description = "What to drop.", body = GatewayFeed),
        (status = 401, description = "`unauthenticated`: these are not the credentials of a resource server. The \
                                      answer has a Basic challenge.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid_after`, `invalid_wait`, `unknown_field`, `duplicate_field`, \
                                      `invalid_utf8`.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: too many failed attempts; see `Retry-After`.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: it cannot be told what happened, so let nothing pass. See \
                                      `Retry-After`.", body = Problem, content_type = "application/problem+json"),
    ),
    security(("resource_server" = []))
)]
pub async fn follow_feed(
    State(service): State<Service>,
    AuthenticatedResourceServer { as_of, .. }: AuthenticatedResourceServer,
    QueryOf(query): QueryOf<FeedQuery>,
) -> Result<Json<GatewayFeed>, Problem> {
    let (after, wait) = query.read()?;
    let question = FeedQuestion {
        after,
        wait,
        known: as_of,
    };
    let answer = service.feed(question).await?;
    let changes = answer.changes;
    Ok(Json(GatewayFeed {
        from: answer.from.as_ref().map(ToString::to_string),
        to: LogPlace::from(&changes.to).to_string(),
        evict: Evicted {
            applications: changes.applications.iter().map(ToString::to_string).collect(),
            groups: changes.groups.iter().map(ToString::to_string).collect(),
            installations: Vec::new(),
            tokens: changes.tokens.iter().map(ToString::to_string).collect(),
        },
        all: changes.all,
        generation: changes.to.generations,
        at: answer.at,
        key_id: service.feed_key().key_id.clone(),
        signature: answer.signature,
    }))
}

impl FeedQuery {
    fn read(&self) -> Result<(Option<LogPlace>, Duration), Problem> {
        let after = self.after.as_deref().filter(|after| !after.is_empty());
        let after = after.map(str::parse).transpose().map_err(|_| {
            let message = "“after” is the “to” of an earlier answer, such as 42.0199b2ca-2b3c-7d4e-8f50-6b7c8d9e0f1a. \
                           Leave it out to begin.";
            Problem::field("after", "invalid_after", message)
        })?;
        let wait = self.wait.as_deref().map_or(Some(0), seconds).ok_or_else(|| {
            let message = format!("“wait” is a number of seconds, 0 to {WAIT_MAX}.");
            Problem::field("wait", "invalid_wait", &message)
        })?;
        Ok((after, Duration::from_secs(wait)))
    }
}

fn seconds(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|seconds| is_number && *seconds <= WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(after: Option<&str>, wait: Option<&str>) -> Result<(Option<String>, u64), String> {
        let [after, wait] = [after, wait].map(|text| text.map(str::to_owned));
        let read = FeedQuery { after, wait }.read();
        let read = read.map(|(after, wait)| (after.map(|place| place.to_string()), wait.as_secs()));
        read.map_err(|problem| problem.code)
    }

    #[test]
    fn a_place_and_a_wait_are_both_optional() {
        assert_eq!(read(None, None), Ok((None, 0)));
        assert_eq!(read(Some(""), Some("0")), Ok((None, 0)));
        assert_eq!(read(Some("7.ab-c"), Some("20")), Ok((Some("7.ab-c".to_owned()), 20)));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for after in ["7", "7.", "x.y", "-1.ab", "7.a b"] {
            assert_eq!(read(Some(after), None), Err("invalid_after".to_owned()), "{after}");
        }
        for wait in ["", "21", "-1", "+1", "1.5", "x", "99999999999999999999"] {
            assert_eq!(read(None, Some(wait)), Err("invalid_wait".to_owned()), "{wait}");
        }
    }
}
