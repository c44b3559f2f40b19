//! Throttling of failed credentials, per address and per account: slower, never locked out.
//!
//! Each address and each account has a bucket of attempts that fills again with time. Only failures empty it.
//!
//! **Guessable credentials** (passwords, mailed codes, OTPs): [`take`](Throttle::take) before verifying, and
//! [`give_back`](Throttle::give_back) when the credential was right. Taking first is what stops a thousand guesses sent
//! at once, all of which would pass a mere [`check`](Throttle::check). An empty bucket refuses even the right password,
//! for seconds; otherwise guessing would go on through the refusals. Until it is given back, an attempt under way counts
//! as a failure.
//!
//! **Random secrets of 256 bits** (client secrets): verify first. A right one is answered, whatever the buckets say, so
//! that nobody can stop an integration by failing in its name. A wrong one is answered 429 when
//! [`check`](Throttle::check) says to wait; otherwise [`record_failure`](Throttle::record_failure) and answer 401.
//! `take` does both in one step.
//!
//! The buckets are this process's and are forgotten when it ends.

mod buckets;

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use clap::ValueEnum;

use buckets::{AllBuckets, HashedKey};

/// So many failures an address may have at once; many people share one.
pub const ADDRESS_BURST: u32 = 100;
/// An address may fail once more after so many seconds.
pub const ADDRESS_SECONDS_PER_FAILURE: u32 = 1;
/// So many failures an account may have at once.
pub const ACCOUNT_BURST: u32 = 10;
/// An account may fail once more after so many seconds.
pub const ACCOUNT_SECONDS_PER_FAILURE: u32 = 10;
/// So many buckets are kept of addresses, and as many of accounts; together less than 10 MB.
pub const MOST_BUCKETS: usize = 65_536;

/// Whether failed credentials are throttled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThrottleMode {
    /// They are.
    On,
    /// They are not; for load tests.
    Off,
}

/// What an attempt is counted against.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ThrottleKey {
    /// The caller's address; of an IPv6 address the first 64 bits, since a caller has all the others.
    Address(IpAddr),
    /// A kind of account and its name in the spelling that the account is found by: `("developer", "dev@example.com")`.
    /// Existing or not makes no difference, so that nothing is told.
    Account(&'static str, String),
}

/// A refusal to try now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// After how many seconds an attempt is possible; at least 1. For `Retry-After`.
    pub retry_after_seconds: u64,
}

/// Counts failed credentials.
///
/// Its memory is bounded. When there are [`MOST_BUCKETS`] addresses, or as many accounts, a new one pushes out the
/// bucket that would have been full again soonest, that is the one with the fewest failures to remember. A flood of
/// ever new keys therefore pushes out its own and not those that are exhausted. Names are kept as keyed 64-bit hashes
/// only: two that collide share a bucket.
pub struct Throttle {
    /// None when nothing is throttled.
    buckets: Option<Mutex<AllBuckets>>,
    hasher: RandomState,
}

impl Throttle {
    /// A throttle that has seen no failure yet.
    pub fn new(mode: ThrottleMode) -> Self {
        let buckets = match mode {
            ThrottleMode::On => Some(Mutex::new(AllBuckets::new())),
            ThrottleMode::Off => None,
        };
        Self {
            buckets,
            hasher: RandomState::new(),
        }
    }

    /// Looks whether an attempt is possible, and changes nothing.
    ///
    /// # Errors
    /// The longest [`Wait`] of the keys whose bucket is empty.
    pub fn check(&self, keys: &[ThrottleKey], now: DateTime<Utc>) -> Result<(), Wait> {
        match self.lock() {
            Some(buckets) => buckets.check(&self.hashed(keys), now.timestamp_millis()),
            None => Ok(()),
        }
    }

    /// Takes one attempt from the bucket of each key. An empty bucket stays empty and gets no emptier: however many
    /// fail, the next attempt is possible after the time for one failure.
    pub fn record_failure(&self, keys: &[ThrottleKey], now: DateTime<Utc>) {
        if let Some(mut buckets) = self.lock() {
            buckets.take(&self.hashed(keys), now.timestamp_millis());
        }
    }

