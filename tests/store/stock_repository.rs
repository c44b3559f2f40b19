//! The log is one that the stock tools of cqrs-es can open.

use cqrs_es::persist::{PersistedEventRepository, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope};
use gatebook::log::read;
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::group::Group;
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_aggregates::refused_attempts::RefusedAttempts;
use gatebook_aggregates::system::System;
use gatebook_aggregates::timeline_views::TimelineViews;
use gatebook_aggregates::usage::Usage;
use gatebook_aggregates::user_account::UserAccount;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::Query;
use postgres_es::PostgresEventRepository;
use sqlx::PgPool;

use crate::support::browser::Browser;
use crate::support::{World, app_at};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stock_repository_of_postgres_es_reads_every_event_and_each_decodes() {
    let world = World::on_postgres().await;
    let (ada, app, ..) = world.running("Payroll Bridge").await;
    ada.post(&app_at(&app, "/suspend"), serde_json::json!({}))
        .await
        .expect(200);
    Browser::of_user(&world, "acme", "ada").await;
    world.tokens_are_ended().await;
    world
        .user("acme", "ulf")
        .await
        .get("/api/v1/integration-apps")
        .await
        .expect(403);
    world.gatebook.write_refusals(true).await;
    ada.get(&app_at(&app, "/events")).await.expect(200);
    let sql = format!("{} order by position", read::SELECT_EVENTS);
    let log = read::events(world.database().rows(Query::new(sql, [])).await.unwrap()).unwrap();
    let stock = PostgresEventRepository::new(PgPool::connect(&world.database_url).await.unwrap());
    let read = reads_all::<IntegrationApp>(&stock, &log).await
        + reads_all::<Group>(&stock, &log).await
        + reads_all::<Developer>(&stock, &log).await
        + reads_all::<UserAccount>(&stock, &log).await
        + reads_all::<System>(&stock, &log).await
        + reads_all::<RefusedAttempts>(&stock, &log).await
        + reads_all::<TimelineViews>(&stock, &log).await
        + reads_all::<Usage>(&stock, &log).await;
    assert_eq!(read, log.len());
}

/// Reads all streams of a kind, and compares; the number of events.
async fn reads_all<A: Aggregate>(stock: &PostgresEventRepository, log: &[StoredEvent]) -> usize {
    let ours: Vec<_> = log.iter().filter(|event| event.aggregate_type == A::TYPE).collect();
    let mut streams: Vec<_> = ours.iter().map(|event| event.aggregate_id.as_str()).collect();
    streams.sort_unstable();
    streams.dedup();
    assert!(!streams.is_empty(), "{}", A::TYPE);
    for stream in streams {
        let of_stream = ours.iter().filter(|event| event.aggregate_id == stream);
        let theirs = stock.get_events::<A>(stream).await.unwrap();
        assert_eq!(
            theirs,
            of_stream.clone().map(|event| serialized(event)).collect::<Vec<_>>()
        );
        let mut aggregate = A::default();
        for (event, ours) in theirs.into_iter().zip(of_stream) {
            let envelope = EventEnvelope::<A>::try_from(event).unwrap();
            assert_eq!(envelope.payload.event_type(), ours.event_type);
            assert_eq!(envelope.payload.event_version(), ours.event_version);
            let metadata: std::collections::HashMap<String, String> = serde_json::from_str(&ours.metadata).unwrap();
            assert_eq!(envelope.metadata, metadata);
            aggregate.apply(envelope.payload);
        }
    }
    ours.len()
}

fn serialized(event: &StoredEvent) -> SerializedEvent {
    SerializedEvent {
        aggregate_id: event.aggregate_id.clone(),
        sequence: usize::try_from(event.sequence).unwrap(),
        aggregate_type: event.aggregate_type.clone(),
        event_type: event.event_type.clone(),
        event_version: event.event_version.clone(),
        payload: serde_json::from_str(&event.payload).unwrap(),
        metadata: serde_json::from_str(&event.metadata).unwrap(),
    }
}
