//! What was refused is counted in memory, so that nobody can fill the log with it: each kind, cause and account is due at
//! once the first time, then once a minute with how often it was.
//!
//! A node counts for itself. A node that crashes loses what it has counted and not written, a minute at most.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use gatebook_aggregates::identifiers::{AppId, DeveloperId, GroupId, UserId};
use gatebook_aggregates::integration_app::DeadBecause;
use gatebook_aggregates::refused_attempts::{AttemptsOf, LogInRefusedBecause, LoginChannel};
use gatebook_aggregates::timestamp::Timestamp;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::application::caller::Caller;

/// How long the same is only counted after it was written.
pub const COUNTED_FOR: TimeDelta = TimeDelta::minutes(1);
/// How many different refusals are counted at once; more are left out, and told of in the node's own log.
const AT_ONCE: usize = 10_000;
/// How many different requests of one user are counted apart; more are counted as one, so that nobody fills the log by
/// asking for one thing after the other.
const REQUESTS_OF_A_USER: usize = 20;
/// What those are called.
const OTHER_REQUESTS: &str = "other requests";

/// Something that was refused, to somebody. What differs in any of it is counted apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::application) enum Refused {
    /// Somebody did not get in.
    LogIn {
        /// Whose log it belongs to.
        of: AttemptsOf,
        channel: LoginChannel,
        because: LogInRefusedBecause,
        user_id: Option<UserId>,
        developer_id: Option<DeveloperId>,
        token_id: Option<Uuid>,
    },
    /// A group user has no right to what they asked for.
    Request {
        group_id: GroupId,
        user_id: UserId,
        /// Method and route.
        request: String,
        code: String,
        app_id: Option<AppId>,
    },
    /// A developer goes on with an OTP that opens nothing.
    OneTimePassword {
        group_id: GroupId,
        app_id: AppId,
        developer_id: DeveloperId,
        because: DeadBecause,
    },
}

impl Refused {
    /// Somebody without an account did not get in.
    pub(in crate::application) fn nobody(channel: LoginChannel, because: LogInRefusedBecause) -> Self {
        Self::LogIn {
            of: AttemptsOf::Installation,
            channel,
            because,
            user_id: None,
            developer_id: None,
            token_id: None,
        }
    }

    /// A password that is not this user's.
    pub(in crate::application) fn wrong_password_of_user(group_id: GroupId, user_id: UserId) -> Self {
        Self::LogIn {
            of: AttemptsOf::Group(group_id),
            channel: LoginChannel::Console,
            because: LogInRefusedBecause::WrongPassword,
            user_id: Some(user_id),
            developer_id: None,
            token_id: None,
        }
    }

    /// A password that is not this developer's.
    pub(in crate::application) fn wrong_password_of_developer(developer_id: DeveloperId) -> Self {
        Self::LogIn {
            of: AttemptsOf::Developer(developer_id),
            channel: LoginChannel::Portal,
            because: LogInRefusedBecause::WrongPassword,
            user_id: None,
            developer_id: Some(developer_id),
            token_id: None,
        }
    }
}

/// How often something was refused since it was written, and from where the last time.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) count: u32,
    pub(super) first_at: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) ip_address: String,
    pub(super) request_id: String,
    written_at: Option<Timestamp>,
}

impl Counted {
    fn is_due(&self, now: Timestamp) -> bool {
        self.count > 0 && self.is_past(now)
    }

    fn is_past(&self, now: Timestamp) -> bool {
        self.written_at.is_none_or(|written| now >= written.plus(COUNTED_FOR))
    }
}

/// What a process has counted and not written.
#[derive(Default)]
pub struct Refusals {
    counted: Mutex<HashMap<Refused, Counted>>,
    waiting: Notify,
}

impl Refusals {
    /// Waits until something was refused for the first time in a minute.
    pub async fn waiting(&self) {
        self.waiting.notified().await;
    }

    pub(super) fn note(&self, refused: Refused, caller: &Caller, now: Timestamp) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = within_bounds(refused, &counted);
        if counted.len() >= AT_ONCE && !counted.contains_key(&refused) {
            tracing::warn!("so much is refused that not all of it can be counted for the activity log");
            return;
        }
        let counted = counted.entry(refused).or_insert_with(|| Counted {
            count: 0,
            first_at: now,
            last_at: now,
            ip_address: String::new(),
            request_id: String::new(),
            written_at: None,
        });
        if counted.count == 0 {
            counted.first_at = now;
        }
        counted.count = counted.count.saturating_add(1);
        counted.last_at = now;
        counted.ip_address.clone_from(&caller.ip_address);
        counted.request_id.clone_from(&caller.request_id);
        if counted.is_due(now) {
            self.waiting.notify_one();
        }
    }

    /// What is to be written now; all of it at the end of the program. What was written a minute ago and has not been
    /// refused since is forgotten.
    pub(super) fn take(&self, now: Timestamp, all: bool) -> Vec<(Refused, Counted)> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.retain(|_, one| one.count > 0 || !one.is_past(now));
        let due = counted
            .iter_mut()
            .filter(|(_, one)| one.is_due(now) || (all && one.count > 0));
        let taken = due.map(|(refused, one)| {
            let taken = one.clone();
            (one.count, one.written_at) = (0, Some(now));
            (refused.clone(), taken)
        });
        taken.collect()
    }

    /// What could not be written is counted on.
    pub(super) fn put_back(&self, refused: Refused, taken: Counted) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        match counted.get_mut(&refused) {
            Some(since) => {
                since.count = since.count.saturating_add(taken.count);
                (since.first_at, since.written_at) = (taken.first_at, taken.written_at);
            }
            None => drop(counted.insert(refused, taken)),
        }
    }
}

