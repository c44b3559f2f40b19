//! Reading what was written.

use std::collections::{BTreeMap, BTreeSet};

use gatebook_aggregates::identifiers::{AppId, EntityId, GroupId};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowError, RowReader, Value};

use super::hour::{Day, Hour};
use super::refusals::Refusal;
use super::{ALLOWED, TOKENS_ISSUED, TOKENS_REFUSED};
use crate::store::{Database, StoreError};

/// How finely counts are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    Hours,
    Days,
}

/// What to read: the hours or days that have a part in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPeriod {
    /// Inclusive.
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
}

impl ReadPeriod {
    fn days(&self) -> [Value; 2] {
        let last = self.to.plus(-chrono::TimeDelta::milliseconds(1));
        [Day::of(self.from).text().into(), Day::of(last).text().into()]
    }
}

/// What was counted in an hour or on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    pub tokens_issued: u64,
    pub tokens_refused: u64,
    pub checks_allowed: u64,
    /// Refused checks by the gate's reason.
    pub refused: BTreeMap<String, u64>,
}

impl Bucket {
    /// All checks that were refused.
    pub fn checks_refused(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Adds what the table has under this name.
    pub fn add(&mut self, what: &str, count: u64) {
        match what {
            TOKENS_ISSUED => self.tokens_issued += count,
            TOKENS_REFUSED => self.tokens_refused += count,
            ALLOWED => self.checks_allowed += count,
            reason => *self.refused.entry(reason.to_owned()).or_default() += count,
        }
    }

    /// Adds another bucket.
    pub fn merge(&mut self, other: &Self) {
        self.tokens_issued += other.tokens_issued;
        self.tokens_refused += other.tokens_refused;
        self.checks_allowed += other.checks_allowed;
        for (reason, count) in &other.refused {
            *self.refused.entry(reason.clone()).or_default() += count;
        }
    }
}

/// Checks of one entity, with one kind of access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityUsage {
    /// Empty where none was named, or none of the group.
    pub entity_id: String,
    /// `read`, `write`, or empty.
    pub access: String,
    pub allowed: u64,
    pub refused: u64,
    pub last_at: Timestamp,
}

/// R22: the same for a developer, who is not to learn which other entities the group has: what was refused of those counts as none
/// of the group.
pub fn without_names_of_others(entities: Vec<EntityUsage>, own: &BTreeSet<EntityId>) -> Vec<EntityUsage> {
    let is_own = |id: &str| own.iter().any(|own| own.as_str() == id);
    let (mut told, others): (Vec<_>, Vec<_>) = entities.into_iter().partition(|used| is_own(&used.entity_id));
    let mut nameless: BTreeMap<String, EntityUsage> = BTreeMap::new();
    for other in others {
        let entity_id = String::new();
        match nameless.get_mut(&other.access) {
            Some(sum) => {
                sum.allowed += other.allowed;
                sum.refused += other.refused;
                sum.last_at = sum.last_at.max(other.last_at);
            }
            None => {
                nameless.insert(other.access.clone(), EntityUsage { entity_id, ..other });
            }
        }
    }
    told.extend(nameless.into_values());
    told
}

/// An application's counts, oldest first, by the beginnings of their hours or days. Nothing is told of hours and days without
/// any.
pub async fn of_app(
    database: &dyn Database,
    app_id: AppId,
    period: ReadPeriod,
    steps: Steps,
) -> Result<BTreeMap<Timestamp, Bucket>, StoreError> {
    buckets(database, app_id.into(), period, steps).await
}

/// The counts of all applications together.
pub async fn of_all(
    database: &dyn Database,
    period: ReadPeriod,
    steps: Steps,
) -> Result<BTreeMap<Timestamp, Bucket>, StoreError> {
    buckets(database, "".into(), period, steps).await
}

async fn buckets(
    database: &dyn Database,
    of: Value,
    period: ReadPeriod,
    steps: Steps,
) -> Result<BTreeMap<Timestamp, Bucket>, StoreError> {
    let query = match steps {
        Steps::Hours => {
            let sql = "select hour, what, count from usage_hours where app_id = $1 and hour >= $2 and hour < $3";
            let from = Hour::of(period.from).begins();
            Query::new(sql, [of, from.into(), period.to.into()])
        }
        Steps::Days => {
            let sql = "select day || 'T00:00:00.000Z', what, count from usage_days \
                       where app_id = $1 and day >= $2 and day <= $3";
            let [first, last] = period.days();
            Query::new(sql, [of, first, last])
        }
    };
    let mut buckets: BTreeMap<Timestamp, Bucket> = BTreeMap::new();
    for row in database.rows(query).await? {
        let mut row = RowReader::new("usage", row);
        let (at, what, count) = (row.time()?, row.text()?, count(&mut row)?);
        buckets.entry(at).or_default().add(&what, count);
    }
    Ok(buckets)
}

/// The counts of several applications by day, from a day on; in one question.
pub async fn of_apps_by_day(
    database: &dyn Database,
    apps: &[AppId],
    from: Day,
) -> Result<BTreeMap<AppId, BTreeMap<Day, Bucket>>, StoreError> {
    let list = database.dialect().list("$1");
    let sql = format!("select app_id, day, what, count from usage_days where app_id in ({list}) and day >= $2");
    let query = Query::new(sql, [Value::json(&apps), from.text().into()]);
    let mut found: BTreeMap<AppId, BTreeMap<Day, Bucket>> = BTreeMap::new();
    for row in database.rows(query).await? {
        let mut row = RowReader::new("usage_days", row);
        let (app_id, day, what, count) = (row.uuid()?.into(), row.text()?, row.text()?, count(&mut row)?);
        let Some(day) = Day::parse(&day) else { continue };
        let bucket = found.entry(app_id).or_default().entry(day).or_default();
        bucket.add(&what, count);
    }
    Ok(found)
}

