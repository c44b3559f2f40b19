//! The id of the request that is being handled.

use std::sync::Arc;

tokio::task_local! {
    /// The id of the request that this task handles, for error messages in code that does not see the request.
    pub(super) static CURRENT: Arc<str>;
}

/// The id of the current request; none outside of a request.
pub fn current_request_id() -> Option<String> {
    CURRENT.try_with(ToString::to_string).ok()
}
