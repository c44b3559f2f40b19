//! Rows on their way into their tables, with the events that they are folded from.

use cqrs_es::Aggregate;

use crate::projection::Projection;
use crate::recorded::{Recorded, UnreadableEvent};
use crate::row::Row;
use crate::row_base::RowBase;
use crate::sql::{Column, Value};

/// A projection's row to write.
#[derive(Clone, Debug)]
pub struct RowWrite {
    /// The projection.
    pub table: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// The row's values.
    pub values: Vec<Value>,
    /// The row, to fold further events onto.
    pub row: RowBase,
}

impl RowWrite {
    /// The row that a stream folds to, from its first event or onto an earlier row; none when it gives no row.
    ///
    /// # Errors
    /// The row is not read back from its values as what it was folded to: nothing is stored that cannot be read again.
    pub fn of<P: Projection>(
        base: &RowBase,
        stream: &[Recorded<<P::Aggregate as Aggregate>::Event>],
    ) -> Result<Option<Self>, UnreadableEvent> {
        let (Some(row), Some(last)) = (base.fold::<P>(stream), stream.last()) else {
            return Ok(None);
        };
        let values = row.values();
        let problem = match P::row(values.clone()) {
            Ok(read) if read == *row => {
                return Ok(Some(Self {
                    table: P::NAME,
                    columns: P::Row::COLUMNS,
                    values,
                    row: RowBase::of(row),
                }));
            }
            Ok(_) => format!("its row of {} is not read back as what is meant", P::NAME),
            Err(error) => format!("its row would not be read back: {error}"),
        };
        let (kind, id) = (P::Aggregate::TYPE, &last.aggregate_id);
        Err(UnreadableEvent {
            position: last.position,
            event: format!("number {} of {kind} {id}", last.sequence),
            problem,
        })
    }
}