/// When a check of each of these applications was allowed last; those that never had one are not in it.
pub async fn last_used(database: &dyn Database, apps: &[AppId]) -> Result<BTreeMap<AppId, Timestamp>, StoreError> {
    let list = database.dialect().list("$1");
    let sql = format!("select id, last_used_at from last_uses where id in ({list})");
    let rows = database.rows(Query::new(sql, [Value::json(&apps)])).await?;
    let read = rows.into_iter().map(|row| {
        let mut row = RowReader::new("last_uses", row);
        Ok((row.uuid()?.into(), row.time()?))
    });
    read.collect::<Result<_, RowError>>().map_err(StoreError::from)
}

/// An application's checks by entity and access, most used first.
pub async fn by_entity(
    database: &dyn Database,
    app_id: AppId,
    period: ReadPeriod,
) -> Result<Vec<EntityUsage>, StoreError> {
    let sql = "select entity_id, access, cast(sum(allowed) as bigint), cast(sum(refused) as bigint), max(last_at) \
               from usage_entities where app_id = $1 and day >= $2 and day <= $3 group by entity_id, access \
               order by sum(allowed) + sum(refused) desc, entity_id, access";
    let [first, last] = period.days();
    let rows = database.rows(Query::new(sql, [app_id.into(), first, last])).await?;
    let read = rows.into_iter().map(|row| {
        let mut row = RowReader::new("usage_entities", row);
        Ok(EntityUsage {
            entity_id: row.text()?,
            access: row.text()?,
            allowed: count(&mut row)?,
            refused: count(&mut row)?,
            last_at: row.time()?,
        })
    });
    read.collect::<Result<_, RowError>>().map_err(StoreError::from)
}

/// The last refusals of an application, newest first; only those of one request, if one is named.
pub async fn refusals(
    database: &dyn Database,
    app_id: AppId,
    request_id: Option<&str>,
) -> Result<Vec<Refusal>, StoreError> {
    let mut query = Query::new(
        "select id, at, reason, entity_id, access, secret_prefix, request_id, gateway from usage_refusals where app_id = $1",
        [app_id.into()],
    );
    if let Some(request_id) = request_id {
        let request_id = query.arg(request_id);
        query.push(&format!(" and request_id = {request_id}"));
    }
    query.push(" order by id desc");
    let rows = database.rows(query).await?.into_iter().map(|row| {
        let mut row = RowReader::new("usage_refusals", row);
        Ok(Refusal {
            id: row.text()?,
            at: row.time()?,
            reason: row.text()?,
            entity_id: row.text()?,
            access: row.text()?,
            secret_prefix: row.text()?,
            request_id: row.text()?,
            gateway: row.text()?,
        })
    });
    rows.collect::<Result<_, RowError>>().map_err(StoreError::from)
}

/// The days and groups before a day whose usage the log does not hold yet; oldest first.
pub async fn unrecorded(database: &dyn Database, before: Day) -> Result<BTreeSet<(String, String)>, StoreError> {
    let sql = "select day, group_id from usage_unrecorded where day < $1 order by day, group_id limit 1000";
    let rows = database.rows(Query::new(sql, [before.text().into()])).await?;
    let read = rows.into_iter().map(|row| {
        let mut row = RowReader::new("usage_unrecorded", row);
        Ok((row.text()?, row.text()?))
    });
    read.collect::<Result<_, RowError>>().map_err(StoreError::from)
}

/// What was counted of each application of a group on a day.
pub async fn group_day(
    database: &dyn Database,
    day: &str,
    group_id: &GroupId,
) -> Result<BTreeMap<AppId, Bucket>, StoreError> {
    let sql = "select app_id, what, count from usage_days where day = $1 and group_id = $2";
    let rows = database.rows(Query::new(sql, [day.into(), group_id.as_str().into()]));
    let mut apps: BTreeMap<AppId, Bucket> = BTreeMap::new();
    for row in rows.await? {
        let mut row = RowReader::new("usage_days", row);
        let (app_id, what, count) = (row.uuid()?.into(), row.text()?, count(&mut row)?);
        apps.entry(app_id).or_default().add(&what, count);
    }
    Ok(apps)
}

/// The rows of a group's checks on a day, each as the compact JSON list `[app_id, entity_id, access, client_secret_id, allowed,
/// refused, last_at]`, in the order of their first four fields.
pub async fn rows_of_group_day(
    database: &dyn Database,
    day: &str,
    group_id: &GroupId,
) -> Result<Vec<String>, StoreError> {
    let sql = "select app_id, entity_id, access, client_secret_id, allowed, refused, last_at from usage_entities \
               where day = $1 and app_id in (select app_id from usage_days where day = $1 and group_id = $2) \
               order by app_id, entity_id, access, client_secret_id";
    let rows = database.rows(Query::new(sql, [day.into(), group_id.as_str().into()]));
    let line = |row: Vec<Value>| match Value::json(&row) {
        Value::Text(line) => line,
        Value::Null | Value::Int(_) => String::new(),
    };
    Ok(rows.await?.into_iter().map(line).collect())
}

fn count(row: &mut RowReader) -> Result<u64, RowError> {
    row.int().map(|count| u64::try_from(count).unwrap_or_default())
}
