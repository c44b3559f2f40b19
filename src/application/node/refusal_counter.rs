//! What was refused is counted in memory, so that nobody can fill the log with it: each kind, cause and account is due at
//! once the first time, then once a minute with how often it was.
//!
//! A node counts for itself. A node that crashes loses what it has counted and not written, a minute at most.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use tokio::sync::Notify;

use crate::application::caller::Caller;
use crate::application::node::refused::{AccountKey, RefusalKind, Refused};

/// How long the same is only counted after it was written.
pub const COUNTED_FOR: TimeDelta = TimeDelta::minutes(1);
/// How many different refusals are counted at once; more are left out, and told of in the node's own log.
const AT_ONCE: usize = 10_000;
/// Of how many accounts the same kind and cause is counted apart in one log; those of all others are counted as one, so
/// that nobody fills the log by trying one account after the other.
const ACCOUNTS: usize = 20;
/// How many different requests of one user are counted apart; more are counted as one, so that nobody fills the log by
/// asking for one thing after the other.
const OF_AN_ACCOUNT: usize = 20;

/// How often something was refused since it was written, and from where the last time.
#[derive(Clone, Debug)]
pub(in crate::application) struct Counted {
    pub(in crate::application) count: u32,
    pub(in crate::application) first_at: Timestamp,
    pub(in crate::application) last_at: Timestamp,
    pub(in crate::application) ip_address: String,
    pub(in crate::application) request_id: String,
    written_at: Option<Timestamp>,
}

impl Counted {
    fn is_due(&self, now: Timestamp) -> bool {
        self.count > 0 && self.is_past(now)
    }

    fn is_past(&self, now: Timestamp) -> bool {
        self.written_at.is_none_or(|written| now >= written.plus(COUNTED_FOR))
    }

    /// Counts what came later, or earlier.
    fn add(&mut self, other: Self) {
        if self.count == 0 {
            (self.first_at, self.last_at) = (other.first_at, other.last_at);
        }
        self.count = self.count.saturating_add(other.count);
        self.first_at = self.first_at.min(other.first_at);
        if other.last_at >= self.last_at {
            self.last_at = other.last_at;
            (self.ip_address, self.request_id) = (other.ip_address, other.request_id);
        }
    }
}

/// What a process has counted and not written.
#[derive(Default)]
pub struct Refusals {
    counts: Mutex<Counts>,
    waiting: Notify,
}

impl Refusals {
    /// Waits until something was refused for the first time in a minute.
    pub async fn waiting(&self) {
        self.waiting.notified().await;
    }

    pub(in crate::application) fn note(&self, refused: Refused, caller: &Caller, now: Timestamp) {
        let once = Counted {
            count: 1,
            first_at: now,
            last_at: now,
            ip_address: caller.ip_address.clone(),
            request_id: caller.request_id.clone(),
            written_at: None,
        };
        if self
            .counts()
            .add(refused, once)
            .is_some_and(|counted| counted.is_due(now))
        {
            self.waiting.notify_one();
        }
    }

    /// What was counted for an address is counted for whoever has it.
    pub(in crate::application) fn count_for(&self, refused: Refused, taken: Counted) {
        let written_at = None;
        self.counts().add(refused, Counted { written_at, ..taken });
    }

    /// What is to be written now, if it is such; all of it at the end of the program. What was written a minute ago and has
    /// not been refused since is forgotten.
    pub(in crate::application) fn take(
        &self,
        now: Timestamp,
        all: bool,
        such: impl Fn(&Refused) -> bool,
    ) -> Vec<(Refused, Counted)> {
        let mut counts = self.counts();
        counts.forget_what_is_past(now);
        let due = counts
            .counted
            .iter_mut()
            .filter(|(refused, one)| (one.is_due(now) || (all && one.count > 0)) && such(refused));
        let taken = due.map(|(refused, one)| {
            let taken = one.clone();
            (one.count, one.written_at) = (0, Some(now));
            (refused.clone(), taken)
        });
        taken.collect()
    }

