//! Several Gatebooks on one database write one log.

use std::sync::Arc;

use chrono::TimeDelta;
use futures::future::join_all;
use gatebook::clock::{Clock, ManualClock};
use gatebook::log::hash_chain::NO_PREDECESSOR;
use gatebook::log::{Writer, read};
use gatebook::metrics::Metrics;
use gatebook::store;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, Value};
use reqwest::Method;

use super::noted::{at, events, name, note, notes};
use crate::support::world::BEGINNING;
use crate::support::{APPS, World, on_both_databases};

on_both_databases!(
    two_writers_on_one_database_write_one_log_without_gaps,
    of_two_writers_that_append_to_one_stream_one_has_to_read_again,
    time_never_runs_backwards_in_the_log_although_a_clock_does,
    a_node_whose_clock_is_ahead_keeps_no_email_of_another_one_waiting,
);

/// A writer of another process, whose clock goes its own way.
async fn another_writer(world: &World, ahead: TimeDelta) -> Writer {
    let database = store::open(&world.database_url).await.unwrap();
    let clock = ManualClock::starting_at(Timestamp::parse(BEGINNING).unwrap().plus(ahead));
    Writer::start(database, Clock::Manual(clock), Arc::new(Metrics::default())).0
}

async fn two_writers_on_one_database_write_one_log_without_gaps(world: World) {
    let writers = [
        world.gatebook.log.writer.clone(),
        another_writer(&world, TimeDelta::zero()).await,
    ];
    let before = read::head(world.database()).await.unwrap();
    let appends = (0..100).map(|number: usize| {
        let writer = writers[number % 2].clone();
        tokio::spawn(async move { events(writer.append(notes(&format!("s{number}"), 0, NO_PREDECESSOR, 2)).await) })
    });
    let appends: Vec<_> = appends.collect();
    let mut positions = Vec::new();
    for receipt in join_all(appends).await {
        positions.extend(receipt.unwrap().iter().map(|event| event.position));
    }
    positions.sort_unstable();
    assert_eq!(positions, (before + 1..=before + 200).collect::<Vec<_>>());
    assert_eq!(read::head(world.database()).await.unwrap(), before + 200);
}

async fn of_two_writers_that_append_to_one_stream_one_has_to_read_again(world: World) {
    use gatebook::log::append::{Append, AppendError};

    let writers = [
        world.gatebook.log.writer.clone(),
        another_writer(&world, TimeDelta::zero()).await,
    ];
    for round in 0..20 {
        let (stream, taken) = (format!("s{round}"), format!("name {round}"));
        let (one, other) = tokio::join!(writers[0].append(note(&stream)), writers[1].append(note(&stream)));
        assert!(matches!(
            (&one, &other),
            (Ok(_), Err(AppendError::Conflict)) | (Err(AppendError::Conflict), Ok(_))
        ));
        let wants = |called: String| Append {
            reservations: vec![name(&taken, &called)],
            ..note(&called)
        };
        let (one, other) = (wants(format!("{stream} a")), wants(format!("{stream} b")));
        let (one, other) = tokio::join!(writers[0].append(one), writers[1].append(other));
        assert!(matches!(
            (&one, &other),
            (Ok(_), Err(AppendError::Taken(_))) | (Err(AppendError::Taken(_)), Ok(_))
        ));
        let guarded = Append {
            preconditions: vec![at(&stream, 1).into()],
            ..note(&format!("{stream} c"))
        };
        writers[round % 2].append(guarded).await.unwrap();
    }
}

async fn time_never_runs_backwards_in_the_log_although_a_clock_does(world: World) {
    let late = another_writer(&world, -TimeDelta::hours(5)).await;
    let early = another_writer(&world, TimeDelta::hours(1)).await;
    let writers = [
        &late,
        &world.gatebook.log.writer,
        &early,
        &late,
        &world.gatebook.log.writer,
    ];
    for (number, writer) in writers.into_iter().enumerate() {
        writer.append(note(&format!("s{number}"))).await.unwrap();
    }
    let sql = format!("{} order by position", read::SELECT_EVENTS);
    let log = read::events(world.database().rows(Query::new(sql, [])).await.unwrap()).unwrap();
    assert!(log.windows(2).all(|two| two[0].recorded_at <= two[1].recorded_at));
    let last: Vec<_> = log[log.len() - 5..]
        .iter()
        .map(|event| event.recorded_at.as_str())
        .collect();
    let (now, ahead) = (BEGINNING, "2026-11-23T10:00:00.000Z");
    assert_eq!(last, [now, now, ahead, ahead, ahead]);
    world.pass(TimeDelta::hours(2));
    let after = events(world.gatebook.log.writer.append(note("last")).await);
    assert_eq!(after[0].recorded_at, "2026-11-23T11:00:00.000Z");
}

async fn a_node_whose_clock_is_ahead_keeps_no_email_of_another_one_waiting(world: World) {
    let early = another_writer(&world, TimeDelta::hours(1)).await;
    early.append(note("s1")).await.unwrap();
    let ada = world.ada().await;
    let key = [("idempotency-key", "k1")];
    let form = World::new_integration("Payroll Bridge");
    ada.send(Method::POST, APPS, Some(form), &key).await.expect(201);
    world.last_mail_to("dev@example.com").await.invite_token();
    let rows = "select created_at from outbox union all select created_at from idempotency_keys";
    let rows = world.database().rows(Query::new(rows, [])).await.unwrap();
    assert_eq!(rows, [[Value::from(BEGINNING)], [Value::from(BEGINNING)]]);
}
