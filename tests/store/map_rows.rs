//! Several changes of one map in one batch.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::future::join_all;
use gatebook::log::append::{Append, AppendError};
use gatebook::log::{Loaded, LockedDecision, Log, Origin};
use gatebook::replay::{Silent, verify};
use gatebook::store::{ConnectionPurpose, StoreError, Transaction};
use gatebook_aggregates::group::{Group, GroupEvent};
use gatebook_aggregates::identifiers::EntityId;
use gatebook_aggregates::metadata::{Actor, ActorType};
use gatebook_aggregates::text::Label;
use gatebook_projections::registry;
use gatebook_projections::sql::{Query, Value};

use super::appends::in_one_batch;
use crate::support::{World, on_both_databases};

on_both_databases!(
    of_two_appends_to_one_group_in_a_batch_the_refused_one_leaves_nothing_in_its_map,
    decisions_about_one_group_in_a_batch_each_change_its_map,
);

fn entity(id: &str) -> EntityId {
    EntityId::parse(id).unwrap()
}

fn name(name: &str) -> Label {
    Label::parse("name", name).unwrap()
}

fn added(id: &str) -> GroupEvent {
    GroupEvent::EntityAdded {
        entity_id: entity(id),
        name: name(id),
    }
}

fn renamed(id: &str, before: &str, after: &str) -> GroupEvent {
    GroupEvent::EntityRenamed {
        entity_id: entity(id),
        before: name(before),
        after: name(after),
    }
}

fn removed(id: &str) -> GroupEvent {
    GroupEvent::EntityRemoved {
        entity_id: entity(id),
        name: name(id),
    }
}

/// An append to Acme.
fn append(mut stream: Loaded<Group>, events: &[GroupEvent]) -> Append {
    use cqrs_es::Aggregate;

    let origin = Origin {
        actor: Actor {
            actor_type: ActorType::Operator,
            actor_id: "op".to_owned(),
            actor_name: "Olga".to_owned(),
        },
        ip_address: String::new(),
        request_id: String::new(),
        read_only: false,
    };
    events.iter().for_each(|event| stream.aggregate.apply(event.clone()));
    Append {
        streams: vec![stream.append(events, &origin).unwrap()],
        ..Append::default()
    }
}

/// The group as it is remembered.
async fn remembered(log: &Log) -> Loaded<Group> {
    log.load_latest::<Group>("acme").await.unwrap()
}

async fn entities(world: &World) -> Vec<String> {
    let sql = "select entity_id || ' ' || name from group_entities where group_id = 'acme' and entity_id like 'x%' order by 1";
    let rows = world.database().rows(Query::new(sql, [])).await.unwrap();
    let texts = rows.into_iter().flatten().map(|value| match value {
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    });
    texts.collect()
}

async fn holds_together(world: &World) {
    let database = &world.gatebook.log.database;
    let report = verify(database, &registry::all(), &Silent).await.unwrap();
    assert_eq!(report.differences, []);
}

/// A command about Acme through everything, after which its map is known to be written.
async fn puts(world: &World, id: &str) {
    let (gatebook, operator) = (&world.gatebook, world.as_operator());
    let acme = gatebook_aggregates::identifiers::GroupId::parse("acme").unwrap();
    let put = gatebook.put_entity(operator.operator().unwrap(), &acme, entity(id), name(id));
    put.await.unwrap();
}

async fn of_two_appends_to_one_group_in_a_batch_the_refused_one_leaves_nothing_in_its_map(world: World) {
    let log = &world.gatebook.log;
    puts(&world, "x0").await;
    let first = append(remembered(log).await, &[added("x1"), renamed("x0", "x0", "first")]);
    let second = append(remembered(log).await, &[added("x2"), renamed("x0", "x0", "second")]);
    let answers = in_one_batch(&world, vec![first, second]).await;
    assert!(
        matches!(answers[..], [Ok(()), Err(AppendError::Conflict)]),
        "{answers:?}"
    );
    assert_eq!(entities(&world).await, [r#"x0 "first""#, r#"x1 "x1""#]);
    puts(&world, "x3").await;
    holds_together(&world).await;
}

/// Adds events to Acme as it is by then, knowing what was remembered before.
struct AddsUnderLock {
    log: Log,
    known: Mutex<Option<Loaded<Group>>>,
    events: Vec<GroupEvent>,
}

#[async_trait]
impl LockedDecision for AddsUnderLock {
    async fn decide(&self, log: &mut dyn Transaction) -> Result<Option<Append>, StoreError> {
        let known = self.known.lock().unwrap().take();
        let known = match known {
            Some(known) => known,
            None => self.log.load_latest::<Group>("acme").await?,
        };
        Ok(Some(append(known.caught_up(log).await?, &self.events)))
    }
}

async fn decisions_about_one_group_in_a_batch_each_change_its_map(world: World) {
    let log = &world.gatebook.log;
    puts(&world, "x0").await;
    let mut decisions = Vec::new();
    for events in [
        vec![added("x1"), added("x2"), renamed("x0", "x0", "first")],
        vec![removed("x1"), renamed("x0", "first", "second")],
        vec![added("x3"), renamed("x0", "second", "x0")],
    ] {
        decisions.push(Arc::new(AddsUnderLock {
            log: log.clone(),
            known: Mutex::new(Some(remembered(log).await)),
            events,
        }));
    }
    let database = world.database();
    let mut lock = database.begin(ConnectionPurpose::Write).await.unwrap();
    let head = format!("select position from log_head{}", database.dialect().for_update());
    lock.rows(Query::new(head, [])).await.unwrap();
    // The writer takes this one alone, and finds the lock taken; the others gather meanwhile.
    let first = log.writer.append(Append::default());
    let decided = join_all(decisions.into_iter().map(|decision| log.writer.decide(decision)));
    let free = async {
        tokio::task::yield_now().await;
        lock.commit().await.unwrap();
    };
    let (first, decided, ()) = tokio::join!(first, decided, free);
    first.unwrap();
    decided.into_iter().for_each(|decided| drop(decided.unwrap()));
    assert_eq!(entities(&world).await, [r#"x0 "x0""#, r#"x2 "x2""#, r#"x3 "x3""#]);
    holds_together(&world).await;
    puts(&world, "x4").await;
    holds_together(&world).await;
}