    /// [`check`](Self::check) and [`record_failure`](Self::record_failure) in one step, with nothing in between.
    ///
    /// # Errors
    /// The longest [`Wait`] of the keys whose bucket is empty; then no bucket has changed.
    pub fn take(&self, keys: &[ThrottleKey], now: DateTime<Utc>) -> Result<(), Wait> {
        let Some(mut buckets) = self.lock() else {
            return Ok(());
        };
        let keys = self.hashed(keys);
        buckets.check(&keys, now.timestamp_millis())?;
        buckets.take(&keys, now.timestamp_millis());
        Ok(())
    }

    /// Undoes a [`take`](Self::take), because the credential turned out to be right.
    pub fn give_back(&self, keys: &[ThrottleKey], now: DateTime<Utc>) {
        if let Some(mut buckets) = self.lock() {
            buckets.give_back(&self.hashed(keys), now.timestamp_millis());
        }
    }

    /// A thread that panicked meanwhile has at worst miscounted by one, so its poison is no reason to stop.
    fn lock(&self) -> Option<MutexGuard<'_, AllBuckets>> {
        self.buckets
            .as_ref()
            .map(|buckets| buckets.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hashed(&self, keys: &[ThrottleKey]) -> Vec<HashedKey> {
        let hashed = |key: &ThrottleKey| match key {
            ThrottleKey::Address(address) => HashedKey::Address(self.hasher.hash_one(network(*address))),
            ThrottleKey::Account(kind, name) => HashedKey::Account(self.hasher.hash_one((kind, name))),
        };
        keys.iter().map(hashed).collect()
    }
}

/// What one caller surely shares with nobody else's network: the IPv4 address, also when written as IPv6, or the /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_424_400, 0).unwrap()
    }

    fn after(millis: i64) -> DateTime<Utc> {
        start() + TimeDelta::milliseconds(millis)
    }

    fn account(name: &str) -> [ThrottleKey; 1] {
        [ThrottleKey::Account("developer", name.to_owned())]
    }

    fn address(text: &str) -> [ThrottleKey; 1] {
        [ThrottleKey::Address(text.parse().unwrap())]
    }

    fn wait(seconds: u64) -> Result<(), Wait> {
        Err(Wait {
            retry_after_seconds: seconds,
        })
    }

    fn fail(throttle: &Throttle, keys: &[ThrottleKey], times: u32, now: DateTime<Utc>) {
        for _ in 0..times {
            throttle.record_failure(keys, now);
        }
    }

    #[test]
    fn t30_an_account_may_fail_ten_times_and_once_more_each_ten_seconds() {
        let throttle = Throttle::new(ThrottleMode::On);
        let dev = account("dev@example.com");
        fail(&throttle, &dev, 9, start());
        assert_eq!(throttle.check(&dev, start()), Ok(()));
        fail(&throttle, &dev, 1, start());
        assert_eq!(throttle.check(&dev, start()), wait(10));
        assert_eq!(throttle.check(&dev, after(9_999)), wait(1));
        assert_eq!(throttle.check(&dev, after(10_000)), Ok(()));
        fail(&throttle, &dev, 1, after(10_000));
        assert_eq!(throttle.check(&dev, after(10_001)), wait(10));
    }

    #[test]
    fn t30_an_address_may_fail_a_hundred_times_and_once_more_each_second() {
        let throttle = Throttle::new(ThrottleMode::On);
        let office = address("192.0.2.7");
        fail(&throttle, &office, 99, start());
        assert_eq!(throttle.check(&office, start()), Ok(()));
        fail(&throttle, &office, 1, start());
        assert_eq!(throttle.check(&office, start()), wait(1));
        assert_eq!(throttle.check(&office, after(999)), wait(1));
        assert_eq!(throttle.check(&office, after(1_000)), Ok(()));
    }

    #[test]
    fn t30_however_many_failed_nobody_is_locked_out() {
        let throttle = Throttle::new(ThrottleMode::On);
        let dev = account("dev@example.com");
        fail(&throttle, &dev, 1_000, start());
        assert_eq!(throttle.check(&dev, start()), wait(10));
        assert_eq!(throttle.check(&dev, after(10_000)), Ok(()));
    }

    #[test]
    fn t30_the_longest_wait_counts_and_others_are_not_concerned() {
        let throttle = Throttle::new(ThrottleMode::On);
        let both = [account("dev@example.com"), address("192.0.2.7")].concat();
        fail(&throttle, &both, 100, start());
        assert_eq!(throttle.check(&both, start()), wait(10));
        assert_eq!(throttle.check(&account("eve@example.com"), start()), Ok(()));
        assert_eq!(throttle.check(&address("192.0.2.8"), start()), Ok(()));
        assert_eq!(
            throttle.check(&[ThrottleKey::Account("client", "dev@example.com".to_owned())], start()),
            Ok(())
        );
    }

    #[test]
    fn t30_an_ipv6_network_shares_a_bucket_and_a_mapped_address_is_the_ipv4_one() {
        let throttle = Throttle::new(ThrottleMode::On);
        fail(&throttle, &address("2001:db8:0:1::1"), 100, start());
        assert_eq!(throttle.check(&address("2001:db8:0:1:ffff::2"), start()), wait(1));
        assert_eq!(throttle.check(&address("2001:db8:0:2::1"), start()), Ok(()));
        fail(&throttle, &address("::ffff:192.0.2.7"), 100, start());
        assert_eq!(throttle.check(&address("192.0.2.7"), start()), wait(1));
    }

    #[test]
    fn t30_of_many_guesses_at_once_only_as_many_as_the_bucket_holds_are_tried() {
        let throttle = Throttle::new(ThrottleMode::On);
        let dev = account("dev@example.com");
        let tried = (0..1_000).filter(|_| throttle.take(&dev, start()).is_ok()).count();
        assert_eq!(tried, 10);
        assert_eq!(throttle.take(&dev, after(10_000)), Ok(()));
        assert_eq!(throttle.take(&dev, after(10_000)), wait(10));
    }

    #[test]
    fn t30_a_refused_attempt_costs_no_other_bucket_anything() {
        let throttle = Throttle::new(ThrottleMode::On);
        let (dev, office) = (account("dev@example.com"), address("192.0.2.7"));
        fail(&throttle, &dev, 10, start());
        for _ in 0..200 {
            assert_eq!(
                throttle.take(&[dev.clone(), office.clone()].concat(), start()),
                wait(10)
            );
        }
        assert_eq!(throttle.check(&office, start()), Ok(()));
    }

    #[test]
    fn t30_success_is_not_throttled() {
        let throttle = Throttle::new(ThrottleMode::On);
        let dev = account("dev@example.com");
        fail(&throttle, &dev, 9, start());
        for _ in 0..1_000 {
            assert_eq!(throttle.take(&dev, start()), Ok(()));
            throttle.give_back(&dev, start());
        }
        throttle.give_back(&account("eve@example.com"), start());
        assert_eq!(throttle.check(&dev, start()), Ok(()));
        fail(&throttle, &dev, 1, start());
        assert_eq!(throttle.check(&dev, start()), wait(10));
    }

    #[test]
    fn t30_a_clock_that_is_turned_back_locks_nobody_out() {
        let throttle = Throttle::new(ThrottleMode::On);
        let dev = account("dev@example.com");
        fail(&throttle, &dev, 10, after(86_400_000));
        assert_eq!(throttle.check(&dev, start()), wait(10));
    }

    #[test]
    fn t30_switched_off_it_refuses_nobody() {
        let throttle = Throttle::new(ThrottleMode::Off);
        let dev = account("dev@example.com");
        fail(&throttle, &dev, 1_000, start());
        assert_eq!(throttle.check(&dev, start()), Ok(()));
        assert_eq!(throttle.take(&dev, start()), Ok(()));
    }
}
