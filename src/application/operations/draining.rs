//! Draining: a node that is about to end says so first, and serves on until nobody sends it requests any more.

use std::sync::atomic::Ordering;

use crate::application::gatebook::Gatebook;

impl Gatebook {
    /// From now on this node is not ready, and every answer asks to close the connection. It goes on serving.
    pub fn begin_draining(&self) {
        self.draining.0.store(true, Ordering::Relaxed);
    }

    /// Whether this node is about to end, so that requests had better go elsewhere.
    pub fn is_draining(&self) -> bool {
        self.draining.0.load(Ordering::Relaxed)
    }
}
