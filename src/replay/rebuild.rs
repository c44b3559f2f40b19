//! Folds a projection into a new generation of its table, while the old one serves and writes continue.
//!
//! 1. **Begin**, or resume: create an empty table `<name>_next`, with those of its maps, and record the log's head.
//! 2. **Copy** all streams of the projection's kind in the order of their ids, one transaction per page.
//! 3. **Index**: cheaper on a full table than on a growing one.
//! 4. **Catch up**: fold the streams that got new events again, until little is left.
//! 5. **Switch**: do the rest under the log's lock, then give the new table the old one's name.
//!
//! A crash loses at most one page. A stream that contradicts its numbers or hashes stops the rebuild, and the old table
//! keeps serving. An unreadable event does not: the row is folded from the rest of its stream, and whatever the event
//! may concern is closed (see [`unreadable`]).

use std::sync::Arc;

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::projection::AnyProjection;
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};
use gatebook_projections::sql::{Query, Value};
use serde::Serialize;

use super::folding::{BrokenLog, fold};
use super::head::head;
use super::next_tables::{NEXT, all_exist, drop_next, next};
use super::projections_table::{ProjectionState, RebuildCursor, RebuildProgress, note, put_place, take, take_at};
use super::snapshot::count;
use super::streams::{StreamPages, moved_on, whole};
use super::{PAGE, Progress, ReplayError};
use crate::log::{read, unreadable};
use crate::store::{
    ConnectionPurpose, Database, ReadAhead, StoreError, Transaction, create_projection_tables, own_like,
    projection_indexes, put_new_rows, put_rows, take_out,
};

/// After this many rounds of catching up, the rebuild does the rest under the log's lock, however much it is. Under
/// constant writes it might otherwise never end.
const ROUNDS: usize = 10;

/// The result of a rebuild.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RebuildReport {
    pub projection: &'static str,
    /// The generation that serves now.
    pub generation: i64,
    /// The number of rows. `None` if counting failed.
    pub rows: Option<i64>,
    /// The last position of the log that the rows include.
    pub position: i64,
    /// Whether it resumed an interrupted rebuild.
    pub resumed: bool,
    /// Events that are unreadable and not quarantined. Whatever they may concern is closed.
    #[serde(skip)]
    pub unreadable: Vec<UnreadableEvent>,
}

/// Rebuilds a projection and replaces the old rows. Resumes an interrupted rebuild. The new table keeps the owner and
/// the grants of the old one.
///
/// # Errors
/// See [`ReplayError`]. The old rows keep serving, and the next rebuild resumes. The error is stored in `projections`
/// as the projection's last error, unless another rebuild took over.
pub async fn rebuild(
    database: &Arc<dyn Database>,
    projection: &AnyProjection,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<RebuildReport, ReplayError> {
    rebuild_in_pages(database, projection, now, progress, PAGE).await
}

/// Like [`rebuild`], and can accept a broken log.
///
/// # Errors
/// Those of [`rebuild`].
pub async fn rebuild_with(
    database: &Arc<dyn Database>,
    projection: &AnyProjection,
    now: Timestamp,
    progress: &dyn Progress,
    broken_log: BrokenLog,
) -> Result<RebuildReport, ReplayError> {
    rebuild_as(database, projection, now, progress, (PAGE, broken_log)).await
}

/// Like [`rebuild`], with `page` events at a time.
///
/// # Errors
/// Those of [`rebuild`].
pub async fn rebuild_in_pages(
    database: &Arc<dyn Database>,
    projection: &AnyProjection,
    now: Timestamp,
    progress: &dyn Progress,
    page: i64,
) -> Result<RebuildReport, ReplayError> {
    rebuild_as(database, projection, now, progress, (page, BrokenLog::Refused)).await
}

async fn rebuild_as(
    database: &Arc<dyn Database>,
    projection: &AnyProjection,
    now: Timestamp,
    progress: &dyn Progress,
    (page, broken_log): (i64, BrokenLog),
) -> Result<RebuildReport, ReplayError> {
    let outcome = run(database, projection, now, progress, (page.max(1), broken_log)).await;
    if let Err(error) = &outcome {
        note(&**database, projection, error).await;
    }
    outcome
}

/// Discards an interrupted rebuild. The next one starts from the beginning.
///
/// # Errors
/// The database cannot be written, or a rebuild is writing right now.
pub async fn discard(database: &Arc<dyn Database>, projection: &AnyProjection) -> Result<(), ReplayError> {
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    take(&mut *transaction, projection).await?;
    let order = "update projections set rebuild_from = null, rebuild_cursor = null, last_error = null where name = $1";
    transaction.execute(Query::new(order, [projection.name.into()])).await?;
    drop_next(&mut *transaction, projection).await?;
    Ok(transaction.commit().await?)
}

async fn run(
    database: &Arc<dyn Database>,
    projection: &AnyProjection,
    now: Timestamp,
    progress: &dyn Progress,
    how: (i64, BrokenLog),
) -> Result<RebuildReport, ReplayError> {
    let (mut rebuild, resumed) = Rebuild::begin(database, projection, progress, how).await?;
    rebuild.copy().await?;
    rebuild.index().await?;
    rebuild.catch_up().await?;
    let position = rebuild.switch(now).await?;
    let rows = Query::new(format!("select count(*) from {}", projection.name), []);
    let rows = count(&**database, rows).await;
    Ok(RebuildReport {
        projection: projection.name,
        generation: rebuild.generation + 1,
        rows: rows
            .inspect_err(|error| tracing::warn!(%error, "the new rows are written but could not be counted"))
            .ok(),
        position,
        resumed,
        unreadable: unreadable_of(&**database, projection).await?,
    })
}

/// The unreadable events of this projection's kind.
async fn unreadable_of(
    database: &dyn Database,
    projection: &AnyProjection,
) -> Result<Vec<UnreadableEvent>, ReplayError> {
    let listed = unreadable::listed(database).await?;
    let ours = listed
        .into_iter()
        .filter(|event| event.aggregate_type == projection.aggregate_type);
    Ok(ours.map(UnreadableEvent::from).collect())
}

/// A rebuild in progress.
pub(super) struct Rebuild<'a> {
    pub(super) database: &'a Arc<dyn Database>,
    pub(super) projection: &'a AnyProjection,
    /// The generation that serves now.
    pub(super) generation: i64,
    pub(super) page: i64,
    broken_log: BrokenLog,
    /// The progress that the database has stored.
    place: RebuildProgress,
    progress: &'a dyn Progress,
    done: i64,
    total: i64,
}

