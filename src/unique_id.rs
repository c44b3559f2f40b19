//! Ids for what decides nothing: requests, forms, temporary files. They are in no event but as the id of the request, so
//! nobody has to be able to replay them, and every place can draw one without a clock and a generator at hand.

use uuid::Uuid;

#[expect(clippy::disallowed_methods, reason = "the one place that draws such ids")]
pub fn unique_id() -> Uuid {
    Uuid::now_v7()
}
