//! Ids for what decides nothing: requests, forms, temporary files. They are in no event but as the id of the request, so
//! nobody has to be able to replay them, and every place can draw one without a clock and a generator at hand.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::{Builder, Uuid, Variant, Version};

/// What the ids of this process begin with: 64 bits, most of them random.
static PROCESS: LazyLock<u64> = LazyLock::new(random);
static DRAWN: AtomicU64 = AtomicU64::new(0);

/// An id that nobody else has: the process and a number, which is much cheaper than new random bits for each request.
pub fn unique_id() -> Uuid {
    let number = DRAWN.fetch_add(1, Ordering::Relaxed);
    Builder::from_u128(u128::from(*PROCESS) << 64 | u128::from(number))
        .with_version(Version::Custom)
        .with_variant(Variant::RFC4122)
        .into_uuid()
}

#[expect(clippy::disallowed_methods, reason = "the one place that draws such ids")]
fn random() -> u64 {
    let (_, low) = Uuid::now_v7().as_u64_pair();
    low
}
