//! What is forgotten after a while, and that nothing else is.

use chrono::TimeDelta;
use gatebook::application::LastUses;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, Value};
use serde_json::json;
use uuid::Uuid;

use crate::support::browser::Browser;
use crate::support::{World, on_both_databases};

on_both_databases! {
    sessions_and_links_are_forgotten_a_week_after_their_end,
    what_has_no_end_is_not_forgotten_and_neither_is_its_last_use,
    a_use_that_could_not_be_written_is_written_later,
    an_earlier_use_never_replaces_a_later_one,
    nodes_that_write_the_same_uses_at_the_same_time_all_get_through,
}

async fn number(world: &World, sql: &str) -> i64 {
    let rows = world.database().rows(Query::new(sql, [])).await.unwrap();
    match rows.first().map(Vec::as_slice) {
        Some([Value::Int(number)]) => *number,
        other => panic!("{sql}: {other:?}"),
    }
}

async fn keep_house(world: &World) {
    world.gatebook.last_uses.write(world.database()).await.unwrap();
    world.gatebook.forget_ended_credentials().await.unwrap();
}

const SESSIONS: &str = "select count(*) from credentials where kind = 'user_session'";
const LINKS: &str = "select count(*) from credentials where kind = 'user_password_link'";
const USES: &str = "select count(*) from last_uses";

async fn sessions_and_links_are_forgotten_a_week_after_their_end(world: World) {
    let mut idle = Browser::of_user(&world, "acme", "ada").await;
    idle.open("/account").await.expect(200);
    let send = "/operator/api/v1/groups/acme/users/ulf/password-link";
    world.operator.post(send, json!({})).await.expect(202);
    keep_house(&world).await;
    let uses = number(&world, USES).await;
    // Within the week, somebody who comes back is told what happened.
    world.pass(TimeDelta::hours(12) + TimeDelta::days(7));
    keep_house(&world).await;
    assert_eq!(number(&world, SESSIONS).await, 1);
    world.pass(TimeDelta::milliseconds(1));
    keep_house(&world).await;
    assert_eq!(number(&world, SESSIONS).await, 0);
    assert_eq!(
        number(&world, USES).await,
        uses - 1,
        "the session's last use went with it"
    );
    assert_eq!(number(&world, LINKS).await, 1);
    world.pass(TimeDelta::days(3) - TimeDelta::hours(12));
    keep_house(&world).await;
    assert_eq!(number(&world, LINKS).await, 0);
}

async fn what_has_no_end_is_not_forgotten_and_neither_is_its_last_use(world: World) {
    let (ada, _, _, client) = world.running("Payroll").await;
    world.access_token(&client).await;
    ada.get("/api/v1/me").await.expect(200);
    keep_house(&world).await;
    let stored = |kind: &str| format!("select count(*) from credentials where kind = '{kind}'");
    let secrets = "select count(*) from last_uses where used = 'client_secret'";
    let tokens = "select count(*) from last_uses where used = 'credential'";
    assert_eq!(number(&world, secrets).await, 1);
    world.pass(TimeDelta::days(300));
    keep_house(&world).await;
    assert_eq!(number(&world, secrets).await, 1);
    // Ada's; the developer's session is over.
    assert_eq!(number(&world, tokens).await, 1);
    assert_eq!(number(&world, &stored("developer_session")).await, 0);
    for kind in ["user_token", "operator_token", "resource_server", "developer_password"] {
        assert!(number(&world, &stored(kind)).await > 0, "{kind}");
    }
    ada.get("/api/v1/me").await.expect(200);
}

fn at(time: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-11-23T{time}.000Z")).unwrap()
}

const ID: Uuid = Uuid::from_u128(7);

/// When it was used last, as a node sees it that has seen no use.
async fn written(world: &World) -> Option<Timestamp> {
    LastUses::default().last_used(world.database(), ID).await.unwrap()
}

async fn a_use_that_could_not_be_written_is_written_later(world: World) {
    let (_, database) = world.interrupted_node().await;
    let uses = LastUses::default();
    uses.credential_used(ID, at("09:00:00"));
    database.is_away_for_the_next_write();
    uses.write(&*database).await.unwrap_err();
    assert_eq!(written(&world).await, None);
    assert_eq!(
        uses.last_used(world.database(), ID).await.unwrap(),
        Some(at("09:00:00"))
    );
    uses.write(&*database).await.unwrap();
    assert_eq!(written(&world).await, Some(at("09:00:00")));
}

async fn an_earlier_use_never_replaces_a_later_one(world: World) {
    let (one, other) = (LastUses::default(), LastUses::default());
    one.credential_used(ID, at("09:00:02"));
    one.credential_used(ID, at("09:00:01"));
    one.write(world.database()).await.unwrap();
    other.credential_used(ID, at("09:00:00"));
    other.write(world.database()).await.unwrap();
    assert_eq!(written(&world).await, Some(at("09:00:02")));
    other.credential_used(ID, at("09:00:03"));
    other.write(world.database()).await.unwrap();
    assert_eq!(written(&world).await, Some(at("09:00:03")));
}

async fn nodes_that_write_the_same_uses_at_the_same_time_all_get_through(world: World) {
    let nodes: [LastUses; 3] = Default::default();
    for round in 0..10 {
        for node in &nodes {
            for id in 0..300 {
                node.credential_used(Uuid::from_u128(id), at("09:00:00").plus(TimeDelta::seconds(round)));
            }
        }
        let [one, two, three] = nodes.each_ref().map(|node| node.write(world.database()));
        let (one, two, three) = tokio::join!(one, two, three);
        one.and(two).and(three).unwrap();
    }
}
