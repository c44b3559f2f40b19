//! What can be guessed, passwords above all: a try is taken before, and counts only when it was judged and wrong.

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::secrets::{PasswordError, PasswordHasher, SecretString, Urgency};
use crate::throttle::{Attempt, Guess};

/// How many passwords are hashed at each sign-in, at least, so that the time does not tell whether an address has no
/// account, one, or one in each of three groups.
pub(in crate::application) const HASHINGS_PER_SIGN_IN: usize = 3;

impl Gatebook {
    /// Takes a try of something that can be guessed. It does not count unless it is said to have been wrong.
    pub(in crate::application) async fn guess(&self, attempt: &Attempt) -> Result<Guess, Failure> {
        let guess = self.throttle.guess(attempt).await;
        guess.map_err(|wait| Failure::TooManyRequests {
            retry_after_seconds: wait.retry_after_seconds,
        })
    }

    /// Which of the kept hashes are those of the password that was typed. Takes as long for none, which is wrong, as
    /// for a few.
    pub(in crate::application) async fn judge_password(
        &self,
        guess: Guess,
        typed: &str,
        stored: Vec<Option<String>>,
    ) -> Result<Vec<bool>, Failure> {
        let judging = judge(self.passwords.clone(), guess, typed, stored);
        Ok(judging.await?)
    }
}

/// Judged to the end even when whoever asked does not wait for it: hanging up neither makes a wrong password free nor a
/// right one count.
async fn judge(
    passwords: PasswordHasher,
    guess: Guess,
    typed: &str,
    stored: Vec<Option<String>>,
) -> Result<Vec<bool>, PasswordError> {
    let typed = SecretString::new(typed.to_owned());
    let judging = tokio::spawn(async move {
        let turn = match guess.is_familiar() {
            true => Urgency::First,
            false => Urgency::Later,
        };
        let right = passwords.verify_each(turn, typed.reveal(), stored).await?;
        if right.contains(&true) {
            guess.was_right();
        } else {
            guess.was_wrong();
        }
        Ok(right)
    });
    judging.await.map_err(|_| PasswordError::Interrupted)?
}

/// Accounts with nobody in between, until they are so many as are always looked up.
pub(in crate::application) fn at_least<T: Default>(many: usize, mut some: Vec<T>) -> Vec<T> {
    some.resize_with(some.len().max(many), T::default);
    some
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;

    use futures::poll;
    use gatebook_aggregates::timestamp::Timestamp;

    use super::*;
    use crate::clock::{Clock, ManualClock};
    use crate::secrets::{Password, Randomness};
    use crate::throttle::{ACCOUNT_BURST, Throttle, ThrottleMode};

    const PHRASE: &str = "correct horse battery";

    async fn stored(passwords: &PasswordHasher) -> Vec<Option<String>> {
        let password = Password::parse(PHRASE).ok().unwrap();
        let hash = passwords.hash(&password, &Randomness::seeded(1)).await.unwrap();
        vec![None, Some(hash)]
    }

    /// A throttle with one try left for an account.
    async fn last_try() -> (Arc<Throttle>, Attempt) {
        let clock = ManualClock::starting_at(Timestamp::parse("2026-11-23T09:00:00Z").unwrap());
        let throttle = Arc::new(Throttle::new(ThrottleMode::On, Clock::Manual(clock)));
        let attempt = Attempt {
            address: None,
            account: Some(("developer_password", "dev@example.com".to_owned())),
        };
        for _ in 1..ACCOUNT_BURST {
            throttle.guess(&attempt).await.unwrap().was_wrong();
        }
        (throttle, attempt)
    }

    /// Somebody tries a password and hangs up; whether another try is let in afterwards.
    async fn another_is_let_in_after_hanging_up_on(typed: &str) -> bool {
        let (throttle, attempt) = last_try().await;
        let passwords = PasswordHasher::default();
        let stored = stored(&passwords).await;
        {
            let guess = throttle.guess(&attempt).await.unwrap();
            let mut answer = pin!(judge(passwords, guess, typed, stored));
            assert!(poll!(answer.as_mut()).is_pending());
        }
        // Waits for the verdict, since there is no other try left.
        throttle.guess(&attempt).await.is_ok()
    }

    #[tokio::test]
    async fn t30_whoever_hangs_up_on_a_wrong_password_has_had_the_try() {
        assert!(!another_is_let_in_after_hanging_up_on("wrong horse battery").await);
    }

    #[tokio::test]
    async fn t30_whoever_hangs_up_on_the_right_password_has_lost_nothing() {
        assert!(another_is_let_in_after_hanging_up_on(PHRASE).await);
    }

    #[tokio::test]
    async fn t30_what_could_not_be_judged_does_not_count() {
        let (throttle, attempt) = last_try().await;
        let unreadable = vec![Some("not a hash".to_owned())];
        let guess = throttle.guess(&attempt).await.unwrap();
        assert!(
            judge(PasswordHasher::default(), guess, PHRASE, unreadable)
                .await
                .is_err()
        );
        assert!(throttle.guess(&attempt).await.is_ok());
    }

    #[test]
    fn nobody_and_a_few_are_as_many() {
        for some in 0..=HASHINGS_PER_SIGN_IN {
            assert_eq!(
                at_least(HASHINGS_PER_SIGN_IN, vec![true; some]).len(),
                HASHINGS_PER_SIGN_IN
            );
        }
        assert_eq!(at_least(3, vec![true; 5]), [true; 5]);
    }
}
