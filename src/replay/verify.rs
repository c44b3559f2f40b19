//! Folds the whole log again within one snapshot, and checks that the log is intact and the rows match it.

use std::collections::BTreeSet;
use std::sync::Arc;

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::recorded::UnreadableEvent;
use gatebook_projections::sql::{Query, Value};
use tokio::task::{JoinHandle, spawn_blocking};

use super::checked_stream::CheckedStream;
use super::difference::{Difference, VerifyReport};
use super::live_rows::LiveTables;
use super::status::states;
use super::streams::StreamPages;
use super::{PAGE, Progress, ReplayError, snapshot};
use crate::log::quarantine::Quarantine;
use crate::store::{Cause, Database, StoreError, Transaction, missing_guards};

/// The name that [`Progress`] gets while the log is read by position.
pub const POSITIONS: &str = "positions";
/// The name that [`Progress`] gets while streams are folded.
pub const STREAMS: &str = "streams";

/// How many pages of events the database compares with each other at once; it sends almost none of them.
const PAGES_COMPARED_AT_ONCE: i64 = 50;

/// Verifies the log and the rows of these projections. Missing append-only triggers give a warning, not a difference.
///
/// # Errors
/// The database cannot be read. Problems of log and rows are in the report.
pub async fn verify(
    database: &Arc<dyn Database>,
    projections: &[AnyProjection],
    progress: &dyn Progress,
) -> Result<VerifyReport, ReplayError> {
    verify_in_pages(database, projections, progress, PAGE).await
}

/// Verifies the log: positions, versions, times, hashes, and that every event can be read.
///
/// # Errors
/// Those of [`verify`].
pub async fn verify_log(database: &Arc<dyn Database>, progress: &dyn Progress) -> Result<VerifyReport, ReplayError> {
    verify(database, &[], progress).await
}

/// Like [`verify`], with `page` events and rows at a time.
///
/// # Errors
/// Those of [`verify`].
pub async fn verify_in_pages(
    database: &Arc<dyn Database>,
    projections: &[AnyProjection],
    progress: &dyn Progress,
    page: i64,
) -> Result<VerifyReport, ReplayError> {
    let mut transaction = snapshot::open(&**database, projections).await?;
    let quarantine = Quarantine::read_in(&mut *transaction).await?;
    let mut verification = VerifyRun {
        transaction: &mut *transaction,
        progress,
        page: page.max(1),
        head: 0,
        quarantine,
        report: VerifyReport::default(),
    };
    verification.report.warnings = missing_guards(verification.transaction).await?;
    verification.positions().await?;
    let comparable = verification.comparable(projections).await?;
    for kind in verification.kinds(&comparable).await? {
        let projections = comparable.iter().filter(|projection| projection.aggregate_type == kind);
        verification.streams(&kind, projections).await?;
    }
    Ok(verification.report)
}

struct VerifyRun<'a> {
    transaction: &'a mut dyn Transaction,
    progress: &'a dyn Progress,
    page: i64,
    head: i64,
    quarantine: Quarantine,
    report: VerifyReport,
}

