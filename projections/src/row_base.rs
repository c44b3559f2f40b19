//! A row that later events are folded onto, so that a stream need not be folded from its first event.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use cqrs_es::Aggregate;

use crate::projection::Projection;
use crate::recorded::Recorded;
use crate::row::Row;

/// The row of one projection at some event of its stream; none when a fold begins with the first event. Other projections do
/// not begin with it.
#[derive(Clone, Default)]
pub struct RowBase(Option<Arc<dyn Any + Send + Sync>>);

impl RowBase {
    /// This row.
    pub fn of<R: Row>(row: Arc<R>) -> Self {
        Self(Some(row))
    }

    /// The row, if it is of this kind.
    pub fn row<R: Row>(&self) -> Option<Arc<R>> {
        self.0.clone()?.downcast().ok()
    }

    /// The row after these events, which come after those that this one stands for. A row is copied for it, so that its maps
    /// have to be of the kind whose copies share what they have in common.
    pub fn fold<P: Projection>(&self, history: &[Recorded<<P::Aggregate as Aggregate>::Event>]) -> Option<Arc<P::Row>> {
        let base = self.row::<P::Row>();
        if history.is_empty() {
            return base;
        }
        let begun = base.map(Arc::unwrap_or_clone);
        history.iter().fold(begun, P::fold).map(Arc::new)
    }

    /// Whether a fold begins with the first event.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Debug for RowBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() {
            "RowBase(none)"
        } else {
            "RowBase(…)"
        })
    }
}
