//! What somebody may do how often: failed credentials here, successful changes in [`budgets`].
//!
//! Throttling of failed credentials, per address and per account: slower, never locked out.
//!
//! Each address, each /48 of IPv6, each account as it is tried from one address, and each account as it is tried from
//! everywhere has a bucket of attempts that fills again with time. Only failures empty it. Since an account is counted by the address
//! that tries it, nobody else's failures keep its owner out; the far larger buckets of the whole account and of a /48 slow down
//! those who guess from many addresses, and are not asked where the account was got into lately.
//!
//! **Guessable credentials** (passwords, mailed codes, OTPs): [`guess`](Throttle::guess) before verifying, and tell the
//! [`Guess`] what was found. Being let in first is what stops a thousand guesses sent at once, all of which would pass
//! a mere look. An empty bucket refuses even the right password, for seconds; otherwise guessing would go on through
//! the refusals. Until they are judged, attempts under way count as failures: whoever comes after them waits for their
//! verdict, for [`PATIENCE`] at most. An attempt of which nothing is found out (the database is away, the caller hangs
//! up) does not count.
//!
//! **Random secrets of 256 bits** (client secrets, tokens, links): verify first. A right one is answered, whatever the
//! buckets say, so that nobody can stop an integration by failing in its name. For a wrong one call
//! [`fail`](Throttle::fail), which says whether to answer 401 or 429. They have buckets of their own, so that an
//! integration that fails again and again does not slow down the people in the same office.
//!
//! The buckets are this process's and are forgotten when it ends.

mod buckets;
pub mod budgets;
mod in_work;

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clap::ValueEnum;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::clock::Clock;
use buckets::{AllBuckets, HashedKey, Judgement, NoRoom};
pub use budgets::{Budget, Budgets, Spent};
pub use in_work::{InWork, InWorkPermit};

/// So many failures an address may have at once; many people share one.
pub const ADDRESS_BURST: u32 = 100;
/// An address may fail once more after so many seconds.
pub const ADDRESS_SECONDS_PER_FAILURE: u32 = 1;
/// So many failures a /48 of IPv6 may have at once: providers give whole ones to whoever asks, with 65,536 networks each.
pub const SITE_BURST: u32 = 1_000;
/// A /48 of IPv6 may fail once more after so many seconds.
pub const SITE_SECONDS_PER_FAILURE: u32 = 1;
/// So many failures an account may have at once from one address.
pub const ACCOUNT_BURST: u32 = 10;
/// From one address an account may fail once more after so many seconds.
pub const ACCOUNT_SECONDS_PER_FAILURE: u32 = 10;
/// So many failures an account may have at once from all addresses together: ten times those of one.
pub const WHOLE_ACCOUNT_BURST: u32 = 100;
/// From all addresses together an account may fail once more after so many seconds.
pub const WHOLE_ACCOUNT_SECONDS_PER_FAILURE: u32 = 1;
/// For so long, 30 days, it is remembered from which address an account was got into.
pub const FAMILIAR_SECONDS: u32 = 30 * 24 * 3_600;
/// So many buckets are kept of each kind; all of them together take less than 50 MB.
pub const MOST_BUCKETS: usize = 65_536;
/// So long an attempt waits for the verdicts of those before it.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// So many attempts wait at once.
pub const MOST_WAITING: usize = 256;

/// Whether failed credentials are throttled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThrottleMode {
    /// They are.
    On,
    /// They are not; for load tests.
    Off,
}

/// What an attempt is counted against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The caller's address; of an IPv6 address the first 64 bits, since a caller has all the others.
    pub address: Option<IpAddr>,
    /// A kind of account and its name in the spelling that the account is found by: `("developer", "dev@example.com")`.
    /// Existing or not makes no difference, so that nothing is told.
    pub account: Option<(&'static str, String)>,
}

/// A refusal to try now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// After how many seconds an attempt is possible; at least 1. For `Retry-After`.
    pub retry_after_seconds: u64,
}

impl Wait {
    /// So long, in whole seconds.
    fn of_millis(millis: i64) -> Self {
        Self {
            retry_after_seconds: millis.max(1).unsigned_abs().div_ceil(1_000),
        }
    }
}

/// Counts failed credentials.
///
/// Its memory is bounded. When there are [`MOST_BUCKETS`] of a kind, a new one pushes out the bucket that would have
/// been full again soonest, that is the one with the fewest failures to remember. A flood of ever new keys therefore
/// pushes out its own and not those that are exhausted. Names are kept as keyed 64-bit hashes only: two that collide
/// share a bucket.
pub struct Throttle {
    mode: ThrottleMode,
    clock: Clock,
    hasher: RandomState,
    guessable: Mutex<AllBuckets>,
    random: Mutex<AllBuckets>,
    /// Rung when an attempt was judged.
    settled: Notify,
    waiting: Semaphore,
}