    /// What could not be written is counted on.
    pub(in crate::application) fn put_back(&self, refused: Refused, taken: Counted) {
        let written_at = taken.written_at;
        if let Some(counted) = self.counts().add(refused, taken) {
            counted.written_at = written_at;
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is counted, and how many are counted apart. Each refusal costs the same, however many there are.
#[derive(Default)]
struct Counts {
    counted: HashMap<Refused, Counted>,
    /// Of how many accounts each kind is counted apart, and how many different ones of each account.
    apart: HashMap<RefusalKind, HashMap<AccountKey, usize>>,
}

impl Counts {
    /// Counts on; none when there is so much that it cannot be counted.
    fn add(&mut self, refused: Refused, more: Counted) -> Option<&mut Counted> {
        let refused = self.within_bounds(refused);
        if !self.counted.contains_key(&refused) {
            if self.counted.len() >= AT_ONCE {
                tracing::warn!("too many refusals to count them all for the activity log");
                return None;
            }
            if let Some((kind, account)) = refused.kind_and_account() {
                *self.apart.entry(kind).or_default().entry(account).or_default() += 1;
            }
        }
        let counted = self.counted.entry(refused).or_insert_with(|| Counted {
            count: 0,
            written_at: None,
            ..more.clone()
        });
        counted.add(more);
        Some(counted)
    }

    /// The same if there is room for it; else one of the others of the account, or of the other accounts.
    fn within_bounds(&self, refused: Refused) -> Refused {
        if self.counted.contains_key(&refused) {
            return refused;
        }
        let Some((kind, account)) = refused.kind_and_account() else {
            return refused;
        };
        let accounts = self.apart.get(&kind);
        match accounts.and_then(|accounts| accounts.get(&account)) {
            Some(of_account) if *of_account >= OF_AN_ACCOUNT => refused.of_the_whole_account(),
            None if accounts.is_some_and(|accounts| accounts.len() >= ACCOUNTS) => refused.of_others(),
            _ => refused,
        }
    }

    fn forget_what_is_past(&mut self, now: Timestamp) {
        let past = self
            .counted
            .extract_if(|_, one| one.count == 0 && one.is_past(now))
            .filter_map(|(refused, _)| refused.kind_and_account());
        for (kind, account) in past {
            let Entry::Occupied(mut accounts) = self.apart.entry(kind) else {
                continue;
            };
            if let Entry::Occupied(mut of_account) = accounts.get_mut().entry(account) {
                *of_account.get_mut() -= 1;
                if *of_account.get() == 0 {
                    of_account.remove();
                }
            }
            if accounts.get().is_empty() {
                accounts.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use gatebook_aggregates::identifiers::{GroupId, UserId};
    use gatebook_aggregates::integration_app::OtpUnusable;
    use gatebook_aggregates::refused_attempts::{AttemptsOf, LogInRefusedBecause, LoginChannel};
    use uuid::Uuid;

    use super::*;
    use crate::application::node::refused::MailedSecretRefusedBecause;

    fn at(time: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-11-23T{time}Z")).unwrap()
    }

    fn wrong_password(user: &str) -> Refused {
        wrong_password_in("acme", user)
    }

    fn wrong_password_in(group: &str, user: &str) -> Refused {
        let because = LogInRefusedBecause::WrongPassword;
        Refused::user(GroupId::parse(group).unwrap(), UserId::parse(user).unwrap(), because)
    }

    fn take(refusals: &Refusals, now: Timestamp, all: bool) -> Vec<(Refused, Counted)> {
        refusals.take(now, all, |_| true)
    }

    fn counts(taken: Vec<(Refused, Counted)>) -> Vec<u32> {
        let mut counts: Vec<_> = taken.iter().map(|(_, counted)| counted.count).collect();
        counts.sort_unstable();
        counts
    }

    #[test]
    fn the_first_is_written_at_once_and_the_same_is_counted_for_a_minute() {
        let (refusals, caller) = (Refusals::default(), Caller::command_line("r".to_owned()));
        let note = |time: &str| refusals.note(wrong_password("ulf"), &caller, at(time));
        note("09:00:00");
        assert_eq!(counts(take(&refusals, at("09:00:00"), false)), [1]);
        for time in ["09:00:01", "09:00:30", "09:00:59"] {
            note(time);
            assert!(take(&refusals, at(time), false).is_empty(), "{time}");
        }
        refusals.note(wrong_password("ada"), &caller, at("09:00:59"));
        assert_eq!(
            counts(take(&refusals, at("09:00:59.999"), false)),
            [1],
            "another account"
        );
        let taken = take(&refusals, at("09:01:00"), false);
        assert_eq!(
            (taken[0].1.first_at, taken[0].1.last_at),
            (at("09:00:01"), at("09:00:59"))
        );
        assert_eq!(counts(taken), [3]);
        note("09:01:30");
        assert_eq!(
            counts(take(&refusals, at("09:01:30"), true)),
            [1],
            "at the end of the program"
        );
        assert!(take(&refusals, at("10:00:00"), true).is_empty());
        assert!(refusals.counts().counted.is_empty(), "forgotten");
        assert!(refusals.counts().apart.is_empty(), "forgotten");
    }

    #[test]
    fn what_could_not_be_written_is_counted_on() {
        let (refusals, caller) = (Refusals::default(), Caller::command_line("r".to_owned()));
        let note = |time: &str| refusals.note(wrong_password("ulf"), &caller, at(time));
        note("09:00:00");
        let (refused, counted) = take(&refusals, at("09:00:00"), false).remove(0);
        note("09:00:01");
        refusals.put_back(refused, counted);
        let taken = take(&refusals, at("09:00:02"), false);
        assert_eq!((taken[0].1.first_at, taken[0].1.count), (at("09:00:00"), 2));
    }

    #[test]
    fn one_user_does_not_fill_the_log_with_one_request_after_the_other() {
        let (refusals, caller) = (Refusals::default(), Caller::command_line("r".to_owned()));
        for number in 0..1_000 {
            let refused = Refused::Request {
                of: AttemptsOf::Group(GroupId::parse("acme").unwrap()),
                user_id: UserId::parse("ulf").ok(),
                request: "GET /api/v1/integration-apps/{id}".to_owned(),
                code: "forbidden".to_owned(),
                app_id: Some(Uuid::from_u128(number).into()),
            };
            refusals.note(refused, &caller, at("09:00:00"));
        }
        let mut counts = counts(take(&refusals, at("09:00:00"), false));
        assert_eq!(counts.pop(), Some(1_000 - OF_AN_ACCOUNT as u32));
        assert_eq!(counts, [1; OF_AN_ACCOUNT]);
    }

    #[test]
    fn so_much_is_counted_at_once_and_no_more() {
        let (refusals, caller) = (Refusals::default(), Caller::command_line("r".to_owned()));
        for number in 0..AT_ONCE + 10 {
            refusals.note(wrong_password_in(&format!("g{number}"), "ulf"), &caller, at("09:00:00"));
        }
        assert_eq!(refusals.counts().counted.len(), AT_ONCE);
    }

    #[test]
    fn whoever_tries_one_account_after_the_other_does_not_fill_the_log() {
        let (refusals, caller) = (Refusals::default(), Caller::command_line("r".to_owned()));
        let spray = |time: &str, refused: &dyn Fn(u128) -> Refused| {
            (0..500).for_each(|number| refusals.note(refused(number), &caller, at(time)));
            take(&refusals, at(time), false)
        };
        let developer = |number| Refused::developer(Uuid::from_u128(number).into(), LogInRefusedBecause::WrongPassword);
        let address = |number| Refused::too_many_log_ins(LoginChannel::Portal, format!("{number}@example.com"));
        let user = |number| wrong_password(&format!("u{number}"));
        let otp = |number| Refused::MailedSecret {
            group_id: GroupId::parse("acme").unwrap(),
            because: MailedSecretRefusedBecause::Unusable(OtpUnusable::Locked),
            app_id: Some(Uuid::from_u128(number).into()),
            developer_id: Some(Uuid::nil().into()),
        };
        for (time, kind) in [
            ("09:00:00", &user as &dyn Fn(u128) -> Refused),
            ("09:00:01", &developer),
            ("09:00:02", &address),
            ("09:00:03", &otp),
        ] {
            let taken = spray(time, kind);
            let others: Vec<_> = taken
                .iter()
                .filter(|(refused, _)| refused.kind_and_account().is_none())
                .collect();
            assert_eq!((others.len(), others[0].1.count), (1, 500 - ACCOUNTS as u32), "{time}");
            let mut counts = counts(taken);
            counts.pop();
            assert_eq!(counts, [1; ACCOUNTS], "{time}");
        }
        assert_eq!(
            counts(spray("09:00:04", &|number| wrong_password_in(
                "globex",
                &format!("u{number}")
            )))
            .len(),
            ACCOUNTS + 1,
            "another group"
        );
        assert!(spray("09:00:59", &user).is_empty());
        assert_eq!(spray("09:01:00", &user).len(), ACCOUNTS + 1, "a minute later");
        take(&refusals, at("09:10:00"), false);
        take(&refusals, at("09:20:00"), false);
        assert!(refusals.counts().apart.is_empty(), "forgotten");
    }
}
