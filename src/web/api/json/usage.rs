//! What applications are used for: the question, and the answers.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::application::{DAYS_SHOWN, UsageSoFar};
use crate::usage::{self, Bucket, ReadPeriod, Steps};
use crate::web::api::json::apps_query::moment;
use crate::web::api::json::fields::Fields;
use crate::web::api::json::page::given;
use crate::web::error::Problem;

/// The period of the usage to read.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsagePeriodQuery {
    /// The start of the period (RFC 3339), or its first day (UTC). Hours and days that begin before it and end in it count
    /// whole. The default is 30 days before `to`.
    from: Option<String>,
    /// The end of the period, exclusive (RFC 3339), or its last day (UTC). The default is the end of today.
    to: Option<String>,
}

/// The period of the usage to read, and how finely.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// The start of the period (RFC 3339), or its first day (UTC). Hours and days that begin before it and end in it count
    /// whole. The default is 30 days before `to`.
    from: Option<String>,
    /// The end of the period, exclusive (RFC 3339), or its last day (UTC). The default is the end of today.
    to: Option<String>,
    /// `day` (UTC, the default) or `hour`. Hours are kept for 90 days, days for ever.
    by: Option<String>,
}

/// Which refusals.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RefusalsQuery {
    /// Only those of the request with this id, which its answer had in `X-Request-Id`.
    request_id: Option<String>,
}

/// What was counted in an hour or on a day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageStep {
    /// When the hour or day begins.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Access tokens that were issued.
    tokens_issued: u64,
    /// Requests for access tokens that were refused.
    tokens_refused: u64,
    /// Checks that were allowed, and introspections of active tokens.
    checks_allowed: u64,
    /// Checks that were refused, and introspections of tokens that were not active.
    checks_refused: u64,
    /// Refused checks by `reason` of `/gateway/verify`.
    refused: BTreeMap<String, u64>,
}

/// What an application was used for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Usage {
    /// Hours or days with something, oldest first.
    items: Vec<UsageStep>,
    /// When a check was allowed last; null if none ever was.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_used_at: Option<Timestamp>,
}

/// Checks of one entity, with one kind of access.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntityUsage {
    /// The entity's id; null where none was named, or none of the group.
    #[schema(required)]
    entity: Option<String>,
    /// `read` or `write`; null where neither was named.
    #[schema(required)]
    access: Option<String>,
    /// Checks that were allowed.
    allowed: u64,
    /// Checks that were refused.
    refused: u64,
    /// The last check, allowed or refused.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
}

/// A check that was refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefusedCheck {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Why: a `reason` of `/gateway/verify`.
    reason: String,
    /// The entity that was named; null if none was, or something that cannot be one.
    #[schema(required)]
    entity: Option<String>,
    /// `read` or `write`; null where neither was named.
    #[schema(required)]
    access: Option<String>,
    /// The first characters of the client secret that the token was issued for; null if it is not known any more.
    #[schema(required)]
    secret_prefix: Option<String>,
    /// The id of the gateway's request.
    request_id: String,
    /// The resource server that asked, or the address that the question came from. Developers are not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<String>,
}

impl UsagePeriodQuery {
    /// The period. Without a start or end it is the last days until now.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn read(&self, now: Timestamp) -> Result<ReadPeriod, Problem> {
        let mut fields = Fields::default();
        let period = period(&self.from, &self.to, now, &mut fields);
        fields.finish(|| Some(period))
    }
}

impl UsageQuery {
    /// The period and the steps.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn read(&self, now: Timestamp) -> Result<(ReadPeriod, Steps), Problem> {
        let mut fields = Fields::default();
        let period = period(&self.from, &self.to, now, &mut fields);
        let steps = match given(&self.by) {
            None | Some("day") => Steps::Days,
            Some("hour") => Steps::Hours,
            Some(_) => {
                fields.refuse("by", "invalid_by", "“by” is “hour” or “day”.");
                Steps::Days
            }
        };
        fields.finish(|| Some((period, steps)))
    }
}

