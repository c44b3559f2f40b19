//! R25: every reason of the gate, from both ways of asking, and which of several comes first.

use chrono::TimeDelta;
use gatebook::secrets::{AccessTokenClaims, AccessTokens, MasterKey};
use serde_json::json;

use super::asking::{Call, Integration, reason, revoke, token_with};
use crate::support::{World, on_both_databases};

/// A token of our making that this world did not issue.
async fn foreign_token() -> String {
    let elsewhere = World::on_sqlite().await;
    elsewhere
        .access_token(&Integration::running(&elsewhere).await.client)
        .await
}

/// The token with another signature.
fn altered(token: &str) -> String {
    let (said, mac) = token.split_at(token.len() - 10);
    let other = if mac.starts_with('A') { "B" } else { "A" };
    format!("{said}{other}{}", &mac[1..])
}

async fn ok_opens_every_assigned_entity_for_every_permitted_access(world: World) {
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    for entity in ["e1", "e2"] {
        for access in ["read", "write"] {
            let call = Call {
                token: Some(&token),
                entity: Some(entity),
                access: Some(access),
            };
            assert_eq!(reason(&world, call).await, "ok");
        }
    }
}

/// A node with a wrong clock, or somebody who has the key, could make tokens that no right node would.
async fn a_token_that_lives_for_years_or_comes_from_the_future_is_invalid(world: World) {
    let app = Integration::running(&world).await;
    let tokens = AccessTokens::new(&MasterKey::from_bytes([7; 32]));
    let issued = tokens.read(&world.access_token(&app.client).await).unwrap();
    let after = |delay: TimeDelta, life: TimeDelta| {
        let issued_at = issued.issued_at + delay;
        let claims = AccessTokenClaims {
            issued_at,
            expires_at: issued_at + life,
            ..issued.clone()
        };
        tokens.issue(&claims).reveal().to_owned()
    };
    let (now, hour) = (TimeDelta::zero(), TimeDelta::hours(1));
    for (delay, life, expected) in [
        (now, hour, "ok"),
        (TimeDelta::seconds(120), hour, "ok"),
        (now, TimeDelta::days(3_650), "token_invalid"),
        (now, hour + TimeDelta::seconds(2), "token_invalid"),
        (TimeDelta::seconds(121), hour, "token_invalid"),
        (TimeDelta::days(3_650), hour, "token_invalid"),
    ] {
        let token = after(delay, life);
        assert_eq!(world.gate(&token, "e1", "read").await, expected, "{delay} {life}");
    }
}

async fn r26_every_change_holds_from_its_acknowledgement_on(world: World) {
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let call = Call::reading(&token);
    let with_entities = async |entities: &[&str]| {
        app.ada
            .patch(&app.path(), json!({"entities": entities}))
            .await
            .expect(200);
    };
    for _ in 0..3 {
        with_entities(&["e2"]).await;
        assert_eq!(reason(&world, call).await, "entity_not_assigned");
        with_entities(&["e1", "e2"]).await;
        assert_eq!(reason(&world, call).await, "ok");
        app.is("suspend").await;
        assert_eq!(reason(&world, call).await, "app_suspended");
        app.is("resume").await;
        assert_eq!(reason(&world, call).await, "ok");
        world.plan("acme", "Acme Group", "AIQ2").await;
        assert_eq!(reason(&world, call).await, "group_not_on_plan");
        world.plan("acme", "Acme Group", "AIQ3").await;
        assert_eq!(reason(&world, call).await, "ok");
    }
    app.is("revoke").await;
    assert_eq!(reason(&world, call).await, "app_revoked");
}

on_both_databases! {
    a_token_that_lives_for_years_or_comes_from_the_future_is_invalid,
    ok_opens_every_assigned_entity_for_every_permitted_access,
    r26_every_change_holds_from_its_acknowledgement_on,
}

#[tokio::test]
async fn token_missing_and_token_malformed() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let call = Call::reading("");
    assert_eq!(reason(&world, Call { token: None, ..call }).await, "token_missing");
    let session = app.developer.token.clone().unwrap();
    for malformed in ["garbage", "gbt_", &session, &app.client.1] {
        assert_eq!(reason(&world, Call::reading(malformed)).await, "token_malformed");
    }
}

#[tokio::test]
async fn token_invalid_for_another_signature_and_for_an_application_that_is_not_ours() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    assert_eq!(reason(&world, Call::reading(&altered(&token))).await, "token_invalid");
    assert_eq!(
        reason(&world, Call::reading(&foreign_token().await)).await,
        "token_invalid"
    );
}

#[tokio::test]
async fn token_expired_from_its_last_instant_on() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    world.pass(TimeDelta::hours(1) - TimeDelta::milliseconds(1));
    assert_eq!(reason(&world, Call::reading(&token)).await, "ok");
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(reason(&world, Call::reading(&token)).await, "token_expired");
}

#[tokio::test]
async fn secret_retired_at_once_and_when_the_overlap_is_over() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let next = app.next_secret(600).await;
    world.pass(TimeDelta::seconds(600) - TimeDelta::milliseconds(1));
    world.token(&app.client).await.expect(200);
    assert_eq!(reason(&world, Call::reading(&token)).await, "ok");
    world.pass(TimeDelta::milliseconds(1));
    world.token(&app.client).await.expect(401);
    assert_eq!(reason(&world, Call::reading(&token)).await, "secret_retired");
    let token = world.access_token(&next).await;
    assert_eq!(reason(&world, Call::reading(&token)).await, "ok");
    app.retires_its_secrets().await;
    assert_eq!(reason(&world, Call::reading(&token)).await, "secret_retired");
}

