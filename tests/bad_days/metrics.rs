//! What `/metrics` shows, on good days and when the database is away.

use gatebook::store::ConnectionPurpose;

use crate::support::eventually::eventually;
use crate::support::proxy::Proxy;
use crate::support::{Person, World, database, on_both_databases};

async fn metrics(person: &Person) -> String {
    person.get("/metrics").await.expect(200).text()
}

/// The value of a metric, its labels included.
fn value(metrics: &str, name: &str) -> Option<f64> {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name} ")))?;
    Some(line.parse().unwrap())
}

on_both_databases![
    the_state_of_the_installation_is_measured,
    an_email_that_waits_grows_older,
    tokens_are_counted_by_what_became_of_them,
];

async fn the_state_of_the_installation_is_measured(world: World) {
    let metrics = metrics(&world.anybody()).await;
    let measured = |name: &str| value(&metrics, name).unwrap_or_else(|| panic!("no {name} in {metrics}"));
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(measured(&format!("gatebook_build_info{{version=\"{version}\"}}")), 1.0);
    assert_eq!(measured("gatebook_database_up"), 1.0);
    assert!(measured("gatebook_log_position") > 0.0);
    assert!(measured("gatebook_last_commit_age_seconds") < 600.0);
    assert_eq!(measured("gatebook_writer_batches_failed_total"), 0.0);
    assert!(measured("gatebook_clock_difference_seconds").abs() < 60.0);
    assert_eq!(measured("gatebook_outbox_emails{state=\"pending\"}"), 0.0);
    measured("gatebook_log_lines_dropped_total");
    for projection in gatebook_projections::registry::all() {
        let of = |metric: &str| {
            measured(&format!(
                "gatebook_projection_{metric}{{projection=\"{}\"}}",
                projection.name
            ))
        };
        assert_eq!(of("generation"), 1.0);
        for metric in ["stale", "rebuilding", "rebuild_behind_events", "rebuild_failed"] {
            assert_eq!(of(metric), 0.0, "{metric}");
        }
    }
    for pool in ["reads", "writes"] {
        assert!(measured(&format!("gatebook_database_connections_max{{pool=\"{pool}\"}}")) >= 1.0);
        measured(&format!(
            "gatebook_database_connections{{pool=\"{pool}\",state=\"in_use\"}}"
        ));
        measured(&format!(
            "gatebook_database_connections{{pool=\"{pool}\",state=\"idle\"}}"
        ));
        measured(&format!("gatebook_database_connections_waiting{{pool=\"{pool}\"}}"));
    }
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_open_fds",
        "process_max_fds",
        "process_start_time_seconds",
    ] {
        assert!(measured(name) > 0.0, "{name}");
    }
}

async fn an_email_that_waits_grows_older(world: World) {
    world
        .ada()
        .await
        .post(crate::support::APPS, World::new_integration("Payroll Bridge"))
        .await
        .expect(201);
    world.background_tasks_are_done().await;
    world.pass(chrono::TimeDelta::minutes(5));
    let text = metrics(&world.anybody()).await;
    assert_eq!(
        value(&text, "gatebook_outbox_emails{state=\"pending\"}"),
        Some(1.0),
        "{text}"
    );
    let age = value(&text, "gatebook_outbox_oldest_age_seconds{state=\"pending\"}");
    assert_eq!(age, Some(300.0), "{text}");
}

async fn tokens_are_counted_by_what_became_of_them(world: World) {
    let form = "grant_type=client_credentials&client_id=gbc_nobody&client_secret=wrong";
    let ask = |body: &'static str| {
        world
            .request(reqwest::Method::POST, "/oauth/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    };
    assert_eq!(ask(form).send().await.unwrap().status(), 401);
    assert_eq!(ask("grant_type=password").send().await.unwrap().status(), 400);
    let text = metrics(&world.anybody()).await;
    for reason in ["invalid_client", "unsupported_grant_type"] {
        let refused = value(&text, &format!("gatebook_tokens_refused_total{{reason=\"{reason}\"}}"));
        assert_eq!(refused, Some(1.0), "{text}");
    }
    assert_eq!(value(&text, "gatebook_tokens_issued_total"), Some(0.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verification_is_shown_with_its_result() {
    let world = World::on_sqlite().await;
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    transaction.script("update groups set name = 'tampered'").await.unwrap();
    transaction.commit().await.unwrap();
    let all = gatebook_projections::registry::all().to_vec();
    world.gatebook.start_replay(gatebook::application::Replay::Verify, all);
    eventually("end of the verification", async || {
        world.gatebook.latest_replay().unwrap().has_ended().then_some(())
    })
    .await;
    let text = metrics(&world.anybody()).await;
    let equal = |name: &str| {
        value(
            &text,
            &format!("gatebook_projection_verify_success{{projection=\"{name}\"}}"),
        )
    };
    assert_eq!(equal("groups"), Some(0.0), "{text}");
    assert_eq!(equal("app_list"), Some(1.0), "{text}");
    let at = value(
        &text,
        "gatebook_projection_verify_timestamp_seconds{projection=\"groups\"}",
    );
    assert!(at.unwrap() > 1.7e9, "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_there_and_say_so_when_the_database_is_away() {
    let road = Proxy::start().await;
    let world = World::on_database(road.through(&database::new_postgres().await)).await;
    assert_eq!(
        value(&metrics(&world.anybody()).await, "gatebook_database_up"),
        Some(1.0)
    );
    road.cut().await;
    eventually("news that the database is away", async || {
        let text = metrics(&world.anybody()).await;
        let away = value(&text, "gatebook_database_up") == Some(0.0);
        // What nobody knows any more is not told.
        (away && !text.contains("gatebook_outbox_emails{") && text.contains("gatebook_http_requests_total{"))
            .then_some(())
    })
    .await;
    road.mend();
    eventually("the database again", async || {
        let text = metrics(&world.anybody()).await;
        (value(&text, "gatebook_database_up") == Some(1.0) && text.contains("gatebook_outbox_emails{")).then_some(())
    })
    .await;
}
