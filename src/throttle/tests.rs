//! Tests failing addresses and accounts at chosen times.

use std::pin::{Pin, pin};

use chrono::TimeDelta;
use futures::future::join_all;
use futures::poll;
use gatebook_aggregates::timestamp::Timestamp;

use super::*;
use crate::clock::ManualClock;

const OFFICE: &str = "192.0.2.7";
const HOME: &str = "198.51.100.9";

struct Door {
    clock: ManualClock,
    throttle: Arc<Throttle>,
}

impl Door {
    fn with(mode: ThrottleMode) -> Self {
        let clock = ManualClock::starting_at(Timestamp::parse("2026-11-23T09:00:00Z").unwrap());
        let throttle = Arc::new(Throttle::new(mode, Clock::Manual(clock.clone())));
        Self { clock, throttle }
    }

    fn new() -> Self {
        Self::with(ThrottleMode::On)
    }

    fn pass(&self, millis: i64) {
        self.clock.advance(TimeDelta::milliseconds(millis));
    }

    /// Tries a wrong password. `Err` is the wait in seconds when the attempt is refused.
    async fn wrong(&self, account: &str, address: &str) -> Result<(), u64> {
        self.guess(account, address).await.map(Guess::was_wrong)
    }

    /// Tries the right password. `Err` is the wait in seconds when the attempt is refused.
    async fn right(&self, account: &str, address: &str) -> Result<(), u64> {
        self.guess(account, address).await.map(Guess::was_right)
    }

    async fn guess(&self, account: &str, address: &str) -> Result<Guess, u64> {
        let guess = self.throttle.guess(&attempt(account, address)).await;
        guess.map_err(|wait| wait.retry_after_seconds)
    }

    /// Tries this many wrong passwords for one account, none of which is refused.
    async fn fail(&self, times: u32, account: &str, address: &str) {
        for _ in 0..times {
            assert_eq!(self.wrong(account, address).await, Ok(()));
        }
    }

    /// Tries this many wrong passwords from one address, each for another account.
    async fn fail_at_many(&self, times: u32, address: &str) {
        for number in 0..times {
            assert_eq!(self.wrong(&format!("user {number}"), address).await, Ok(()));
        }
    }
}

fn attempt(account: &str, address: &str) -> Attempt {
    Attempt {
        address: Some(address.parse().unwrap()),
        account: Some(("developer", account.to_owned())),
    }
}

#[tokio::test]
async fn t30_an_account_may_fail_ten_times_and_once_more_each_ten_seconds() {
    let door = Door::new();
    door.fail(10, "dev", OFFICE).await;
    assert_eq!(door.wrong("dev", OFFICE).await, Err(10));
    door.pass(9_999);
    assert_eq!(door.right("dev", OFFICE).await, Err(1));
    door.pass(1);
    assert_eq!(door.wrong("dev", OFFICE).await, Ok(()));
    assert_eq!(door.right("dev", OFFICE).await, Err(10));
}

#[tokio::test]
async fn t30_an_address_may_fail_a_hundred_times_and_once_more_each_second() {
    let door = Door::new();
    door.fail_at_many(100, OFFICE).await;
    assert_eq!(door.right("dev", OFFICE).await, Err(1));
    door.pass(999);
    assert_eq!(door.right("dev", OFFICE).await, Err(1));
    door.pass(1);
    door.fail(1, "dev", OFFICE).await;
    assert_eq!(door.right("dev", OFFICE).await, Err(1));
    assert_eq!(door.right("dev", HOME).await, Ok(()));
}

#[tokio::test]
async fn t30_the_longest_wait_counts_and_others_are_not_concerned() {
    let door = Door::new();
    door.fail(10, "dev", OFFICE).await;
    door.fail_at_many(90, OFFICE).await;
    assert_eq!(door.right("dev", OFFICE).await, Err(10));
    assert_eq!(door.right("eve", OFFICE).await, Err(1));
    assert_eq!(door.right("eve", HOME).await, Ok(()));
    let client = Attempt {
        account: Some(("client", "dev".to_owned())),
        ..attempt("dev", HOME)
    };
    assert!(door.throttle.guess(&client).await.is_ok());
}

#[tokio::test]
async fn t30_nobody_locks_the_owner_out_from_another_address() {
    let door = Door::new();
    for _ in 0..10_000 {
        let _ = door.wrong("dev", OFFICE).await;
        door.pass(100);
    }
    door.fail(10, "dev", HOME).await;
    assert_eq!(door.right("dev", HOME).await, Err(10));
}

