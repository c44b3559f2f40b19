//! An operator ends every access token that was issued before a time, as after a restore.

use chrono::TimeDelta;
use gatebook::application::{Caller, Failure, TokensEnded, Who};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::Query;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::world::BEGINNING;
use crate::support::{Answer, World, on_both_databases};

on_both_databases! {
    r26_a_token_issued_before_is_refused_by_every_node_and_a_new_one_passes,
    tokens_that_ended_before_are_not_ended_again_and_no_event_is_written,
    tokens_of_the_future_cannot_be_ended,
    only_operators_end_tokens,
    a_token_that_is_fetched_right_after_the_end_passes,
}

fn olga() -> Caller {
    Caller::command_line_of("r-1".to_owned(), "olga@node-1")
}

fn beginning() -> Timestamp {
    Timestamp::parse(BEGINNING).unwrap()
}

/// What a node says about a token at the gate, and whether introspection calls it active.
async fn judged(world: &World, node: &str, token: &str) -> (String, bool) {
    let (id, secret) = &world.gateway;
    let request = |path: &str| world.http().post(format!("{node}{path}")).basic_auth(id, Some(secret));
    let check = json!({"token": token, "entity": "e1", "access": "read"});
    let verdict = answered(request("/gateway/verify").json(&check)).await;
    let introspected = answered(request("/oauth/introspect").form(&[("token", token)])).await;
    (
        verdict["reason"].as_str().unwrap().to_owned(),
        introspected["active"].as_bool().unwrap(),
    )
}

async fn answered(request: RequestBuilder) -> Value {
    Answer::read(request.send().await.unwrap()).await.expect(200).json()
}

async fn r26_a_token_issued_before_is_refused_by_every_node_and_a_new_one_passes(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    let old = world.access_token(&client).await;
    let nodes = [world.base_url.clone(), world.another_node().await];
    for node in &nodes {
        assert_eq!(judged(&world, node, &old).await, ("ok".to_owned(), true));
    }
    world.pass(TimeDelta::seconds(90));
    let ended = world
        .gatebook
        .end_tokens(olga().operator().unwrap(), None)
        .await
        .unwrap();
    assert_eq!((ended.newly, ended.issued_before), (true, world.clock.now()));
    for node in &nodes {
        assert_eq!(judged(&world, node, &old).await, ("token_revoked".to_owned(), false));
    }
    let forwarded = world
        .request(Method::GET, "/gateway/authorize")
        .bearer_auth(&old)
        .header("x-entity-id", "e1")
        .header("x-api-access", "read");
    let forwarded = Answer::read(forwarded.send().await.unwrap()).await.expect(401);
    assert_eq!(forwarded.header("x-reason"), "token_revoked");
    let new = world.access_token(&client).await;
    for node in &nodes {
        assert_eq!(judged(&world, node, &new).await, ("ok".to_owned(), true));
    }
}

async fn tokens_that_ended_before_are_not_ended_again_and_no_event_is_written(world: World) {
    world.pass(TimeDelta::hours(1));
    let at = |minutes: i64| beginning().plus(TimeDelta::minutes(minutes));
    let end = async |minutes: i64| {
        world
            .gatebook
            .end_tokens(olga().operator().unwrap(), Some(at(minutes)))
            .await
            .unwrap()
    };
    let ended = |minutes: i64, newly: bool| TokensEnded {
        issued_before: at(minutes),
        newly,
    };
    assert_eq!(end(30).await, ended(30, true));
    let before = world.traces().await;
    assert_eq!(end(30).await, ended(30, false));
    assert_eq!(end(10).await, ended(30, false));
    assert_eq!(world.traces().await, before);
    assert_eq!(end(40).await, ended(40, true));
    let who = "select cast(metadata as text) from events where event_type = 'TokensEnded'";
    let rows = world.database().rows(Query::new(who, [])).await;
    let rows = format!("{:?}", rows.unwrap());
    assert!(rows.contains("command line (olga@node-1)"), "{rows}");
}

async fn tokens_of_the_future_cannot_be_ended(world: World) {
    let before = world.traces().await;
    let future = world.clock.now().plus(TimeDelta::milliseconds(1));
    let refused = world
        .gatebook
        .end_tokens(olga().operator().unwrap(), Some(future))
        .await;
    let Some(Refusal::Invalid(problems)) = refused.as_ref().err().and_then(Failure::refusal) else {
        panic!("{refused:?}")
    };
    assert_eq!(problems[0].code, "invalid_issued_before");
    assert_eq!(world.traces().await, before);
}

async fn only_operators_end_tokens(world: World) {
    let nobody = olga().with(Who::Nobody);
    for other in [nobody, world.as_user("acme", "pam").await] {
        assert!(other.operator().is_err());
    }
}

async fn a_token_that_is_fetched_right_after_the_end_passes(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    let old = world.access_token(&client).await;
    // In the middle of the second that both tokens name as that of their issue.
    world.pass(TimeDelta::milliseconds(300));
    world.tokens_are_ended().await;
    world.pass(TimeDelta::milliseconds(200));
    let new = world.access_token(&client).await;
    assert_eq!(world.gate(&old, "e1", "read").await, "token_revoked");
    assert_eq!(world.gate(&new, "e1", "read").await, "ok");
    world.pass(TimeDelta::milliseconds(200));
    world.tokens_are_ended().await;
    assert_eq!(world.gate(&new, "e1", "read").await, "token_revoked");
    let newest = world.access_token(&client).await;
    assert_eq!(world.gate(&newest, "e1", "read").await, "ok");
}