impl Throttle {
    /// A throttle that has seen no failure yet.
    pub fn new(mode: ThrottleMode, clock: Clock) -> Self {
        Self {
            mode,
            clock,
            hasher: RandomState::new(),
            guessable: Mutex::new(AllBuckets::new()),
            random: Mutex::new(AllBuckets::new()),
            settled: Notify::new(),
            waiting: Semaphore::new(MOST_WAITING),
        }
    }

    /// Before something that can be guessed is verified.
    ///
    /// # Errors
    /// The longest [`Wait`] of the buckets that are empty.
    pub async fn guess(self: &Arc<Self>, attempt: &Attempt) -> Result<Guess, Wait> {
        let keys = self.keys(attempt);
        let (deadline, mut place) = (Instant::now() + PATIENCE, None);
        loop {
            // Listened for before looking, so that no verdict is missed in between.
            let settled = self.settled.notified();
            let wait = match self.let_in(&keys) {
                Ok(guess) => return Ok(guess),
                Err(NoRoom::Left(wait)) => return Err(wait),
                Err(NoRoom::Yet(wait)) => wait,
            };
            place = place.or_else(|| self.waiting.try_acquire().ok());
            if place.is_none() || timeout_at(deadline, settled).await.is_err() {
                return Err(wait);
            }
        }
    }

    fn let_in(self: &Arc<Self>, keys: &[HashedKey]) -> Result<Guess, NoRoom> {
        let (mut buckets, now) = (lock(&self.guessable), self.now());
        let is_familiar = buckets.is_familiar(keys, now);
        Ok(Guess {
            throttle: self.clone(),
            keys: buckets.let_in(keys, now)?,
            is_familiar,
            verdict: None,
        })
    }

    /// After a random secret turned out to be wrong.
    ///
    /// # Errors
    /// The longest [`Wait`] of the buckets that are empty; then it does not count.
    pub fn fail(&self, attempt: &Attempt) -> Result<(), Wait> {
        lock(&self.random).fail(&self.keys(attempt), self.now())
    }

    fn settle(&self, keys: &[HashedKey], verdict: Option<Judgement>) {
        lock(&self.guessable).settle(keys, verdict, self.now());
        self.settled.notify_waiters();
    }

    fn now(&self) -> i64 {
        self.clock.now().millis()
    }

    /// None when nothing is throttled.
    fn keys(&self, attempt: &Attempt) -> Vec<HashedKey> {
        if self.mode == ThrottleMode::Off {
            return Vec::new();
        }
        let network = attempt.address.map(network);
        let address = network.map(|network| HashedKey::Address(self.hasher.hash_one(network)));
        let site = attempt.address.and_then(site);
        let site = site.map(|site| HashedKey::Site(self.hasher.hash_one(("site", site))));
        let account = attempt.account.iter().flat_map(|account| {
            let here = HashedKey::Account(self.hasher.hash_one((network, account)));
            [here, HashedKey::WholeAccount(self.hasher.hash_one(account))]
        });
        address.into_iter().chain(site).chain(account).collect()
    }
}

/// A thread that panicked meanwhile has at worst miscounted by one, so its poison is no reason to stop.
fn lock(buckets: &Mutex<AllBuckets>) -> MutexGuard<'_, AllBuckets> {
    buckets.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An attempt that was let in. Dropped without a verdict it does not count.
#[must_use = "an attempt is over when this is dropped"]
pub struct Guess {
    throttle: Arc<Throttle>,
    keys: Vec<HashedKey>,
    is_familiar: bool,
    verdict: Option<Judgement>,
}

impl Guess {
    /// Whether the account was got into lately from the same address.
    pub fn is_familiar(&self) -> bool {
        self.is_familiar
    }

    /// What was entered was right. Does not count, and its address is familiar to the account from now on.
    pub fn was_right(mut self) {
        self.verdict = Some(Judgement::Right);
    }

    /// What was entered was wrong.
    pub fn was_wrong(mut self) {
        self.verdict = Some(Judgement::Wrong);
    }
}

impl Drop for Guess {
    fn drop(&mut self) {
        self.throttle.settle(&self.keys, self.verdict);
    }
}

/// What one caller surely shares with nobody else's network: the IPv4 address, also when written as IPv6, or the /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

/// What one caller can have all networks of: the first 48 bits of an IPv6 address.
fn site(address: IpAddr) -> Option<Ipv6Addr> {
    match address.to_canonical() {
        IpAddr::V6(address) => Some(Ipv6Addr::from_bits(address.to_bits() >> 80 << 80)),
        IpAddr::V4(_) => None,
    }
}

#[cfg(test)]
mod tests;
