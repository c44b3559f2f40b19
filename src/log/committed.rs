//! What a command has come to.

use cqrs_es::Aggregate;
use gatebook_projections::projection::Projection;
use gatebook_projections::recorded::Recorded;

/// A command that was carried out.
pub struct Committed<A: Aggregate> {
    /// The aggregate after it.
    pub aggregate: A,
    /// What happened; empty when the command had been granted already.
    pub events: Vec<A::Event>,
    /// The stream's version after it.
    pub version: i64,
    /// The stream up to that version, for folding the answer.
    pub history: Vec<Recorded<A::Event>>,
}

impl<A: Aggregate> Committed<A> {
    /// The row that a projection shows after it.
    pub fn row<P: Projection<Aggregate = A>>(&self) -> Option<P::Row> {
        self.history.iter().fold(None, P::fold)
    }
}