impl VerifyRun<'_> {
    /// Reads the whole log and checks that positions have no gaps and times never decrease.
    async fn positions(&mut self) -> Result<(), ReplayError> {
        let (head, head_time) = self.head().await?;
        self.head = head;
        let mut last = (0, String::new());
        loop {
            let rows = self.transaction.rows(self.positions_query(last.0)).await?;
            let before = last.0;
            for row in rows {
                last = self.check_position(row, last)?;
            }
            self.progress.step(POSITIONS, last.0.min(head), head);
            if last.0 == before {
                break;
            }
        }
        if last.0 != head {
            self.report
                .add(of_log("log_head", "1", "position", last.0, head, last.0));
        }
        if last.1 > head_time {
            let expected = format!("at least {}", last.1);
            self.report
                .add(of_log("log_head", "1", "recorded_at", expected, head_time, last.0));
        }
        Ok(())
    }

    /// Of the events from the last one on: those that contradict the one before them, the first and the last. The database
    /// compares them itself, so that the others need not be sent.
    fn positions_query(&self, last: i64) -> Query {
        let sql = "select position, recorded_at, position_before, recorded_before from (\
             select position, recorded_at, lag(position) over w as position_before, \
             lag(recorded_at) over w as recorded_before, lead(position) over w as position_after \
             from (select position, recorded_at from events where position > 0 and position >= $1 \
             order by position limit $2) stretch window w as (order by position)) compared \
             where position_before is null or position_after is null or position <> position_before + 1 \
             or recorded_at < recorded_before order by position";
        Query::new(sql, [last.into(), (self.page * PAGES_COMPARED_AT_ONCE + 1).into()])
    }

    /// Compares an event with the one before it, and returns its position and time.
    fn check_position(
        &mut self,
        row: Vec<Value>,
        (last, last_time): (i64, String),
    ) -> Result<(i64, String), StoreError> {
        let [Value::Int(position), Value::Text(time), before @ ..] = row.as_slice() else {
            let problem = "an event has no position or no time".to_owned();
            return Err(StoreError::internal(problem));
        };
        let (before, time_before) = match before {
            [Value::Int(before), Value::Text(time)] => (*before, time.as_str()),
            // It was compared as the last of the stretch before.
            _ if *position == last => return Ok((last, last_time)),
            _ => (last, last_time.as_str()),
        };
        let key = format!("position {position}");
        if *position != before + 1 {
            let (expected, found) = (before + 1, *position);
            self.report
                .add(of_log("events", &key, "position", expected, found, found));
        }
        if time.as_str() < time_before {
            let expected = format!("at least {time_before}");
            let found = of_log("events", &key, "recorded_at", expected, time.as_str(), *position);
            self.report.add(found);
        }
        Ok((*position, time.clone()))
    }

    async fn head(&mut self) -> Result<(i64, String), StoreError> {
        let sql = "select position, recorded_at from log_head where id = 1";
        let rows = self.transaction.rows(Query::new(sql, [])).await?;
        match rows.into_iter().next().as_deref() {
            Some([Value::Int(position), Value::Text(time)]) => Ok((*position, time.clone())),
            _ => Err(StoreError::internal("log_head has no row")),
        }
    }

    /// The projections whose rows can be compared: those filled by this program's fold version.
    async fn comparable(&mut self, projections: &[AnyProjection]) -> Result<Vec<AnyProjection>, StoreError> {
        let states = states(self.transaction).await?;
        let mut comparable = Vec::with_capacity(projections.len());
        for projection in projections {
            let state = states.iter().find(|one| one.name == projection.name);
            let found = state.map(|state| state.fold_version);
            if found == Some(projection.fold_version) {
                comparable.push(*projection);
            } else {
                self.report.add(Difference {
                    table: "projections".to_owned(),
                    key: projection.name.to_owned(),
                    column: "fold_version".to_owned(),
                    expected: projection.fold_version.into(),
                    found: found.into(),
                    position: None,
                });
            }
        }
        Ok(comparable)
    }

    /// All kinds of streams, from the log and from the projections.
    async fn kinds(&mut self, projections: &[AnyProjection]) -> Result<BTreeSet<String>, StoreError> {
        let query = Query::new("select distinct aggregate_type from events", []);
        let rows = self.transaction.rows(query).await?;
        let logged = rows.into_iter().flatten().filter_map(|value| match value {
            Value::Text(kind) => Some(kind),
            Value::Null | Value::Int(_) => None,
        });
        let folded = projections
            .iter()
            .map(|projection| projection.aggregate_type.to_owned());
        Ok(logged.chain(folded).collect())
    }

    /// Reads all streams of a kind once, to check their hash chains and all projections of the kind.
    async fn streams(
        &mut self,
        kind: &str,
        projections: impl Iterator<Item = &AnyProjection>,
    ) -> Result<(), ReplayError> {
        let mut tables: Vec<LiveTables> = projections
            .map(|projection| LiveTables::new(*projection, self.page))
            .collect();
        let compared: Arc<[AnyProjection]> = tables.iter().map(|table| *table.projection()).collect();
        let mut pages = StreamPages::all(kind, self.page);
        let mut checking = Some(self.check_next(&mut pages, &compared).await?);
        while let Some(checked) = checking {
            // The next page is read, and checked on another thread, while this one is checked and compared.
            checking = match pages.ended() {
                true => None,
                false => Some(self.check_next(&mut pages, &compared).await?),
            };
            let checked = checked
                .await
                .map_err(|error| StoreError::internal(Cause::explained("a page was not checked", error)))?;
            for stream in checked? {
                self.compare(stream, &mut tables).await?;
            }
            self.progress.step(STREAMS, self.report.events, self.head);
        }
        for table in tables {
            table.finish(self.transaction, &mut self.report).await?;
        }
        Ok(())
    }

    async fn check_next(
        &mut self,
        pages: &mut StreamPages,
        projections: &Arc<[AnyProjection]>,
    ) -> Result<JoinHandle<Result<Vec<CheckedStream>, UnreadableEvent>>, StoreError> {
        let streams = pages.take(self.transaction.rows(pages.query()).await?)?;
        let (quarantine, projections) = (self.quarantine.clone(), projections.clone());
        Ok(spawn_blocking(move || {
            CheckedStream::all(streams, &quarantine, &projections)
        }))
    }

    async fn compare(&mut self, checked: CheckedStream, tables: &mut [LiveTables]) -> Result<(), ReplayError> {
        let CheckedStream {
            last,
            events,
            rows,
            found,
        } = checked;
        self.report.merge(found);
        let mut rows = rows.map(Vec::into_iter);
        for table in tables {
            let expected = rows.as_mut().map(|rows| rows.next().flatten());
            table
                .compare(self.transaction, &last, expected, &mut self.report)
                .await?;
        }
        self.report.events += events;
        Ok(())
    }
}

/// A finding about the whole log.
fn of_log(
    table: &str,
    key: &str,
    column: &str,
    expected: impl Into<Value>,
    found: impl Into<Value>,
    position: i64,
) -> Difference {
    Difference {
        table: table.to_owned(),
        key: key.to_owned(),
        column: column.to_owned(),
        expected: expected.into(),
        found: found.into(),
        position: Some(position),
    }
}
