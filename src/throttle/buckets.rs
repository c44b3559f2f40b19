//! The buckets: what is left in each, which attempts are in progress, and which buckets are dropped. Times are in
//! milliseconds since 1970.

use std::collections::{BTreeSet, HashMap};

use super::{
    ACCOUNT_BURST, ACCOUNT_SECONDS_PER_FAILURE, ADDRESS_BURST, ADDRESS_SECONDS_PER_FAILURE, FAMILIAR_SECONDS,
    MOST_BUCKETS, SITE_BURST, SITE_SECONDS_PER_FAILURE, WHOLE_ACCOUNT_BURST, WHOLE_ACCOUNT_SECONDS_PER_FAILURE, Wait,
};

/// The buckets for one kind of secret. Addresses and accounts are separate, so that a flood of one does not push out
/// the other.
pub(super) struct AllBuckets {
    addresses: Buckets,
    sites: Buckets,
    accounts: Buckets,
    whole_accounts: Buckets,
    /// Records from where accounts were logged in to: a bucket that is not full means recently.
    familiar: Buckets,
    /// How many attempts of each key are in progress.
    under_way: HashMap<HashedKey, u32>,
}

/// Why an attempt is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRoom {
    /// Other attempts in progress hold the last places. Some of them may prove right.
    Yet(Wait),
    /// Too many attempts have failed.
    Left(Wait),
}

impl AllBuckets {
    pub(super) fn new() -> Self {
        Self {
            addresses: Buckets::new(ADDRESS_BURST, 1_000 * ADDRESS_SECONDS_PER_FAILURE),
            sites: Buckets::new(SITE_BURST, 1_000 * SITE_SECONDS_PER_FAILURE),
            accounts: Buckets::new(ACCOUNT_BURST, 1_000 * ACCOUNT_SECONDS_PER_FAILURE),
            whole_accounts: Buckets::new(WHOLE_ACCOUNT_BURST, 1_000 * WHOLE_ACCOUNT_SECONDS_PER_FAILURE),
            familiar: Buckets::new(1, 1_000 * FAMILIAR_SECONDS),
            under_way: HashMap::new(),
        }
    }

    /// Lets an attempt in: it counts in each bucket like a failure until it is [settled](Self::settle). Returns the
    /// keys that it counts for.
    ///
    /// If only buckets shared with other callers refuse, the attempt still counts in the caller's own buckets, so that
    /// asking again and again wins no race against the account's owner. If the caller's own buckets refuse, nothing is
    /// counted: otherwise a program that keeps asking would keep its whole office out.
    pub(super) fn let_in(&mut self, keys: &[HashedKey], now: i64) -> Result<Vec<HashedKey>, NoRoom> {
        let keys = self.that_count(keys, now);
        if let Err(wait) = self.check(&keys, now) {
            let (refusing, others): (Vec<_>, Vec<_>) = keys.iter().partition(|key| self.wait(**key, now) > 0);
            if refusing.iter().all(|key| self.under_way.contains_key(key)) {
                return Err(NoRoom::Yet(wait));
            }
            if refusing.iter().all(|key| key.is_of_many()) {
                self.take(&others, now);
            }
            return Err(NoRoom::Left(wait));
        }
        self.take(&keys, now);
        for key in &keys {
            *self.under_way.entry(*key).or_default() += 1;
        }
        Ok(keys)
    }

    /// Ends an attempt that was let in with these keys.
    pub(super) fn settle(&mut self, keys: &[HashedKey], verdict: Option<Judgement>, now: i64) {
        for key in keys {
            match self.under_way.get_mut(key) {
                Some(many @ 2..) => *many -= 1,
                _ => drop(self.under_way.remove(key)),
            }
            match (verdict, key) {
                (Some(Judgement::Wrong), _) => {}
                (Some(Judgement::Right), HashedKey::Account(hash)) => {
                    self.familiar.take(*hash, now);
                    self.accounts.refund(*hash, now);
                }
                _ => self.buckets(*key).refund(key.hash(), now),
            }
        }
    }