#[tokio::test]
async fn app_revoked_also_when_it_was_suspended_before() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    app.is("suspend").await;
    app.is("revoke").await;
    assert_eq!(reason(&world, Call::reading(&token)).await, "app_revoked");
}

#[tokio::test]
async fn app_expired_when_its_end_date_has_come() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    app.ends_at("2026-11-23T09:30:00Z").await;
    world.pass(TimeDelta::minutes(30) - TimeDelta::milliseconds(1));
    assert_eq!(reason(&world, Call::reading(&token)).await, "ok");
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(reason(&world, Call::reading(&token)).await, "app_expired");
    app.is("suspend").await;
    assert_eq!(reason(&world, Call::reading(&token)).await, "app_suspended");
    app.is("revoke").await;
    assert_eq!(reason(&world, Call::reading(&token)).await, "app_revoked");
}

#[tokio::test]
async fn entity_missing() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    for missing in [None, Some("")] {
        assert_eq!(
            reason(
                &world,
                Call {
                    entity: missing,
                    ..Call::reading(&token)
                }
            )
            .await,
            "entity_missing"
        );
    }
}

#[tokio::test]
async fn entity_not_assigned_whether_it_is_the_groups_another_groups_or_nobodys() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    for other in ["e3", "g1", "nobody", "E1", "e1 e2", "../e1", "?", &"e".repeat(65)] {
        let call = Call {
            entity: Some(other),
            ..Call::reading(&token)
        };
        assert_eq!(reason(&world, call).await, "entity_not_assigned", "{other}");
    }
    world
        .operator
        .delete("/operator/api/v1/groups/acme/entities/e1")
        .await
        .done();
    assert_eq!(reason(&world, Call::reading(&token)).await, "entity_not_assigned");
}

#[tokio::test]
async fn access_not_permitted_beyond_scope_or_permission_and_for_unknown_words() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let reader = app.sibling(&world, "Reader", "read").await;
    let token = world.access_token(&reader.client).await;
    let reading = Call::reading(&token);
    assert_eq!(
        reason(
            &world,
            Call {
                access: Some("write"),
                ..reading
            }
        )
        .await,
        "access_not_permitted"
    );
    for other in [None, Some(""), Some("READ"), Some("read write"), Some("delete")] {
        assert_eq!(
            reason(
                &world,
                Call {
                    access: other,
                    ..reading
                }
            )
            .await,
            "access_not_permitted",
            "{other:?}"
        );
    }
}

/// Everything is broken one after the other, from the last reason to the first; each one hides those after it.
#[tokio::test]
async fn the_first_reason_that_fails_is_named() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let (token, given_back) = (
        world.access_token(&app.client).await,
        world.access_token(&app.client).await,
    );
    revoke(&world, &app.client, &given_back).await.expect(200);
    let mut call = Call {
        access: Some("delete"),
        ..Call::reading(&token)
    };
    assert_eq!(reason(&world, call).await, "access_not_permitted");
    call.entity = Some("e5");
    assert_eq!(reason(&world, call).await, "entity_not_assigned");
    call.entity = None;
    assert_eq!(reason(&world, call).await, "entity_missing");
    world.plan("acme", "Acme Group", "AIQ2").await;
    assert_eq!(reason(&world, call).await, "group_not_on_plan");
    world.plan("acme", "Acme Group", "AIQ3").await;
    app.is("suspend").await;
    world.plan("acme", "Acme Group", "AIQ2").await;
    assert_eq!(reason(&world, call).await, "app_suspended");
    world.plan("acme", "Acme Group", "AIQ3").await;
    app.retires_its_secrets().await;
    world.plan("acme", "Acme Group", "AIQ2").await;
    assert_eq!(reason(&world, call).await, "secret_retired");
    call.token = Some(&given_back);
    assert_eq!(reason(&world, call).await, "token_revoked");
    world.pass(TimeDelta::hours(1));
    assert_eq!(reason(&world, call).await, "token_expired");
    let altered = altered(&given_back);
    call.token = Some(&altered);
    assert_eq!(reason(&world, call).await, "token_invalid");
    call.token = Some("garbage");
    assert_eq!(reason(&world, call).await, "token_malformed");
    call.token = None;
    assert_eq!(reason(&world, call).await, "token_missing");
}

#[tokio::test]
async fn app_revoked_comes_before_the_plan_and_after_the_secret() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    app.is("revoke").await;
    world.plan("acme", "Acme Group", "AIQ2").await;
    assert_eq!(
        reason(
            &world,
            Call {
                entity: None,
                ..Call::reading(&token)
            }
        )
        .await,
        "app_revoked"
    );
    world.pass(TimeDelta::hours(1));
    assert_eq!(reason(&world, Call::reading(&token)).await, "token_expired");
}

#[tokio::test]
async fn r10_a_permission_of_read_holds_for_tokens_of_any_scope() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let reader = app.sibling(&world, "Reader", "read").await;
    let answer = token_with(&world, &reader.client, &[("scope", "read")])
        .await
        .expect(200)
        .json();
    let call = Call::reading(answer["access_token"].as_str().unwrap());
    assert_eq!(reason(&world, call).await, "ok");
    assert_eq!(
        reason(
            &world,
            Call {
                access: Some("write"),
                ..call
            }
        )
        .await,
        "access_not_permitted"
    );
}