#[tokio::test]
async fn t30_guessing_from_many_addresses_is_slow_all_the_same() {
    let door = Door::new();
    let mut looked_at = 0;
    for address in 0..250 {
        for _ in 0..10 {
            looked_at += u32::from(door.wrong("dev", &format!("203.0.113.{address}")).await.is_ok());
        }
    }
    assert_eq!(looked_at, WHOLE_ACCOUNT_BURST);
    assert_eq!(door.right("dev", HOME).await, Err(1));
    door.pass(1_000);
    assert_eq!(door.right("dev", HOME).await, Ok(()));
}

#[tokio::test]
async fn t30_guessing_from_many_addresses_does_not_concern_whoever_got_in_before() {
    let door = Door::new();
    assert_eq!(door.right("dev", HOME).await, Ok(()));
    for address in 0..10 {
        door.fail(10, "dev", &format!("203.0.113.{address}")).await;
    }
    assert_eq!(door.right("dev", OFFICE).await, Err(1));
    door.fail(10, "dev", HOME).await;
    assert_eq!(door.right("dev", HOME).await, Err(10));
}

#[tokio::test]
async fn t30_an_ipv6_network_shares_a_bucket_and_a_mapped_address_is_the_ipv4_one() {
    let door = Door::new();
    door.fail(10, "dev", "2001:db8:0:1::1").await;
    assert_eq!(door.right("dev", "2001:db8:0:1:ffff::2").await, Err(10));
    assert_eq!(door.right("dev", "2001:db8:0:2::1").await, Ok(()));
    door.fail(10, "dev", "::ffff:192.0.2.7").await;
    assert_eq!(door.right("dev", OFFICE).await, Err(10));
}

#[tokio::test]
async fn t30_of_many_guesses_at_once_only_as_many_as_the_bucket_holds_are_tried() {
    let door = Door::new();
    let guesses = (0..1_000).map(async |_| match door.guess("dev", OFFICE).await {
        Ok(guess) => {
            tokio::task::yield_now().await;
            guess.was_wrong();
            true
        }
        Err(_) => false,
    });
    let tried = join_all(guesses).await.into_iter().filter(|tried| *tried).count();
    assert_eq!(tried, 10);
}

#[tokio::test]
async fn t30_right_passwords_at_once_wait_for_each_other_and_are_all_let_in() {
    let door = Door::new();
    door.fail(9, "dev", OFFICE).await;
    let right = (0..MOST_WAITING).map(async |_| {
        let guess = door.guess("dev", OFFICE).await?;
        tokio::task::yield_now().await;
        guess.was_right();
        Ok(())
    });
    assert!(
        join_all(right)
            .await
            .into_iter()
            .all(|let_in: Result<(), u64>| let_in.is_ok())
    );
}

#[tokio::test]
async fn t30_whoever_waits_is_let_in_when_one_before_was_right_and_refused_when_all_were_wrong() {
    let door = Door::new();
    door.fail(8, "dev", OFFICE).await;
    let (one, two) = (
        door.guess("dev", OFFICE).await.unwrap(),
        door.guess("dev", OFFICE).await.unwrap(),
    );
    let (mut three, mut four) = (pin!(door.guess("dev", OFFICE)), pin!(door.guess("dev", OFFICE)));
    assert!(poll!(three.as_mut()).is_pending());
    assert!(poll!(four.as_mut()).is_pending());
    one.was_right();
    let three = three.await.unwrap();
    assert!(poll!(four.as_mut()).is_pending());
    two.was_wrong();
    assert!(poll!(four.as_mut()).is_pending());
    three.was_wrong();
    assert_eq!(four.await.err(), Some(10));
}

#[tokio::test]
async fn t30_no_more_wait_than_there_are_places() {
    let door = Door::new();
    let mut under_way = Vec::new();
    for _ in 0..10 {
        under_way.push(door.guess("dev", OFFICE).await.unwrap());
    }
    let mut waiting: Vec<Pin<Box<_>>> = (0..MOST_WAITING).map(|_| Box::pin(door.guess("dev", OFFICE))).collect();
    for guess in &mut waiting {
        assert!(poll!(guess.as_mut()).is_pending());
    }
    assert_eq!(door.right("dev", OFFICE).await, Err(10));
    waiting.pop();
    assert!(poll!(pin!(door.guess("dev", OFFICE))).is_pending());
    drop(under_way);
    for guess in waiting {
        assert!(guess.await.is_ok());
    }
}

#[tokio::test]
async fn t30_a_program_that_goes_on_asking_does_not_keep_its_office_out() {
    let door = Door::new();
    door.fail(10, "dev", OFFICE).await;
    for _ in 0..1_000 {
        assert_eq!(door.wrong("dev", OFFICE).await, Err(10));
    }
    door.fail_at_many(90, OFFICE).await;
    door.pass(10_000);
    assert_eq!(door.right("dev", OFFICE).await, Ok(()));
}

