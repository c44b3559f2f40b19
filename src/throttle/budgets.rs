//! Budgets for successful changes, so that nobody can flood a stream: one for each principal and stream, and one for
//! each application and the tokens that it revokes. They are so large that only a program out of control uses one up.
//! Commands that stop something are never counted.
//!
//! The budgets belong to this process and are lost when it ends.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::buckets::Buckets;
use super::{ThrottleMode, Wait};
use crate::clock::Clock;

/// How many changes a group user or developer may make to one stream in a row.
pub const WRITES_BURST: u32 = 1_000;
/// After that, one more in this many milliseconds. Slow, because each event of a stream makes later decisions on it
/// slower.
pub const MILLIS_PER_WRITE: u32 = 10_000;
/// How many changes an operator may make to one stream in a row. Large, because operators import whole customers.
pub const OPERATOR_WRITES_BURST: u32 = 50_000;
/// After that, one more in this many milliseconds.
pub const MILLIS_PER_OPERATOR_WRITE: u32 = 20;
/// How many access tokens an application may revoke in a row.
pub const REVOCATIONS_BURST: u32 = 1_000;
/// After that, one more in this many milliseconds.
pub const MILLIS_PER_REVOCATION: u32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Of a group user or developer for a stream. `--throttle off` lifts it.
    Writes,
    /// Of an operator for a stream. `--throttle off` lifts it.
    OperatorWrites,
    /// Of an application for the access tokens that it revokes. Never lifted.
    Revocations,
}

pub struct Budgets {
    mode: ThrottleMode,
    clock: Clock,
    hasher: RandomState,
    writes: Mutex<Buckets>,
    operator_writes: Mutex<Buckets>,
    revocations: Mutex<Buckets>,
}

/// One unit of a budget. It is refunded on drop, unless it was [kept](Self::keep).
#[must_use = "what is not kept is given back"]
pub struct Spent<'a> {
    budgets: &'a Budgets,
    /// `None` if nothing is counted.
    of: Option<(Budget, u64)>,
}

impl Budgets {
    pub fn new(mode: ThrottleMode, clock: Clock) -> Self {
        let buckets = |burst, millis| Mutex::new(Buckets::new(burst, millis));
        Self {
            mode,
            clock,
            hasher: RandomState::new(),
            writes: buckets(WRITES_BURST, MILLIS_PER_WRITE),
            operator_writes: buckets(OPERATOR_WRITES_BURST, MILLIS_PER_OPERATOR_WRITE),
            revocations: buckets(REVOCATIONS_BURST, MILLIS_PER_REVOCATION),
        }
    }

    /// Spends one unit of a budget: a principal's for a stream, or an application's.
    ///
    /// # Errors
    /// How long to wait, if nothing is left.
    pub fn spend(&self, budget: Budget, whose: &str, stream: &str) -> Result<Spent<'_>, Wait> {
        if self.mode == ThrottleMode::Off && budget != Budget::Revocations {
            return Ok(Spent {
                budgets: self,
                of: None,
            });
        }
        let (key, now) = (self.hasher.hash_one((whose, stream)), self.now());
        let mut buckets = self.buckets(budget);
        match buckets.wait(key, now) {
            millis @ 1.. => Err(Wait::of_millis(millis)),
            _ => {
                buckets.take(key, now);
                let of = Some((budget, key));
                Ok(Spent { budgets: self, of })
            }
        }
    }

    fn now(&self) -> i64 {
        self.clock.now().millis()
    }

    /// A thread that panicked has miscounted by one at most.
    fn buckets(&self, budget: Budget) -> MutexGuard<'_, Buckets> {
        let buckets = match budget {
            Budget::Writes => &self.writes,
            Budget::OperatorWrites => &self.operator_writes,
            Budget::Revocations => &self.revocations,
        };
        buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spent<'_> {
    /// Keeps it spent, because the change has happened.
    pub fn keep(mut self) {
        self.of = None;
    }
}

impl Drop for Spent<'_> {
    fn drop(&mut self) {
        if let Some((budget, key)) = self.of {
            let now = self.budgets.now();
            self.budgets.buckets(budget).refund(key, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use gatebook_aggregates::timestamp::Timestamp;

    use super::*;
    use crate::clock::ManualClock;

    fn budgets(mode: ThrottleMode) -> (Budgets, ManualClock) {
        let clock = ManualClock::starting_at(Timestamp::parse("2026-11-23T09:00:00.000Z").unwrap());
        (Budgets::new(mode, Clock::Manual(clock.clone())), clock)
    }

    /// Spends the rest of a budget, and returns how much it was.
    fn left(budgets: &Budgets, budget: Budget, whose: &str, stream: &str) -> usize {
        let spend = || budgets.spend(budget, whose, stream).map(Spent::keep);
        std::iter::from_fn(|| spend().ok()).take(100_000).count()
    }

    #[test]
    fn each_principal_has_a_budget_for_each_stream_that_fills_again() {
        let (budgets, clock) = budgets(ThrottleMode::On);
        assert_eq!(left(&budgets, Budget::Writes, "acme/ada", "app 1"), 1_000);
        let refused = budgets.spend(Budget::Writes, "acme/ada", "app 1").err();
        assert_eq!(
            refused,
            Some(Wait {
                retry_after_seconds: 10
            })
        );
        assert_eq!(left(&budgets, Budget::Writes, "acme/pam", "app 1"), 1_000);
        assert_eq!(left(&budgets, Budget::Writes, "acme/ada", "app 2"), 1_000);
        clock.advance(TimeDelta::seconds(100));
        assert_eq!(left(&budgets, Budget::Writes, "acme/ada", "app 1"), 10);
    }

    #[test]
    fn what_did_not_happen_costs_nothing() {
        let (budgets, _) = budgets(ThrottleMode::On);
        for _ in 0..5_000 {
            drop(budgets.spend(Budget::Writes, "acme/ada", "app 1").ok().unwrap());
        }
        assert_eq!(left(&budgets, Budget::Writes, "acme/ada", "app 1"), 1_000);
    }

    #[test]
    fn an_application_revokes_a_thousand_tokens_at_once_and_then_ten_a_second() {
        let (budgets, clock) = budgets(ThrottleMode::Off);
        assert_eq!(left(&budgets, Budget::Revocations, "app 1", ""), 1_000);
        clock.advance(TimeDelta::seconds(3));
        assert_eq!(left(&budgets, Budget::Revocations, "app 1", ""), 30);
        assert_eq!(left(&budgets, Budget::Revocations, "app 2", ""), 1_000);
    }

    #[test]
    fn without_throttling_writes_are_not_counted() {
        let (budgets, _) = budgets(ThrottleMode::Off);
        assert_eq!(left(&budgets, Budget::Writes, "acme/ada", "app 1"), 100_000);
        assert_eq!(left(&budgets, Budget::OperatorWrites, "olga", "acme"), 100_000);
    }
}
