//! Whether there is an account for an address cannot be told by the time that an answer takes: of requests for an address
//! with an account and for one without, in turns, neither kind is the slower one more often than by chance.

use std::sync::Arc;
use std::time::Instant;

use gatebook::application::{Caller, Entrance, Gatebook, SignInForm, Who};
use gatebook::throttle::ThrottleMode;

use super::times;
use crate::support::World;
use crate::support::world::Options;

const WRONG: &str = "wrong horse battery staple";
/// Of each kind, an account and none.
const DEVELOPERS: [&str; 2] = ["dev@example.com", "nobody@example.com"];
const USERS: [&str; 2] = ["ulf@acme.example", "nobody@acme.example"];

/// How likely a request of the first kind is slower than one of the second: 0.5 when the time tells nothing.
fn area_under_curve(one: &[f64], other: &[f64]) -> f64 {
    let slower = |a: f64, b: f64| match a.total_cmp(&b) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    };
    let wins: f64 = one.iter().flat_map(|a| other.iter().map(move |b| slower(*a, *b))).sum();
    wins / (one.len() * other.len()) as f64
}

/// Asks for both addresses in turns, so many times, and says how well their times tell them apart. What is done after an
/// answer is over before the next request: an attacker can wait, too.
async fn told_apart<F: Future<Output = ()>>(
    gatebook: &Arc<Gatebook>,
    many: usize,
    addresses: [&'static str; 2],
    ask: impl Fn(&'static str) -> F,
) -> f64 {
    let mut seconds = [Vec::new(), Vec::new()];
    for turn in 0..2 * many {
        // Now the one first, now the other.
        let kind = (turn + turn / 2) % 2;
        let started = Instant::now();
        ask(addresses[kind]).await;
        seconds[kind].push(started.elapsed().as_secs_f64());
        gatebook.errands.done().await;
    }
    area_under_curve(&seconds[0], &seconds[1])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_an_answer_does_not_tell_whether_there_is_an_account() {
    let many = if times() == 1 { 40 } else { 100 * times() };
    // By chance it is less far from a half than this, 9,995 of 10,000 times; and something is left to the machine.
    let bound = 0.05 + 3.5 * ((2 * many + 1) as f64 / (12 * many * many) as f64).sqrt();
    let world = World::on_sqlite_with(Options {
        throttle: ThrottleMode::Off,
        ..Options::default()
    })
    .await;
    let ada = world.ada().await;
    world.created(&ada, "Payroll Bridge").await;
    world.signed_up(DEVELOPERS[0]).await;
    world.give_password("acme", "ulf").await;
    let gatebook = &world.gatebook;
    let stranger = &Caller::command_line("soak".to_owned()).with(Who::Nobody);

    let forgotten_console = told_apart(gatebook, many, USERS, |email| async move {
        gatebook.request_user_password_reset(stranger, email).await.unwrap();
    });
    let forgotten_portal = told_apart(gatebook, many, DEVELOPERS, |email| async move {
        gatebook
            .request_developer_password_reset(stranger, email)
            .await
            .unwrap();
    });
    let log_in = told_apart(gatebook, many, DEVELOPERS, |email| async move {
        let wrong = gatebook.log_in(stranger, Entrance::Pages, email, WRONG, "").await;
        assert!(wrong.is_err());
    });
    let sign_in = told_apart(gatebook, many, USERS, |email| async move {
        let form = SignInForm {
            email: email.to_owned(),
            password: WRONG.to_owned(),
            group_id: None,
            device: String::new(),
        };
        assert!(gatebook.sign_in(stranger, &form).await.is_err());
    });
    let found = [
        ("forgotten password, console", forgotten_console.await),
        ("forgotten password, portal", forgotten_portal.await),
        ("log in", log_in.await),
        ("sign in", sign_in.await),
    ];
    for (what, area) in found {
        println!("{what}: {area:.3} of 2 x {many} (0.5 is chance, {bound:.3} allowed)");
        assert!((area - 0.5).abs() < bound, "{what}: {area}");
    }
}

#[test]
fn chance_is_a_half_and_certainty_is_one() {
    assert_eq!(area_under_curve(&[1.0, 2.0], &[1.0, 2.0]), 0.5);
    assert_eq!(area_under_curve(&[3.0, 4.0], &[1.0, 2.0]), 1.0);
}