    /// Counts one failure, unless a bucket is empty.
    pub(super) fn fail(&mut self, keys: &[HashedKey], now: i64) -> Result<(), Wait> {
        self.check(keys, now)?;
        self.take(keys, now);
        Ok(())
    }

    fn take(&mut self, keys: &[HashedKey], now: i64) {
        for key in keys {
            self.buckets(*key).take(key.hash(), now);
        }
    }

    /// The longest wait among the empty buckets.
    fn check(&self, keys: &[HashedKey], now: i64) -> Result<(), Wait> {
        match keys.iter().map(|key| self.wait(*key, now)).max() {
            Some(millis @ 1..) => Err(Wait::of_millis(millis)),
            _ => Ok(()),
        }
    }

    /// Where the account was logged in to recently, the shared buckets do not count, so that others cannot keep its
    /// owner out.
    fn that_count(&self, keys: &[HashedKey], now: i64) -> Vec<HashedKey> {
        let familiar = self.is_familiar(keys, now);
        let counts = |key: &&HashedKey| !(familiar && key.is_of_many());
        keys.iter().filter(counts).copied().collect()
    }

    /// Whether the account was logged in to recently from this address.
    pub(super) fn is_familiar(&self, keys: &[HashedKey], now: i64) -> bool {
        keys.iter().any(|key| match key {
            HashedKey::Account(hash) => self.familiar.missing(*hash, now) > 0,
            HashedKey::Address(_) | HashedKey::Site(_) | HashedKey::WholeAccount(_) => false,
        })
    }

    fn wait(&self, key: HashedKey, now: i64) -> i64 {
        match key {
            HashedKey::Address(hash) => self.addresses.wait(hash, now),
            HashedKey::Site(hash) => self.sites.wait(hash, now),
            HashedKey::Account(hash) => self.accounts.wait(hash, now),
            HashedKey::WholeAccount(hash) => self.whole_accounts.wait(hash, now),
        }
    }

    fn buckets(&mut self, key: HashedKey) -> &mut Buckets {
        match key {
            HashedKey::Address(_) => &mut self.addresses,
            HashedKey::Site(_) => &mut self.sites,
            HashedKey::Account(_) => &mut self.accounts,
            HashedKey::WholeAccount(_) => &mut self.whole_accounts,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Right,
    Wrong,
}

/// What an attempt is counted against. Names are kept as hashes only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum HashedKey {
    /// The caller's address.
    Address(u64),
    /// The caller's /48 of IPv6.
    Site(u64),
    /// An account, tried from the caller's address.
    Account(u64),
    /// An account, tried from any address.
    WholeAccount(u64),
}

impl HashedKey {
    fn hash(self) -> u64 {
        match self {
            Self::Address(hash) | Self::Site(hash) | Self::Account(hash) | Self::WholeAccount(hash) => hash,
        }
    }

    /// Whether callers outside the caller's own network share the bucket.
    fn is_of_many(self) -> bool {
        matches!(self, Self::Site(_) | Self::WholeAccount(_))
    }
}

/// Token buckets. Each is one number: when it will be full again, in milliseconds since 1970. A bucket without an entry
/// is full.
pub(super) struct Buckets {
    per_failure: i64,
    capacity: i64,
    full_at: HashMap<u64, i64>,
    soonest_full: BTreeSet<(i64, u64)>,
}

impl Buckets {
    /// Full buckets of `burst` attempts, which regain one every `millis_per_failure` milliseconds.
    pub(super) fn new(burst: u32, millis_per_failure: u32) -> Self {
        let per_failure = i64::from(millis_per_failure);
        Self {
            per_failure,
            capacity: per_failure * i64::from(burst),
            full_at: HashMap::new(),
            soonest_full: BTreeSet::new(),
        }
    }

