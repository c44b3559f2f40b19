//! Limits how often something may be tried: failed credentials here, successful changes in [`budgets`].
//!
//! Failed credentials are throttled per address and per account. They are slowed down, never locked out.
//!
//! There is one bucket of attempts for each address, for each /48 of IPv6, for each account tried from one address, and
//! for each account tried from anywhere. Buckets refill with time, and only failures empty them. An account is counted
//! per address, so other people's failures do not keep its owner out. The much larger buckets of the whole account and
//! of a /48 slow down guessing from many addresses; they do not apply where the account was logged in to recently.
//!
//! **Guessable credentials** (passwords, mailed codes, OTPs): call [`guess`](Throttle::guess) before verifying, and
//! report the result to the [`Guess`]. Attempts are counted when they start, because a thousand parallel guesses would
//! all pass a check that counts later. An empty bucket refuses even the right password, for some seconds; otherwise
//! guessing could continue through the refusals. Until it is judged, an attempt in progress counts as a failure, and
//! later ones wait for the verdict, at most [`PATIENCE`]. An attempt without a verdict (the database is away, the
//! caller hangs up) does not count.
//!
//! **Random secrets of 256 bits** (client secrets, tokens, links): verify first. A right one is accepted whatever the
//! buckets say, so that nobody can stop an integration by failing in its name. For a wrong one call
//! [`fail`](Throttle::fail), which decides between 401 and 429. These secrets have their own buckets, so that a failing
//! integration does not slow down the people in the same office.
//!
//! The buckets belong to this process and are lost when it ends.

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

/// How many failures an address may have in a row. Many people can share one address.
pub const ADDRESS_BURST: u32 = 100;
/// An address regains one attempt after this many seconds.
pub const ADDRESS_SECONDS_PER_FAILURE: u32 = 1;
/// How many failures a /48 of IPv6 may have in a row. Providers give a whole /48, with 65,536 networks, to any
/// customer.
pub const SITE_BURST: u32 = 1_000;
/// A /48 of IPv6 regains one attempt after this many seconds.
pub const SITE_SECONDS_PER_FAILURE: u32 = 1;
/// How many failures an account may have in a row from one address.
pub const ACCOUNT_BURST: u32 = 10;
/// An account regains one attempt from an address after this many seconds.
pub const ACCOUNT_SECONDS_PER_FAILURE: u32 = 10;
/// How many failures an account may have in a row from all addresses together: ten times those from one.
pub const WHOLE_ACCOUNT_BURST: u32 = 100;
/// An account regains one attempt from all addresses together after this many seconds.
pub const WHOLE_ACCOUNT_SECONDS_PER_FAILURE: u32 = 1;
/// How long (30 days) an address stays familiar to an account that was logged in to from there.
pub const FAMILIAR_SECONDS: u32 = 30 * 24 * 3_600;
/// How many buckets of each kind are kept. All of them together take less than 50 MB.
pub const MOST_BUCKETS: usize = 65_536;
/// How long an attempt waits for the verdicts on earlier ones.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How many attempts may wait at a time.
pub const MOST_WAITING: usize = 256;

/// Whether failed credentials are throttled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThrottleMode {
    /// Throttle failed credentials.
    On,
    /// Do not throttle; for load tests.
    Off,
}

/// What an attempt is counted against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The caller's address. Of an IPv6 address only the first 64 bits count, because a caller owns the rest.
    pub address: Option<IpAddr>,
    /// A kind of account and the normalised name by which it is found: `("developer", "dev@example.com")`. Whether the
    /// account exists makes no difference, so the throttle does not reveal it.
    pub account: Option<(&'static str, String)>,
}

/// A refusal to try now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// When an attempt is possible again, in seconds; at least 1. For `Retry-After`.
    pub retry_after_seconds: u64,
}

impl Wait {
    /// Rounds up to whole seconds.
    fn of_millis(millis: i64) -> Self {
        Self {
            retry_after_seconds: millis.max(1).unsigned_abs().div_ceil(1_000),
        }
    }
}

/// Counts failed credentials.
///
/// Its memory is bounded. When there are [`MOST_BUCKETS`] of a kind, a new one replaces the one that would be full
/// soonest, which is the one with the fewest failures. A flood of new keys therefore replaces its own buckets, not the
/// exhausted ones. Names are kept only as keyed 64-bit hashes; two names with the same hash share a bucket.
pub struct Throttle {
    mode: ThrottleMode,
    clock: Clock,
    hasher: RandomState,
    guessable: Mutex<AllBuckets>,
    random: Mutex<AllBuckets>,
    /// Notified when an attempt was judged.
    settled: Notify,
    waiting: Semaphore,
}

impl Throttle {
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

    /// Starts an attempt, before a guessable credential is verified.
    ///
    /// # Errors
    /// The longest [`Wait`] among the empty buckets.
    pub async fn guess(self: &Arc<Self>, attempt: &Attempt) -> Result<Guess, Wait> {
        let keys = self.keys(attempt);
        let (deadline, mut place) = (Instant::now() + PATIENCE, None);
        loop {
            // Registered before the check, so that no verdict in between is missed.
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

    /// Counts a random secret that turned out to be wrong.
    ///
    /// # Errors
    /// The longest [`Wait`] among the empty buckets. The failure does not count then.
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

    /// Empty when throttling is off.
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

/// A thread that panicked has miscounted by one at most, so the poisoned lock may be used.
fn lock(buckets: &Mutex<AllBuckets>) -> MutexGuard<'_, AllBuckets> {
    buckets.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An attempt in progress. It does not count if it is dropped without a verdict.
#[must_use = "an attempt is over when this is dropped"]
pub struct Guess {
    throttle: Arc<Throttle>,
    keys: Vec<HashedKey>,
    is_familiar: bool,
    verdict: Option<Judgement>,
}

impl Guess {
    /// Whether the account was logged in to recently from this address.
    pub fn is_familiar(&self) -> bool {
        self.is_familiar
    }

    /// The credential was right. The attempt does not count, and its address is now familiar to the account.
    pub fn was_right(mut self) {
        self.verdict = Some(Judgement::Right);
    }

    /// The credential was wrong.
    pub fn was_wrong(mut self) {
        self.verdict = Some(Judgement::Wrong);
    }
}

impl Drop for Guess {
    fn drop(&mut self) {
        self.throttle.settle(&self.keys, self.verdict);
    }
}

/// The network that belongs to one caller: an IPv4 address (also when written as IPv6), or an IPv6 /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

/// The /48 of an IPv6 address. One caller may own all its networks.
fn site(address: IpAddr) -> Option<Ipv6Addr> {
    match address.to_canonical() {
        IpAddr::V6(address) => Some(Ipv6Addr::from_bits(address.to_bits() >> 80 << 80)),
        IpAddr::V4(_) => None,
    }
}

#[cfg(test)]
mod tests;