impl<'a> Rebuild<'a> {
    async fn begin(
        database: &'a Arc<dyn Database>,
        projection: &'a AnyProjection,
        progress: &'a dyn Progress,
        (page, broken_log): (i64, BrokenLog),
    ) -> Result<(Self, bool), ReplayError> {
        let mut transaction = database.begin(ConnectionPurpose::Write).await?;
        let state = take(&mut *transaction, projection).await?;
        refuse_newer(&state, projection)?;
        let (mut place, resumed) = match resumable(&state, projection) {
            // If the table is gone there is nothing to resume.
            Some(place) if all_exist(&mut *transaction, projection).await? => (place, true),
            _ => {
                drop_next(&mut *transaction, projection).await?;
                create_projection_tables(&mut *transaction, projection, NEXT).await?;
                for table in projection.tables() {
                    own_like(&mut *transaction, projection.name, &next(table)).await?;
                }
                (beginning(&mut *transaction, projection).await?, false)
            }
        };
        place.cursor.run = state.place().map_or(0, |old| old.cursor.run) + 1;
        put_place(&mut *transaction, projection, &place).await?;
        transaction.commit().await?;
        let (total, done) = sizes(&**database, projection, &place).await?;
        let mut rebuild = Self {
            database,
            projection,
            generation: state.generation,
            page,
            broken_log,
            place,
            progress,
            done,
            total,
        };
        rebuild.step(0);
        Ok((rebuild, resumed))
    }

    /// Folds all streams in the order of their ids. Later events of streams already copied are left to catching up.
    async fn copy(&mut self) -> Result<(), ReplayError> {
        let kind = self.projection.aggregate_type;
        let mut pages = match &self.place.cursor.after {
            _ if self.place.cursor.copied => return Ok(()),
            Some(id) => StreamPages::after(id, kind, self.page),
            None => StreamPages::all(kind, self.page),
        };
        let mut next = Some(ReadAhead::begin(self.database, pages.query()));
        while let Some(page) = next {
            let streams = pages.take(page.rows().await?)?;
            // The next page is read while this one is folded and written.
            next = (!pages.ended()).then(|| ReadAhead::begin(self.database, pages.query()));
            self.copy_streams(&streams).await?;
        }
        let mut place = self.place.clone();
        place.cursor.copied = true;
        self.copy_page(&[], place).await
    }

    /// Copies these streams, which come after those that were copied.
    async fn copy_streams(&mut self, streams: &[Vec<StoredEvent>]) -> Result<(), ReplayError> {
        let Some(last) = streams.last().and_then(|stream| stream.last()) else {
            return Ok(());
        };
        let mut place = self.place.clone();
        place.cursor.after = Some(last.aggregate_id.clone());
        self.copy_page(streams, place).await
    }

    async fn copy_page(&mut self, streams: &[Vec<StoredEvent>], place: RebuildProgress) -> Result<(), ReplayError> {
        let folded = fold(&**self.database, self.projection, streams, self.broken_log).await?;
        let mut transaction = self.claim().await?;
        put_new_rows(&mut *transaction, self.projection, NEXT, folded.rows).await?;
        unreadable::mark(&mut *transaction, &folded.unreadable).await?;
        self.keep(transaction, place).await?;
        self.step(streams.iter().map(Vec::len).sum());
        Ok(())
    }

