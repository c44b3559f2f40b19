//! Whether there is an account for an address cannot be told by the time that an answer takes: of requests for an address
//! with an account and for one without, in turns, neither kind is the slower one more often than by chance.

use std::time::Instant;

use gatebook::throttle::ThrottleMode;

use super::times;
use crate::support::World;
use crate::support::browser::Browser;
use crate::support::node::Options;

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

/// Sends a page's form for both addresses in turns, so many times, and says how well their times tell them apart. What is
/// done after an answer is over before the next request: an attacker can wait, too.
async fn told_apart(world: &World, many: usize, addresses: [&str; 2], form: &str, status: u16) -> f64 {
    let mut stranger = Browser::new(world);
    let mut seconds = [Vec::new(), Vec::new()];
    for turn in 0..2 * many {
        // Now the one first, now the other.
        let kind = (turn + turn / 2) % 2;
        stranger.open(form).await.expect(200);
        let fields = [("email", addresses[kind]), ("password", WRONG)];
        let started = Instant::now();
        let page = stranger.send(form, &fields[..if status == 200 { 1 } else { 2 }]).await;
        seconds[kind].push(started.elapsed().as_secs_f64());
        page.expect(status);
        world.gatebook.background_tasks.done().await;
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
    let found = [
        ("/forgot-password", USERS, 200),
        ("/portal/forgot-password", DEVELOPERS, 200),
        ("/portal/log-in", DEVELOPERS, 401),
        ("/sign-in", USERS, 401),
    ];
    for (form, addresses, status) in found {
        let area = told_apart(&world, many, addresses, form, status).await;
        println!("{form}: {area:.3} of 2 x {many} (0.5 is chance, {bound:.3} allowed)");
        assert!((area - 0.5).abs() < bound, "{form}: {area}");
    }
}

#[test]
fn chance_is_a_half_and_certainty_is_one() {
    assert_eq!(area_under_curve(&[1.0, 2.0], &[1.0, 2.0]), 0.5);
    assert_eq!(area_under_curve(&[3.0, 4.0], &[1.0, 2.0]), 1.0);
}
