//! What a projection is, and the list of all of them.

use cqrs_es::Aggregate;

use crate::recorded::{Recorded, StoredEvent, UnreadableEvent};
use crate::sql::{Column, RowError, Value};
use crate::{app_list, developers, groups, portal_apps, revoked_tokens, system, token_gate};

/// A question that is answered by rows, one row per stream of `Aggregate`.
pub trait Projection: 'static {
    /// The table's name, and the projection's.
    const NAME: &'static str;
    /// Counts up whenever the fold or the table changes its meaning, so that old rows are rebuilt.
    const FOLD_VERSION: i64;
    /// The table's columns; the first is the key, the stream's id.
    const COLUMNS: &'static [Column];
    /// Whose events it folds.
    type Aggregate: Aggregate;
    /// One row.
    type Row: Clone + PartialEq + Send;

    /// The row after an event, from the row before it. Pure: no clock, no I/O.
    fn fold(row: Option<Self::Row>, recorded: &Recorded<<Self::Aggregate as Aggregate>::Event>) -> Option<Self::Row>;

    /// The row's values, in the order of the columns.
    fn values(row: &Self::Row) -> Vec<Value>;

    /// The row with these values.
    fn row(values: Vec<Value>) -> Result<Self::Row, RowError>;
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
    fold_stream: FoldStream,
}

type FoldStream = fn(&[StoredEvent]) -> Result<Option<Vec<Value>>, UnreadableEvent>;

impl AnyProjection {
    /// The values of the row that a whole stream folds to; none when the stream gives no row.
    pub fn fold_stream(&self, stream: &[StoredEvent]) -> Result<Option<Vec<Value>>, UnreadableEvent> {
        (self.fold_stream)(stream)
    }
}

/// All projections.
pub fn all() -> [AnyProjection; 7] {
    [
        any::<app_list::AppList>(),
        any::<portal_apps::PortalApps>(),
        any::<token_gate::TokenGate>(),
        any::<revoked_tokens::RevokedTokens>(),
        any::<groups::Groups>(),
        any::<developers::Developers>(),
        any::<system::SystemState>(),
    ]
}

/// The projection with this name.
pub fn named(name: &str) -> Option<AnyProjection> {
    all().into_iter().find(|projection| projection.name == name)
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

fn any<P: Projection>() -> AnyProjection {
    AnyProjection {
        name: P::NAME,
        fold_version: P::FOLD_VERSION,
        aggregate_type: P::Aggregate::TYPE,
        columns: P::COLUMNS,
        fold_stream: |stream| {
            let row = stream.iter().try_fold(None, |row, stored| {
                stored.read::<P::Aggregate>().map(|recorded| P::fold(row, &recorded))
            })?;
            Ok(row.map(|row| P::values(&row)))
        },
    }
}
