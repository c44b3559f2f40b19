//! Rows on their way into their tables, with the events that they are folded from.

use std::sync::Arc;

use cqrs_es::Aggregate;

use crate::map_rows::{MapEntry, WhichEntries};
use crate::projection::Projection;
use crate::recorded::{Recorded, UnreadableEvent};
use crate::row::{Row, all_map_rows};
use crate::row_base::RowBase;
use crate::sql::{Column, MapTable, RowError, RowReader, Selected, Value};

/// A projection's row to write.
#[derive(Clone, Debug)]
pub struct RowWrite {
    /// The projection.
    pub table: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// The row's values.
    pub values: Vec<Value>,
    /// Its maps.
    pub maps: MapWrites,
    /// The row, to fold further events onto.
    pub row: RowBase,
}

/// What to write of a row's maps that have tables of their own.
#[derive(Clone, Debug, Default)]
pub struct MapWrites {
    /// Their tables.
    pub tables: &'static [MapTable],
    /// What the new events have changed in each of them. This alone is to be written if the tables hold what the row's maps were
    /// before; none if nobody can know what they hold.
    pub changes: Option<Vec<Vec<MapEntry>>>,
    /// Whether the row was folded without events that cannot be read: another program, which can read them, finds the tables
    /// not as it has left them.
    pub is_in_part: bool,
    /// All rows of each of them.
    all: Option<AllRows>,
}

/// All rows of the maps of a row of one type.
type AllRows = fn(&RowBase) -> Vec<Vec<Vec<Value>>>;

impl RowWrite {
    /// The row that a stream folds to; none when it gives no row. The new events are folded onto the row that the earlier ones
    /// fold to, from the first of the stream or onto an earlier row.
    ///
    /// # Errors
    /// The row is not read back from its values as what it was folded to: nothing is stored that cannot be read again. Of the
    /// maps with tables of their own, what has changed is read back.
    pub fn of<P: Projection>(
        base: &RowBase,
        history: &[Recorded<<P::Aggregate as Aggregate>::Event>],
        new: &[Recorded<<P::Aggregate as Aggregate>::Event>],
    ) -> Result<Option<Self>, UnreadableEvent> {
        let before = base.fold::<P>(history).map(Arc::unwrap_or_clone).map(|mut row| {
            row.maps().into_iter().for_each(|map| map.track());
            row
        });
        let (Some(mut row), Some(last)) = (new.iter().fold(before, P::fold), new.last().or(history.last())) else {
            return Ok(None);
        };
        let values = row.values();
        let problem = match (read_back::<P>(&row, &values), changes(&row)) {
            (Ok(true), Ok(changes)) => {
                row.maps().into_iter().for_each(|map| map.settle());
                return Ok(Some(Self {
                    table: P::NAME,
                    columns: P::Row::COLUMNS,
                    values,
                    maps: MapWrites {
                        tables: P::Row::MAPS,
                        changes,
                        is_in_part: false,
                        all: Some(|row| row.row::<P::Row>().map(|row| all_map_rows(&*row)).unwrap_or_default()),
                    },
                    row: RowBase::of(Arc::new(row)),
                }));
            }
            (Ok(false), _) => format!("its row of {} is not read back as what is meant", P::NAME),
            (Err(error), _) => format!("its row would not be read back: {error}"),
            (_, Err(problem)) => format!("its row of {} is not read back as what is meant: {problem}", P::NAME),
        };
        let (kind, id) = (P::Aggregate::TYPE, &last.aggregate_id);
        Err(UnreadableEvent {
            position: last.position,
            event: format!("number {} of {kind} {id}", last.sequence),
            problem,
        })
    }

    /// All rows of its maps that have tables of their own, by key.
    pub fn all_map_rows(&self) -> Vec<Vec<Vec<Value>>> {
        self.maps.all.map(|all| all(&self.row)).unwrap_or_default()
    }
}

/// What has changed in the maps of a row; none if that cannot be told, because they have just begun.
fn changes<R: Row>(row: &R) -> Result<Option<Vec<Vec<MapEntry>>>, String> {
    let changes = row.map_entries(WhichEntries::Changed)?;
    if changes.is_none() {
        row.map_entries(WhichEntries::AllReadBack)?;
    }
    Ok(changes)
}

/// Whether a row is read from its own values as what it is, apart from what is in tables of its maps.
fn read_back<P: Projection>(row: &P::Row, values: &[Value]) -> Result<bool, RowError> {
    let mut without_maps = row.clone();
    without_maps.maps().into_iter().for_each(|map| map.empty());
    let mut own = values.iter().cloned();
    let selected = P::Row::SELECTED.iter().filter_map(|selected| match selected {
        Selected::Column(_) => own.next(),
        Selected::Map(_) => Some("{}".into()),
    });
    let read = P::Row::read(&mut RowReader::new(P::NAME, selected.collect()))?;
    Ok(read == without_maps)
}
