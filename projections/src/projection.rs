//! What a projection is.

use std::any::Any;

use cqrs_es::Aggregate;

use crate::recorded::{Recorded, StoredEvent, UnreadableEvent};
use crate::row::{Row, StoredRow};
use crate::sql::{Column, MapTable, RowError, RowReader, Value};

/// A question that is answered by rows, one row per stream of `Aggregate`. Maps of a row may be kept as rows of tables of their own.
pub trait Projection: 'static {
    /// The table's name, and the projection's.
    const NAME: &'static str;
    /// Counts up whenever the fold or the table changes its meaning, so that old rows are rebuilt.
    const FOLD_VERSION: i64;
    /// What its queries need to be fast, or its rows to be unique.
    const INDEXES: Indexes = Indexes::NONE;
    /// Whose events it folds.
    type Aggregate: Aggregate;
    /// One row.
    type Row: Row;

    /// The row after an event, from the row before it. Pure: no clock, no I/O.
    fn fold(row: Option<Self::Row>, recorded: &Recorded<<Self::Aggregate as Aggregate>::Event>) -> Option<Self::Row>;

    /// The row with these values, which are those of all that is selected.
    ///
    /// # Errors
    /// See [`Row::read`].
    fn row(values: Vec<Value>) -> Result<Self::Row, RowError> {
        Self::Row::read(&mut RowReader::new(Self::NAME, values))
    }
}

/// The indexes of a table, as SQL: `create [unique] index if not exists <name>_{generation} on {table} (…);`. Both are filled
/// in for each generation of the table, because two have to stand beside each other while one is rebuilt. The table of a map is
/// named in braces by its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indexes {
    /// On SQLite.
    pub sqlite: &'static str,
    /// On PostgreSQL.
    pub postgres: &'static str,
}

impl Indexes {
    /// None, besides that of the key.
    pub const NONE: Self = Self::on_both("");

    /// The same on both databases.
    pub const fn on_both(sql: &'static str) -> Self {
        Self {
            sqlite: sql,
            postgres: sql,
        }
    }
}

/// A projection without its types, for tools that treat all of them alike.
#[derive(Clone, Copy)]
pub struct AnyProjection {
    /// The table's name, and the projection's.
    pub name: &'static str,
    /// See [`Projection::FOLD_VERSION`].
    pub fold_version: i64,
    /// The kind of stream it folds.
    pub aggregate_type: &'static str,
    /// The table's columns; the first is the key.
    pub columns: &'static [Column],
    /// The tables of the row's maps.
    pub maps: &'static [MapTable],
    /// The table's indexes.
    pub indexes: Indexes,
    fold_stream: FoldStream,
    fold_read: FoldRead,
}

type FoldStream = fn(&[StoredEvent]) -> Result<Option<StoredRow>, UnreadableEvent>;
/// Folds a `Vec` of the aggregate's `Recorded` events; none if these are events of another aggregate.
type FoldRead = fn(&dyn Any) -> Option<Option<StoredRow>>;

impl AnyProjection {
    /// Forgets the types of a projection.
    pub fn of<P: Projection>() -> Self {
        Self {
            name: P::NAME,
            fold_version: P::FOLD_VERSION,
            aggregate_type: P::Aggregate::TYPE,
            columns: P::Row::COLUMNS,
            maps: P::Row::MAPS,
            indexes: P::INDEXES,
            fold_stream: |stream| {
                let row = stream.iter().try_fold(None, |row, stored| {
                    stored.read::<P::Aggregate>().map(|recorded| P::fold(row, &recorded))
                })?;
                Ok(row.as_ref().map(StoredRow::of::<P::Row>))
            },
            fold_read: |stream| {
                let stream = stream.downcast_ref::<Vec<Recorded<<P::Aggregate as Aggregate>::Event>>>()?;
                let row = stream.iter().fold(None, P::fold);
                Some(row.as_ref().map(StoredRow::of::<P::Row>))
            },
        }
    }

    /// The row that a whole stream folds to; none when the stream gives no row.
    ///
    /// # Errors
    /// The first event that cannot be read.
    pub fn fold_stream(&self, stream: &[StoredEvent]) -> Result<Option<StoredRow>, UnreadableEvent> {
        (self.fold_stream)(stream)
    }

    /// The same for several projections, with each event read once.
    ///
    /// # Errors
    /// The first event that cannot be read, or is none of the projections' kind.
    pub(crate) fn fold_for_all<A: Aggregate>(
        projections: &[Self],
        stream: &[StoredEvent],
    ) -> Result<Vec<Option<StoredRow>>, UnreadableEvent>
    where
        A::Event: 'static,
    {
        let read: Vec<Recorded<A::Event>> = stream.iter().map(StoredEvent::read::<A>).collect::<Result<_, _>>()?;
        let folded: Option<_> = projections
            .iter()
            .map(|projection| (projection.fold_read)(&read))
            .collect();
        let of_others = || match stream.first() {
            Some(first) => Err(first.unreadable("it is of another kind than the projection folds")),
            None => Ok(Vec::new()),
        };
        folded.map_or_else(of_others, Ok)
    }

    /// The names of its tables: its own, and those of its maps.
    pub fn tables(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.maps.iter().map(|map| map.name))
    }
}

/// Has a row stand at an event that it shows nothing of.
pub fn stand_at(columns: &[Column], values: &mut [Value], sequence: i64, position: i64) {
    for (column, value) in columns.iter().zip(values) {
        match column.name {
            "version" => *value = sequence.into(),
            "position" => *value = position.into(),
            _ => {}
        }
    }
}