/// The same, or one of the other requests if the user has had too many different ones.
fn within_bounds(refused: Refused, counted: &HashMap<Refused, Counted>) -> Refused {
    let Refused::Request {
        group_id,
        user_id,
        code,
        ..
    } = &refused
    else {
        return refused;
    };
    let of_user = |other: &&Refused| matches!(other, Refused::Request { group_id: g, user_id: u, .. } if g == group_id && u == user_id);
    if counted.contains_key(&refused) || counted.keys().filter(of_user).count() < REQUESTS_OF_A_USER {
        return refused;
    }
    Refused::Request {
        group_id: group_id.clone(),
        user_id: user_id.clone(),
        request: OTHER_REQUESTS.to_owned(),
        code: code.clone(),
        app_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-11-23T{time}Z")).unwrap()
    }

    fn wrong_password(user: &str) -> Refused {
        let group_id = GroupId::parse("acme").unwrap();
        Refused::LogIn {
            of: AttemptsOf::Group(group_id),
            channel: LoginChannel::Console,
            because: LogInRefusedBecause::WrongPassword,
            user_id: UserId::parse(user).ok(),
            developer_id: None,
            token_id: None,
        }
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
        assert_eq!(counts(refusals.take(at("09:00:00"), false)), [1]);
        for time in ["09:00:01", "09:00:30", "09:00:59"] {
            note(time);
            assert!(refusals.take(at(time), false).is_empty(), "{time}");
        }
        refusals.note(wrong_password("ada"), &caller, at("09:00:59"));
        assert_eq!(counts(refusals.take(at("09:00:59.999"), false)), [1], "another account");
        let taken = refusals.take(at("09:01:00"), false);
        assert_eq!(
            (taken[0].1.first_at, taken[0].1.last_at),
            (at("09:00:01"), at("09:00:59"))
        );
        assert_eq!(counts(taken), [3]);
        note("09:01:30");
        assert_eq!(
            counts(refusals.take(at("09:01:30"), true)),
            [1],
            "at the end of the program"
        );
        assert!(refusals.take(at("10:00:00"), true).is_empty());
        assert!(refusals.counted.lock().unwrap().is_empty(), "forgotten");
    }

    #[test]
    fn what_could_not_be_written_is_counted_on() {
        let (refusals, caller) = (Refusals::default(), Caller::command_line("r".to_owned()));
        let note = |time: &str| refusals.note(wrong_password("ulf"), &caller, at(time));
        note("09:00:00");
        let (refused, counted) = refusals.take(at("09:00:00"), false).remove(0);
        note("09:00:01");
        refusals.put_back(refused, counted);
        let taken = refusals.take(at("09:00:02"), false);
        assert_eq!((taken[0].1.first_at, taken[0].1.count), (at("09:00:00"), 2));
    }

    #[test]
    fn one_user_does_not_fill_the_log_with_one_request_after_the_other() {
        let (refusals, caller) = (Refusals::default(), Caller::command_line("r".to_owned()));
        for number in 0..1_000 {
            let refused = Refused::Request {
                group_id: GroupId::parse("acme").unwrap(),
                user_id: UserId::parse("ulf").unwrap(),
                request: "GET /api/v1/integration-apps/{id}".to_owned(),
                code: "forbidden".to_owned(),
                app_id: Some(Uuid::from_u128(number)),
            };
            refusals.note(refused, &caller, at("09:00:00"));
        }
        let mut counts = counts(refusals.take(at("09:00:00"), false));
        assert_eq!(counts.pop(), Some(1_000 - REQUESTS_OF_A_USER as u32));
        assert_eq!(counts, [1; REQUESTS_OF_A_USER]);
    }

    #[test]
    fn so_much_is_counted_at_once_and_no_more() {
        let (refusals, caller) = (Refusals::default(), Caller::command_line("r".to_owned()));
        for number in 0..AT_ONCE + 10 {
            refusals.note(wrong_password(&format!("u{number}")), &caller, at("09:00:00"));
        }
        assert_eq!(refusals.counted.lock().unwrap().len(), AT_ONCE);
    }
}
