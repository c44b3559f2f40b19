//! Writing what was counted, and forgetting hours.

use std::collections::BTreeMap;

use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Column, Query, Value, int, text};

use super::batch::Batch;
use super::counter::UsageCounter;
use super::hour::{Day, Hour};
use super::{HOURS_KEPT_FOR, REFUSALS_KEPT};
use crate::store::{ConnectionPurpose, Database, OnConflict, StoreError, Transaction};

const HOURS: &[Column] = &[text("app_id"), text("hour"), text("what"), int("count")];
/// The group of an application never changes, so that it may be part of what a row is known by.
const DAYS: &[Column] = &[
    text("app_id"),
    text("day"),
    text("what"),
    text("group_id"),
    int("count"),
];
const ENTITIES: &[Column] = &[
    text("app_id"),
    text("day"),
    text("entity_id"),
    text("access"),
    text("client_secret_id"),
    int("allowed"),
    int("refused"),
    text("last_at"),
];
const UNRECORDED: &[Column] = &[text("day"), text("group_id")];
const LAST_USES: &[Column] = &[text("id"), text("used"), text("last_used_at")];
const REFUSALS: &[Column] = &[
    text("app_id"),
    text("id"),
    text("at"),
    text("reason"),
    text("entity_id"),
    text("access"),
    text("secret_prefix"),
    text("request_id"),
    text("gateway"),
];

/// Adds what was counted to the tables. What cannot be written stays in memory, is added to, and is written later.
///
/// # Errors
/// The database cannot be written. If the connection was lost in the very moment of the commit, the same is written again.
pub async fn write(counter: &UsageCounter, database: &dyn Database, now: Timestamp) -> Result<(), StoreError> {
    let mut batch = counter.unwritten.lock().await;
    counter.take_into(&mut batch);
    if batch.is_empty() {
        return Ok(());
    }
    batch.leave_closed_days(now);
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    batch.write(&mut *transaction).await?;
    transaction.commit().await?;
    *batch = Batch::default();
    Ok(())
}

impl Batch {
    async fn write(&self, transaction: &mut dyn Transaction) -> Result<(), StoreError> {
        let add = OnConflict::Add;
        transaction
            .insert("usage_hours", HOURS, &self.hour_rows(), add(3))
            .await?;
        transaction.insert("usage_days", DAYS, &self.day_rows(), add(3)).await?;
        let entities = self.entity_rows();
        transaction
            .insert("usage_entities", ENTITIES, &entities, add(5))
            .await?;
        let days: Vec<Vec<Value>> = self
            .days()
            .into_iter()
            .map(|(day, group_id)| vec![day.text().into(), group_id.as_str().into()])
            .collect();
        transaction
            .insert("usage_unrecorded", UNRECORDED, &days, add(2))
            .await?;
        let used = self.last_used.iter();
        let used: Vec<Vec<Value>> = used
            .map(|(app_id, at)| vec![(*app_id).into(), "application".into(), (*at).into()])
            .collect();
        let later = OnConflict::ReplaceEarlier("last_used_at");
        transaction.insert("last_uses", LAST_USES, &used, later).await?;
        self.write_refusals(transaction).await
    }

    async fn write_refusals(&self, transaction: &mut dyn Transaction) -> Result<(), StoreError> {
        let rows: Vec<Vec<Value>> = self
            .refusals()
            .map(|(app_id, refusal)| {
                vec![
                    app_id.into(),
                    refusal.id.clone().into(),
                    refusal.at.into(),
                    refusal.reason.clone().into(),
                    refusal.entity_id.clone().into(),
                    refusal.access.clone().into(),
                    refusal.secret_prefix.clone().into(),
                    refusal.request_id.clone().into(),
                    refusal.gateway.clone().into(),
                ]
            })
            .collect();
        // After a commit whose answer was lost, they are there already.
        transaction
            .insert("usage_refusals", REFUSALS, &rows, OnConflict::ReplacePair)
            .await?;
        for app_id in self.refusals.keys() {
            let sql = format!(
                "delete from usage_refusals where app_id = $1 and id < (\
                 select min(id) from (select id from usage_refusals where app_id = $1 order by id desc limit {REFUSALS_KEPT}) newest)"
            );
            transaction.execute(Query::new(sql, [(*app_id).into()])).await?;
        }
        Ok(())
    }

    /// The totals of all applications come first, under no id.
    fn hour_rows(&self) -> Vec<Vec<Value>> {
        let row = |app_id: Value, hour: Hour, what: &str, count| {
            vec![app_id, hour.begins().into(), what.into(), number(count)]
        };
        let mut totals = BTreeMap::new();
        for ((_, hour, what), count) in &self.hours {
            *totals.entry((*hour, *what)).or_default() += count;
        }
        let totals = totals.into_iter();
        let totals = totals.map(|((hour, what), count)| row("".into(), hour, what, count));
        let apps = self.hours.iter();
        let apps = apps.map(|((app_id, hour, what), count)| row((*app_id).into(), *hour, what, *count));
        totals.chain(apps).collect()
    }

    fn day_rows(&self) -> Vec<Vec<Value>> {
        let row = |app_id: Value, day: Day, what: &str, group_id: &str, count| {
            vec![app_id, day.text().into(), what.into(), group_id.into(), number(count)]
        };
        let (days, mut totals) = (self.by_day(), BTreeMap::new());
        for ((_, day, what), count) in &days {
            *totals.entry((*day, *what)).or_default() += count;
        }
        let totals = totals.into_iter();
        let totals = totals.map(|((day, what), count)| row("".into(), day, what, "", count));
        let apps = days.into_iter().filter_map(|((app_id, day, what), count)| {
            let group_id = self.groups.get(&app_id)?;
            Some(row(app_id.into(), day, what, group_id.as_str(), count))
        });
        totals.chain(apps).collect()
    }

    fn entity_rows(&self) -> Vec<Vec<Value>> {
        let checks = self.checks.iter();
        checks
            .map(|(of, sum)| {
                vec![
                    of.app_id.into(),
                    of.day.text().into(),
                    (&*of.entity).into(),
                    of.access.into(),
                    of.client_secret_id.map(|id| id.to_string()).unwrap_or_default().into(),
                    number(sum.allowed),
                    number(sum.refused),
                    sum.last_at.into(),
                ]
            })
            .collect()
    }
}

/// Databases count to 2^63.
fn number(count: u64) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

/// Forgets hours [`HOURS_KEPT_FOR`] after they began. Their days stay.
pub async fn forget_hours(database: &dyn Database, now: Timestamp) -> Result<(), StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    let sql = "delete from usage_hours where hour < $1";
    let before = Hour::of(now.plus(-HOURS_KEPT_FOR)).begins();
    transaction.execute(Query::new(sql, [before.into()])).await?;
    transaction.commit().await
}

/// Notes that the log holds the usage of a group on a day.
pub async fn forget_unrecorded(database: &dyn Database, day: &str, group_id: &GroupId) -> Result<(), StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    let sql = "delete from usage_unrecorded where day = $1 and group_id = $2";
    transaction
        .execute(Query::new(sql, [day.into(), group_id.as_str().into()]))
        .await?;
    transaction.commit().await
}
