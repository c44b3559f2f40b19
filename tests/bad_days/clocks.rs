//! Machines whose clock is wrong. One command of such a node would date everything that comes after it, for ever; so it
//! refuses commands, and goes on answering checks. The clocks are really wrong: libfaketime moves them.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::installation::{Customer, Installation, Process, client, word};
use super::integration::gate;
use crate::support::eventually::eventually;
use crate::support::{APPS, Answer, World, id};

const TEN_YEARS_AHEAD: &str = "+3650d";

/// The library that makes a process see another time.
fn faketime() -> String {
    // Debian has it below a folder with the name of the architecture.
    let library = std::fs::read_dir("/usr/lib")
        .unwrap()
        .map(|folder| folder.unwrap().path().join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists());
    let library = library.unwrap_or_else(|| panic!("libfaketime is missing; tests/prerequisites installs it"));
    library.display().to_string()
}

/// What makes a process see another time, and leaves its timers alone.
fn clock(offset: &str) -> Vec<(&'static str, String)> {
    vec![
        ("LD_PRELOAD", faketime()),
        ("FAKETIME", offset.to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}

async fn with_clock(installation: &Installation, offset: &str, arguments: &[&str]) -> Process {
    let environment = clock(offset);
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    installation.start_alive("serve", arguments, &environment).await
}

/// An installation with a customer; a token and the credentials of an integration.
async fn settled(installation: &Installation) -> (Customer, (String, (String, String))) {
    let process = installation.serve().await;
    let customer = Customer::settle(installation, &process).await;
    let pam = process.person(&customer.pam);
    let app = pam.post(APPS, World::aiq_integrate("Feeds")).await.expect(201).json();
    let secrets = format!("/operator/api/v1/integration-apps/{}/client-secrets", id(&app));
    let issued = process
        .person(&customer.operator)
        .post(&secrets, json!({}))
        .await
        .expect(201)
        .json();
    let credentials = (word(&issued, "client_id"), word(&issued, "client_secret"));
    let token = client()
        .post(format!("{}/oauth/token", process.base_url))
        .basic_auth(&credentials.0, Some(&credentials.1))
        .form(&[("grant_type", "client_credentials")]);
    let token = Answer::read(token.send().await.unwrap()).await.expect(200).json();
    process.stop().await;
    (customer, (word(&token, "access_token"), credentials))
}

/// The gate answers; and no token is issued that would live for years elsewhere.
async fn checks_are_answered(
    process: &Process,
    customer: &Customer,
    (token, credentials): &(String, (String, String)),
) {
    let asked = |path: &str, (id, secret): &(String, String)| {
        client()
            .post(format!("{}{path}", process.base_url))
            .basic_auth(id, Some(secret))
    };
    let issuing = asked("/oauth/token", credentials).form(&[("grant_type", "client_credentials")]);
    assert_eq!(issuing.send().await.unwrap().status(), 503);
    let check =
        asked("/gateway/verify", &customer.gateway).json(&json!({"token": token, "entity": "e1", "access": "read"}));
    let answer = Answer::read(check.send().await.unwrap()).await.expect(200).json();
    // By the clock that it has: the token may have ended, or not have been issued yet.
    let answers = ["ok", "token_expired", "token_invalid"];
    assert!(answers.contains(&word(&answer, "reason").as_str()), "{answer}");
}

/// It refuses commands and says why, where operators look.
async fn commands_are_refused(process: &Process, customer: &Customer, because: &str) {
    let pam = process.person(&customer.pam);
    pam.post(APPS, World::aiq_integrate("Late"))
        .await
        .refused(503, "unavailable");
    let not_ready: Value = pam.get("/readyz").await.refused(503, "unavailable").json();
    assert!(word(&not_ready, "reason").contains(because), "{not_ready}");
    let metrics = pam.get("/metrics").await.expect(200).text();
    assert!(
        metrics.lines().any(|line| line == "gatebook_clock_wrong 1"),
        "{metrics}"
    );
    assert!(process.log().contains(because), "{}", process.log());
}

async fn events_of_2036(installation: &Installation) -> i64 {
    installation
        .number("select count(*) from events where recorded_at > '2030'")
        .await
}

/// What such a node counted it has kept to itself.
async fn nothing_is_said_to_be_used_in_2036(installation: &Installation) {
    for counted in [
        "usage_hours where hour",
        "usage_days where day",
        "last_uses where last_used_at",
    ] {
        let sql = format!("select count(*) from {counted} > '2030'");
        assert_eq!(installation.number(&sql).await, 0, "{counted}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_a_node_whose_clock_is_not_the_databases_refuses_commands_and_answers_checks() {
    let installation = Installation::on_postgres().await;
    let (customer, credentials) = settled(&installation).await;
    for (offset, because) in [
        (TEN_YEARS_AHEAD, "ahead of the database's"),
        ("-90s", "behind the database's"),
    ] {
        // To vouch for it does not help: the database has a clock of its own.
        let process = with_clock(&installation, offset, &["--accept-clock"]).await;
        checks_are_answered(&process, &customer, &credentials).await;
        commands_are_refused(&process, &customer, because).await;
        process.stop().await;
    }
    assert_eq!(events_of_2036(&installation).await, 0);
    nothing_is_said_to_be_used_in_2036(&installation).await;
    let process = with_clock(&installation, "+30s", &[]).await;
    process
        .person(&customer.pam)
        .post(APPS, World::aiq_integrate("In time"))
        .await
        .expect(201);
    let ready: Value = process.anybody().get("/readyz").await.expect(200).json();
    assert_eq!(
        ready["degraded"],
        json!(["clock"]),
        "half a minute is too much for a clock that is set by NTP"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_a_clock_that_does_not_fit_the_last_event_has_to_be_vouched_for_once() {
    let installation = Installation::on_sqlite();
    let (customer, credentials) = settled(&installation).await;
    for (offset, because) in [
        (TEN_YEARS_AHEAD, "ahead of the last event"),
        ("-1h", "behind the last event"),
    ] {
        let process = with_clock(&installation, offset, &[]).await;
        checks_are_answered(&process, &customer, &credentials).await;
        commands_are_refused(&process, &customer, because).await;
        process.stop().await;
    }
    assert_eq!(events_of_2036(&installation).await, 0);
    nothing_is_said_to_be_used_in_2036(&installation).await;
    // An operator vouches for a wrong clock, which is then followed; and for the right one afterwards.
    let process = with_clock(&installation, TEN_YEARS_AHEAD, &["--accept-clock"]).await;
    // By that clock the token has ended, and that it was tried is in the log.
    process
        .person(&customer.pam)
        .post(APPS, World::aiq_integrate("Far away"))
        .await
        .refused(401, "unauthenticated");
    process.stop().await;
    assert!(events_of_2036(&installation).await > 0);
    let process = with_clock(&installation, "+0", &[]).await;
    commands_are_refused(&process, &customer, "behind the last event").await;
    process.stop().await;
    for (arguments, name) in [(&["--accept-clock"][..], "Back"), (&[], "Still back")] {
        let process = with_clock(&installation, "+0", arguments).await;
        process
            .person(&customer.pam)
            .post(APPS, World::aiq_integrate(name))
            .await
            .expect(201);
        process.stop().await;
    }
    installation.holds_together();
}

/// A clock that jumps while a process goes by it.
struct JumpingClock(PathBuf);

impl JumpingClock {
    fn of(installation: &Installation) -> Self {
        let clock = Self(installation.folder().join("clock"));
        clock.jumps_to("+0");
        clock
    }

    fn jumps_to(&self, offset: &str) {
        let next = self.0.with_extension("next");
        std::fs::write(&next, offset).unwrap();
        // Nobody sees half of it.
        std::fs::rename(&next, &self.0).unwrap();
    }

    async fn serve(&self, installation: &Installation) -> Process {
        let library = faketime();
        let environment = [
            ("LD_PRELOAD", library.as_str()),
            ("FAKETIME_TIMESTAMP_FILE", self.0.to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ];
        installation.start("serve", &[], &environment).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_a_clock_that_jumps_while_a_node_runs_stops_commands_until_it_is_right_again() {
    let jumps = [
        (TEN_YEARS_AHEAD, "ahead of the last event"),
        ("-1h", "behind the last event"),
    ];
    the_clock_jumps(&Installation::on_sqlite(), jumps).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_a_clock_that_jumps_while_a_node_runs_stops_commands_until_it_is_right_again() {
    let jumps = [
        (TEN_YEARS_AHEAD, "ahead of the database's"),
        ("-90s", "behind the database's"),
    ];
    the_clock_jumps(&Installation::on_postgres().await, jumps).await;
}

async fn the_clock_jumps(installation: &Installation, jumps: [(&str, &str); 2]) {
    let (customer, credentials) = settled(installation).await;
    let clock = JumpingClock::of(installation);
    let process = clock.serve(installation).await;
    let pam = process.person(&customer.pam);
    for (jump, because) in jumps {
        clock.jumps_to(jump);
        let form = World::aiq_integrate("At once");
        pam.post(APPS, form).await.refused(503, "unavailable");
        // What it says may be a second old.
        eventually("no readiness", async || {
            (pam.get("/readyz").await.status == 503).then_some(())
        })
        .await;
        commands_are_refused(&process, &customer, because).await;
        checks_are_answered(&process, &customer, &credentials).await;
        clock.jumps_to("+0");
        eventually("readiness", async || {
            (pam.get("/readyz").await.status == 200).then_some(())
        })
        .await;
        let form = World::aiq_integrate(&format!("After {because}"));
        pam.post(APPS, form).await.expect(201);
        assert_eq!(gate(&process, &customer, &credentials.0).await, "ok");
    }
    assert_eq!(events_of_2036(installation).await, 0);
    process.stop().await;
    installation.holds_together();
}