    /// The milliseconds until the bucket holds an attempt; zero or less if it does now.
    pub(super) fn wait(&self, key: u64, now: i64) -> i64 {
        self.missing(key, now) + self.per_failure - self.capacity
    }

    /// The milliseconds until the bucket is full. Never more than for an empty one, even if the clock was set back.
    fn missing(&self, key: u64, now: i64) -> i64 {
        self.full_at
            .get(&key)
            .map_or(0, |full_at| full_at.saturating_sub(now).clamp(0, self.capacity))
    }

    /// Removes one attempt.
    pub(super) fn take(&mut self, key: u64, now: i64) {
        let missing = (self.missing(key, now) + self.per_failure).min(self.capacity);
        self.set(key, now, missing);
    }

    /// Returns one attempt.
    pub(super) fn refund(&mut self, key: u64, now: i64) {
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

    /// Drops the buckets that are full again, and the one that will be full soonest if there is no room.
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

    fn stored(buckets: &Buckets) -> (usize, usize) {
        (buckets.full_at.len(), buckets.soonest_full.len())
    }

    #[test]
    fn t30_a_flood_of_keys_takes_bounded_memory_and_frees_nobody() {
        let mut buckets = Buckets::new(100, 1_000);
        for _ in 0..100 {
            buckets.take(u64::MAX, START);
        }
        for key in 0..100_000 {
            buckets.take(key, START);
        }
        assert_eq!(stored(&buckets), (MOST_BUCKETS, MOST_BUCKETS));
        assert_eq!(buckets.wait(u64::MAX, START), SECOND);
    }

    #[test]
    fn t30_a_flood_of_addresses_does_not_touch_accounts() {
        let mut buckets = AllBuckets::new();
        assert_eq!(buckets.fail(&[HashedKey::Account(7)], START), Ok(()));
        for key in 0..100_000 {
            assert_eq!(buckets.fail(&[HashedKey::Address(key)], START), Ok(()));
        }
        assert_eq!(stored(&buckets.accounts), (1, 1));
    }

    #[test]
    fn t30_buckets_that_are_full_again_are_forgotten() {
        let mut buckets = Buckets::new(100, 1_000);
        for key in 0..100 {
            buckets.take(key, START);
        }
        buckets.take(200, START + SECOND);
        assert_eq!(stored(&buckets), (1, 1));
    }

    #[test]
    fn t30_a_bucket_that_got_everything_back_is_forgotten() {
        let mut buckets = Buckets::new(10, 10_000);
        buckets.take(1, START);
        buckets.refund(1, START);
        buckets.refund(1, START);
        assert_eq!(stored(&buckets), (0, 0));
    }

    #[test]
    fn t30_whoever_has_been_judged_is_not_under_way_any_more() {
        let mut buckets = AllBuckets::new();
        let keys = [HashedKey::Address(1), HashedKey::Account(2), HashedKey::WholeAccount(3)];
        for verdict in [None, Some(Judgement::Right), Some(Judgement::Wrong)] {
            let one = buckets.let_in(&keys, START).unwrap();
            let two = buckets.let_in(&keys, START).unwrap();
            buckets.settle(&one, verdict, START);
            assert!(buckets.under_way.contains_key(&keys[0]));
            buckets.settle(&two, verdict, START);
            assert!(buckets.under_way.is_empty());
        }
    }

    #[test]
    fn t30_a_place_where_an_account_was_got_into_is_remembered_for_thirty_days() {
        let mut buckets = AllBuckets::new();
        let keys = [HashedKey::Account(2), HashedKey::WholeAccount(3)];
        let one = buckets.let_in(&keys, START).unwrap();
        buckets.settle(&one, Some(Judgement::Right), START);
        let thirty_days = 30 * 24 * 3_600 * SECOND;
        assert_eq!(buckets.that_count(&keys, START + thirty_days - 1), &keys[..1]);
        assert_eq!(buckets.that_count(&keys, START + thirty_days), keys);
    }
}
