//! The application layer, as handlers get it.

use std::sync::Arc;

use crate::application::Gatebook;

/// The application, shared by all handlers.
pub type Service = Arc<Gatebook>;
