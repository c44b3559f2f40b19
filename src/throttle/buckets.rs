//! The buckets themselves: what is left in each at a time, and which are forgotten. Times are milliseconds since 1970.

use std::collections::{BTreeSet, HashMap};

use super::{
    ACCOUNT_BURST, ACCOUNT_SECONDS_PER_FAILURE, ADDRESS_BURST, ADDRESS_SECONDS_PER_FAILURE, MOST_BUCKETS, Wait,
};

/// Addresses and accounts apart, so that a flood of the one does not push out the other.
pub(super) struct AllBuckets {
    addresses: Buckets,
    accounts: Buckets,
}

impl AllBuckets {
    /// All full.
    pub(super) fn new() -> Self {
        Self {
            addresses: Buckets::new(ADDRESS_BURST, ADDRESS_SECONDS_PER_FAILURE),
            accounts: Buckets::new(ACCOUNT_BURST, ACCOUNT_SECONDS_PER_FAILURE),
        }
    }

    /// The longest wait of the keys whose bucket is empty.
    pub(super) fn check(&self, keys: &[HashedKey], now: i64) -> Result<(), Wait> {
        let wait = keys.iter().map(|key| match key {
            HashedKey::Address(key) => self.addresses.wait(*key, now),
            HashedKey::Account(key) => self.accounts.wait(*key, now),
        });
        match wait.max() {
            Some(millis @ 1..) => Err(Wait {
                retry_after_seconds: millis.unsigned_abs().div_ceil(1000),
            }),
            _ => Ok(()),
        }
    }

    /// Takes one attempt from each bucket that has one.
    pub(super) fn take(&mut self, keys: &[HashedKey], now: i64) {
        for key in keys {
            match key {
                HashedKey::Address(key) => self.addresses.take(*key, now),
                HashedKey::Account(key) => self.accounts.take(*key, now),
            }
        }
    }

    /// Puts one attempt into each bucket that is not full.
    pub(super) fn give_back(&mut self, keys: &[HashedKey], now: i64) {
        for key in keys {
            match key {
                HashedKey::Address(key) => self.addresses.give_back(*key, now),
                HashedKey::Account(key) => self.accounts.give_back(*key, now),
            }
        }
    }
}

/// A [`ThrottleKey`](super::ThrottleKey) of which only the hash is left.
#[derive(Clone, Copy)]
pub(super) enum HashedKey {
    /// Of an address.
    Address(u64),
    /// Of an account.
    Account(u64),
}

/// Token buckets, each told by one number: when it will be full again, in milliseconds since 1970. One that is not
/// here is full.
struct Buckets {
    per_failure: i64,
    capacity: i64,
    full_at: HashMap<u64, i64>,
    soonest_full: BTreeSet<(i64, u64)>,
}

impl Buckets {
    fn new(burst: u32, seconds_per_failure: u32) -> Self {
        let per_failure = i64::from(seconds_per_failure) * 1000;
        Self {
            per_failure,
            capacity: per_failure * i64::from(burst),
            full_at: HashMap::new(),
            soonest_full: BTreeSet::new(),
        }
    }

    /// How many milliseconds it takes until there is a whole attempt in the bucket; none or fewer when there is one.
    fn wait(&self, key: u64, now: i64) -> i64 {
        self.missing(key, now) + self.per_failure - self.capacity
    }

    /// How many milliseconds it takes until the bucket is full; never more than an empty one takes, even when the
    /// clock was turned back.
    fn missing(&self, key: u64, now: i64) -> i64 {
        self.full_at
            .get(&key)
            .map_or(0, |full_at| full_at.saturating_sub(now).clamp(0, self.capacity))
    }

    fn take(&mut self, key: u64, now: i64) {
        let missing = (self.missing(key, now) + self.per_failure).min(self.capacity);
        self.set(key, now, missing);
    }

    fn give_back(&mut self, key: u64, now: i64) {
        let missing = self.missing(key, now) - self.per_failure;
        self.set(key, now, missing);
    }

    fn set(&mut self, key: u64, now: i64, missing: i64) {
        if let Some(full_at) = self.full_at.remove(&key) {
            self.soonest_full.remove(&(full_at, key));
        }
        self.drop_full(now);
        if missing > 0 {
            let full_at = now.saturating_add(missing);
            self.full_at.insert(key, full_at);
            self.soonest_full.insert((full_at, key));
        }
    }

    /// Forgets the buckets that are full again, and one more when there is no room left.
    fn drop_full(&mut self, now: i64) {
        while let Some((full_at, key)) = self.soonest_full.first().copied() {
            if full_at > now && self.full_at.len() < MOST_BUCKETS {
                break;
            }
            self.soonest_full.pop_first();
            self.full_at.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000;
    const START: i64 = 1_795_424_400_000;

    fn kept(buckets: &Buckets) -> (usize, usize) {
        (buckets.full_at.len(), buckets.soonest_full.len())
    }

    #[test]
    fn t30_a_flood_of_keys_takes_bounded_memory_and_frees_nobody() {
        let mut buckets = Buckets::new(100, 1);
        for _ in 0..100 {
            buckets.take(u64::MAX, START);
        }
        for key in 0..100_000 {
            buckets.take(key, START);
        }
        assert_eq!(kept(&buckets), (MOST_BUCKETS, MOST_BUCKETS));
        assert_eq!(buckets.wait(u64::MAX, START), SECOND);
    }

    #[test]
    fn t30_a_flood_of_addresses_does_not_touch_accounts() {
        let mut buckets = AllBuckets::new();
        buckets.take(&[HashedKey::Account(7)], START);
        for key in 0..100_000 {
            buckets.take(&[HashedKey::Address(key)], START);
        }
        assert_eq!(kept(&buckets.accounts), (1, 1));
    }

    #[test]
    fn t30_buckets_that_are_full_again_are_forgotten() {
        let mut buckets = Buckets::new(100, 1);
        for key in 0..100 {
            buckets.take(key, START);
        }
        buckets.take(200, START + SECOND);
        assert_eq!(kept(&buckets), (1, 1));
    }

    #[test]
    fn t30_a_bucket_that_got_everything_back_is_forgotten() {
        let mut buckets = Buckets::new(10, 10);
        buckets.take(1, START);
        buckets.give_back(1, START);
        buckets.give_back(1, START);
        assert_eq!(kept(&buckets), (0, 0));
    }
}