#[tokio::test]
async fn t30_asking_again_and_again_wins_no_race_for_an_account_that_many_guess_at() {
    let door = Door::new();
    for address in 0..10 {
        door.fail(10, "dev", &format!("203.0.113.{address}")).await;
    }
    for _ in 0..10 {
        assert_eq!(door.wrong("dev", OFFICE).await, Err(1));
    }
    assert_eq!(door.wrong("dev", OFFICE).await, Err(10));
    door.pass(9_999);
    assert_eq!(door.wrong("dev", OFFICE).await, Err(1));
    door.pass(1);
    assert_eq!(door.wrong("dev", OFFICE).await, Ok(()));
}

#[tokio::test]
async fn t30_success_is_not_throttled() {
    let door = Door::new();
    door.fail(9, "dev", OFFICE).await;
    for _ in 0..1_000 {
        assert_eq!(door.right("dev", OFFICE).await, Ok(()));
    }
    door.fail(1, "dev", OFFICE).await;
    assert_eq!(door.right("dev", OFFICE).await, Err(10));
}

#[tokio::test]
async fn t30_an_attempt_that_was_never_judged_does_not_count() {
    let door = Door::new();
    door.fail(9, "dev", OFFICE).await;
    for _ in 0..1_000 {
        drop(door.guess("dev", OFFICE).await.unwrap());
    }
    door.fail(1, "dev", OFFICE).await;
    assert_eq!(door.right("dev", OFFICE).await, Err(10));
}

#[tokio::test]
async fn t30_random_secrets_and_those_that_can_be_guessed_are_counted_apart() {
    let door = Door::new();
    let client = attempt("gbc_1", OFFICE);
    for _ in 0..ACCOUNT_BURST {
        assert_eq!(door.throttle.fail(&client), Ok(()));
    }
    let message = door.throttle.fail(&client);
    assert_eq!(
        message,
        Err(Wait {
            retry_after_seconds: 10
        })
    );
    for number in ACCOUNT_BURST..ADDRESS_BURST {
        assert_eq!(door.throttle.fail(&attempt(&format!("gbc {number}"), OFFICE)), Ok(()));
    }
    let another = door.throttle.fail(&attempt("gbc_2", OFFICE));
    assert_eq!(another, Err(Wait { retry_after_seconds: 1 }));
    assert_eq!(door.right("gbc_1", OFFICE).await, Ok(()));
    door.fail_at_many(100, HOME).await;
    assert_eq!(door.throttle.fail(&attempt("gbc_2", HOME)), Ok(()));
}

#[tokio::test]
async fn t30_a_clock_that_is_turned_back_locks_nobody_out() {
    let door = Door::new();
    door.pass(86_400_000);
    door.fail(10, "dev", OFFICE).await;
    door.pass(-86_400_000);
    assert_eq!(door.right("dev", OFFICE).await, Err(10));
}

#[tokio::test]
async fn t30_switched_off_it_refuses_nobody() {
    let door = Door::with(ThrottleMode::Off);
    door.fail(1_000, "dev", OFFICE).await;
    for _ in 0..1_000 {
        assert_eq!(door.throttle.fail(&attempt("dev", OFFICE)), Ok(()));
    }
}

#[tokio::test]
async fn t30_a_site_with_many_networks_is_slowed_down_as_a_whole() {
    let door = Door::new();
    let network = |number: u32| format!("2001:db8:7:{number:x}::1");
    assert_eq!(door.right("owner", &network(1)).await, Ok(()));
    for number in 0..SITE_BURST {
        let account = format!("user {number}");
        assert_eq!(door.wrong(&account, &network(number)).await, Ok(()));
    }
    assert_eq!(door.right("dev", &network(SITE_BURST)).await, Err(1));
    assert_eq!(door.right("dev", "2001:db8:8:1::1").await, Ok(()), "another site");
    assert_eq!(
        door.right("owner", &network(1)).await,
        Ok(()),
        "where the account was got into"
    );
    door.pass(1_000 * i64::from(SITE_SECONDS_PER_FAILURE));
    assert_eq!(door.right("dev", &network(SITE_BURST)).await, Ok(()));
}

#[tokio::test]
async fn an_address_is_familiar_to_the_account_that_was_got_into_from_it() {
    let door = Door::new();
    let is_familiar = async |account: &str, address: &str| door.guess(account, address).await.unwrap().is_familiar();
    assert!(!is_familiar("dev", OFFICE).await);
    door.right("dev", OFFICE).await.unwrap();
    assert!(is_familiar("dev", OFFICE).await);
    assert!(!is_familiar("dev", HOME).await && !is_familiar("ada", OFFICE).await);
}