    /// Builds the indexes in one transaction each, so that SQLite's other writers get a turn in between.
    async fn index(&mut self) -> Result<(), ReplayError> {
        let dialect = self.database.dialect();
        let generation = self.generation + 1;
        for index in projection_indexes(dialect, self.projection, NEXT, generation) {
            let mut transaction = self.claim().await?;
            transaction.script(&index).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Folds the streams that got new events, until the rest is small enough for the log's lock.
    pub(super) async fn catch_up(&mut self) -> Result<(), ReplayError> {
        for _ in 0..ROUNDS {
            let head = read::head(&**self.database).await?;
            if head - self.place.from <= self.page {
                break;
            }
            while self.place.from < head {
                let mut place = self.place.clone();
                place.from = head.min(place.from + self.page);
                let mut transaction = self.claim().await?;
                self.refold(&mut *transaction, place.from).await?;
                self.keep(transaction, place).await?;
                self.step(0);
            }
        }
        self.step(0);
        Ok(())
    }

    /// Folds the streams that have events up to `to` which the new table does not include yet.
    pub(super) async fn refold(&self, transaction: &mut dyn Transaction, to: i64) -> Result<(), ReplayError> {
        let mut from = self.place.from;
        while from < to {
            let until = to.min(from + self.page);
            let query = moved_on(self.projection.aggregate_type, from, until);
            let streams = whole(transaction.rows(query).await?)?;
            let folded = fold(&**self.database, self.projection, &streams, self.broken_log).await?;
            unreadable::mark(transaction, &folded.unreadable).await?;
            put_rows(transaction, self.projection, NEXT, folded.rows).await?;
            take_out(transaction, self.projection, NEXT, &folded.without_row).await?;
            from = until;
        }
        Ok(())
    }

    /// Begins a transaction of this rebuild. Fails if another rebuild took over.
    async fn claim(&self) -> Result<Box<dyn Transaction>, ReplayError> {
        let mut transaction = self.database.begin(ConnectionPurpose::Write).await?;
        self.claim_in(&mut *transaction).await?;
        Ok(transaction)
    }

    /// Checks the same in an existing transaction.
    pub(super) async fn claim_in(&self, transaction: &mut dyn Transaction) -> Result<(), ReplayError> {
        take_at(transaction, self.projection, self.generation, &self.place).await
    }

    /// Commits together with the rebuild's progress.
    async fn keep(&mut self, mut transaction: Box<dyn Transaction>, place: RebuildProgress) -> Result<(), ReplayError> {
        put_place(&mut *transaction, self.projection, &place).await?;
        transaction.commit().await?;
        self.place = place;
        Ok(())
    }

    fn step(&mut self, events: usize) {
        self.done += events as i64;
        self.total = self.total.max(self.done);
        self.progress.step(self.projection.name, self.done, self.total);
    }
}

/// Refuses to replace rows of a newer program with rows of this one.
fn refuse_newer(state: &ProjectionState, projection: &AnyProjection) -> Result<(), ReplayError> {
    let begun = state.place().map(|place| place.cursor.fold_version);
    if begun.unwrap_or_default().max(state.fold_version) > projection.fold_version {
        return Err(ReplayError::Newer {
            projection: projection.name.to_owned(),
        });
    }
    Ok(())
}

/// The progress to resume from: that of a rebuild with the same fold version.
fn resumable(state: &ProjectionState, projection: &AnyProjection) -> Option<RebuildProgress> {
    let place = state.place()?;
    (place.cursor.fold_version == projection.fold_version).then_some(place)
}

/// The progress of a new rebuild. All events up to the head are committed, so copying will include them.
async fn beginning(
    transaction: &mut dyn Transaction,
    projection: &AnyProjection,
) -> Result<RebuildProgress, StoreError> {
    Ok(RebuildProgress {
        from: head(transaction, "").await?,
        cursor: RebuildCursor {
            fold_version: projection.fold_version,
            run: 0,
            after: None,
            copied: false,
        },
    })
}

/// Counts all events of the kind, and those that the rebuild has already processed.
async fn sizes(
    database: &dyn Database,
    projection: &AnyProjection,
    place: &RebuildProgress,
) -> Result<(i64, i64), StoreError> {
    let sql = "select count(*) from events where aggregate_type = $1";
    let kind = Value::from(projection.aggregate_type);
    let total = count(database, Query::new(sql, [kind.clone()])).await?;
    match &place.cursor.after {
        _ if place.cursor.copied => Ok((total, total)),
        None => Ok((total, 0)),
        Some(id) => {
            let sql = format!("{sql} and aggregate_id <= $2");
            let done = count(database, Query::new(sql, [kind, id.as_str().into()])).await?;
            Ok((total, done))
        }
    }
}
