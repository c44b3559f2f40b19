//! What every command needs of the database, tried without one: its lock, its privileges, and a commit that goes through.

use gatebook_projections::registry;
use gatebook_projections::sql::{Query, Value};

use super::batch::lock_head;
use super::clock_guard::ClockGuard;
use super::fold_versions;
use crate::store::{ConnectionPurpose, Database, Dialect, StoreError, Transaction};

/// Commits something that nobody reads. With `room`, as much as a large command writes, for after a disk was full.
///
/// It takes as long as the database takes: a commit that waits for a standby cannot be given up, so have one at a time.
///
/// # Errors
/// Whatever keeps a command from being committed.
pub async fn rehearse(database: &dyn Database, clocks: &ClockGuard, room: bool) -> Result<(), StoreError> {
    fold_versions::check_in(database).await?;
    let mut transaction = database.begin(ConnectionPurpose::Rehearsal).await?;
    let dialect = transaction.dialect();
    transaction.script(&dialect.lock_within("600ms")).await?;
    lock_head(&mut *transaction, clocks).await?;
    require_privileges(&mut *transaction).await?;
    // The log's lock must not wait for this commit.
    transaction.script(dialect.restart_transaction()).await?;
    transaction.execute(Query::new(rewrite(dialect, room), [])).await?;
    transaction.commit().await
}

/// What a command writes to, and how, besides the tables of projections.
const WRITTEN: [(&str, &str); 13] = [
    ("events", "insert"),
    ("log_head", "update"),
    ("reservations", "insert"),
    ("idempotency_keys", "insert"),
    ("outbox", "insert"),
    ("outbox", "update"),
    ("outbox", "delete"),
    ("credentials", "insert"),
    ("credentials", "delete"),
    ("email_quota_uses", "insert"),
    ("email_quota_uses", "delete"),
    ("unreadable_events", "delete"),
    ("unreadable_events", "insert"),
];

async fn require_privileges(transaction: &mut dyn Transaction) -> Result<(), StoreError> {
    match transaction.dialect() {
        Dialect::Sqlite => return Ok(()),
        Dialect::Postgres => {}
    }
    let projections = registry::all();
    let rows = projections.iter().flat_map(|projection| projection.tables());
    let rows = rows.flat_map(|table| [(table, "insert"), (table, "update")]);
    let maps = projections.iter().flat_map(|projection| projection.maps);
    let rows = rows.chain(maps.map(|map| (map.name, "delete")));
    let written = WRITTEN.into_iter().chain(rows);
    let may = written.map(|(table, right)| format!("has_table_privilege('{table}', '{right}')"));
    let may: Vec<_> = may.collect();
    let sql = format!("select ({})::integer::bigint", may.join(" and "));
    match transaction.rows(Query::new(sql, [])).await?.concat().as_slice() {
        [Value::Int(1)] => Ok(()),
        _ => Err(StoreError::unavailable("this role may not append to the log")),
    }
}

/// Rewrites the one row of `readiness`. What fills it cannot be compressed.
fn rewrite(dialect: Dialect, room: bool) -> String {
    let (now, filler) = match dialect {
        Dialect::Sqlite => ("strftime('%Y-%m-%dT%H:%M:%fZ', 'now')", "hex(randomblob(65536))"),
        Dialect::Postgres => (
            "clock_timestamp()::text",
            "(select string_agg(md5(random()::text), '') from generate_series(1, 4096))",
        ),
    };
    let filler = if room { filler } else { "null" };
    format!(
        "insert into readiness (id, tried_at, filler) values (1, {now}, {filler}) \
         on conflict (id) do update set tried_at = excluded.tried_at, filler = excluded.filler"
    )
}
