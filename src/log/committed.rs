//! What a command has come to.

use std::sync::Arc;

use cqrs_es::Aggregate;
use gatebook_projections::projection::Projection;
use gatebook_projections::recorded::Recorded;
use gatebook_projections::row_base::RowBase;

/// A command that was carried out.
pub struct Committed<A: Aggregate> {
    /// The aggregate after it.
    pub aggregate: A,
    /// What happened; empty when the command had been granted already.
    pub events: Vec<A::Event>,
    /// The stream's version after it.
    pub version: i64,
    /// The row that stands for all events before the history; none if there are none.
    pub base: RowBase,
    /// The position of the last of them.
    pub base_position: i64,
    /// The stream up to that version, for folding the answer.
    pub history: Vec<Recorded<A::Event>>,
}

impl<A: Aggregate> Committed<A> {
    /// The position of the stream's last event that is more than a look, or was written by the command.
    pub fn position(&self) -> i64 {
        self.history.last().map_or(self.base_position, |last| last.position)
    }

    /// The row that a projection shows after it.
    pub fn row<P: Projection<Aggregate = A>>(&self) -> Option<P::Row> {
        self.base.fold::<P>(&self.history).map(Arc::unwrap_or_clone)
    }
}