fn period(from: &Option<String>, to: &Option<String>, now: Timestamp, fields: &mut Fields) -> ReadPeriod {
    let end_of_today = usage::Day::of(now).ends();
    let to = moment("to", to, TimeDelta::days(1), fields).unwrap_or(end_of_today);
    let from = moment("from", from, TimeDelta::zero(), fields);
    let from = from.unwrap_or(to.plus(-TimeDelta::days(DAYS_SHOWN)));
    if from > to {
        fields.refuse("to", "invalid_to", "“to” must not be before “from”.");
    }
    ReadPeriod { from, to }
}

impl RefusalsQuery {
    /// The id of the request, if one is meant.
    pub fn request_id(&self) -> Option<&str> {
        // No database is asked for what cannot be an id of a request.
        given(&self.request_id).map(|id| if id.contains('\0') { "" } else { id })
    }
}

/// The steps of a period, oldest first.
pub fn usage_steps(buckets: BTreeMap<Timestamp, Bucket>) -> Vec<UsageStep> {
    let step = |(at, bucket): (Timestamp, Bucket)| UsageStep {
        at,
        tokens_issued: bucket.tokens_issued,
        tokens_refused: bucket.tokens_refused,
        checks_allowed: bucket.checks_allowed,
        checks_refused: bucket.checks_refused(),
        refused: bucket.refused,
    };
    buckets.into_iter().map(step).collect()
}

impl From<UsageSoFar> for Usage {
    fn from(usage: UsageSoFar) -> Self {
        Self {
            items: usage_steps(usage.buckets),
            last_used_at: usage.last_used_at,
        }
    }
}

impl From<usage::EntityUsage> for EntityUsage {
    fn from(usage: usage::EntityUsage) -> Self {
        Self {
            entity: filled(usage.entity_id),
            access: filled(usage.access),
            allowed: usage.allowed,
            refused: usage.refused,
            last_used_at: usage.last_at,
        }
    }
}

impl From<usage::Refusal> for RefusedCheck {
    fn from(refusal: usage::Refusal) -> Self {
        Self {
            at: refusal.at,
            reason: refusal.reason,
            entity: filled(refusal.entity_id),
            access: filled(refusal.access),
            secret_prefix: filled(refusal.secret_prefix),
            request_id: refusal.request_id,
            gateway: filled(refusal.gateway),
        }
    }
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(from: &str, to: &str, by: &str) -> Result<(String, String, Steps), String> {
        let [from, to, by] = [from, to, by].map(|text| Some(text.to_owned()));
        let now = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let (period, steps) = UsageQuery { from, to, by }.read(now).map_err(|problem| {
            let codes: Vec<_> = problem.errors.into_iter().map(|error| error.code).collect();
            codes.join(" ")
        })?;
        Ok((period.from.to_string(), period.to.to_string(), steps))
    }

    fn period(from: &str, to: &str) -> (String, String) {
        (format!("{from}.000Z"), format!("{to}.000Z"))
    }

    #[test]
    fn without_anything_it_is_the_last_thirty_days_with_today() {
        let (from, to, steps) = read("", "", "").unwrap();
        assert_eq!((from, to), period("2026-10-25T00:00:00", "2026-11-24T00:00:00"));
        assert_eq!(steps, Steps::Days);
    }

    #[test]
    fn a_last_day_is_meant_whole_and_a_moment_exactly() {
        let (from, to, steps) = read("2026-11-01", "2026-11-02", "hour").unwrap();
        assert_eq!((from, to), period("2026-11-01T00:00:00", "2026-11-03T00:00:00"));
        assert_eq!(steps, Steps::Hours);
        let (_, to, _) = read("2026-11-01", "2026-11-02T09:00:00Z", "").unwrap();
        assert_eq!(to, "2026-11-02T09:00:00.000Z");
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        assert_eq!(
            read("x", "y", "month").unwrap_err(),
            "invalid_to invalid_from invalid_by"
        );
        assert_eq!(read("2026-11-03", "2026-11-01", "").unwrap_err(), "invalid_to");
    }
}
