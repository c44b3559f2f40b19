//! `--gateway-auth required`: only a resource server may ask `/gateway/authorize`, with credentials in a header of its
//! own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatebook::application::{GatewayAuth, GatewaySettings};

use super::asking::{Call, Integration, ask, authorize};
use crate::support::World;
use crate::support::node::Options;

const HEADER: &str = "X-Gateway-Authorization";

async fn guarded_world() -> World {
    let gateway = GatewaySettings {
        auth: GatewayAuth::Required,
        ..GatewaySettings::default()
    };
    World::on_sqlite_with(Options {
        gateway,
        ..Options::default()
    })
    .await
}

fn basic((id, secret): (&str, &str)) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn right(world: &World) -> String {
    basic((&world.gateway.0, &world.gateway.1))
}

#[tokio::test]
async fn our_choice_with_gateway_auth_only_a_resource_server_gets_an_answer() {
    let world = guarded_world().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let call = || Call::reading(&token).request(&world);
    let passed = ask(call().header(HEADER, right(&world))).await.expect(200);
    assert_eq!(passed.header("x-entity-id"), "e1");
    let (id, secret) = &world.gateway;
    let refused = [
        call(),
        call().header(HEADER, ""),
        call().header(HEADER, "Basic"),
        call().header(HEADER, format!("Bearer {secret}")),
        call().header(HEADER, basic((id, "wrong"))),
        call().header(HEADER, basic((id, ""))),
        call().header(HEADER, basic(("nobody", secret))),
        call().header(HEADER, basic((&app.client.0, &app.client.1))),
        call().header(HEADER, right(&world)).header(HEADER, right(&world)),
        call()
            .header(HEADER, right(&world))
            .header(HEADER, basic((id, "wrong"))),
        world
            .request(reqwest::Method::GET, "/gateway/authorize")
            .basic_auth(id, Some(secret)),
    ];
    for request in refused {
        let answer = ask(request).await.expect(403);
        assert_eq!(answer.header("x-reason"), "gateway_not_authorized");
        assert_eq!(answer.header("x-app-id"), "");
    }
}

/// Nothing is told about a token to somebody who may not ask.
#[tokio::test]
async fn our_choice_who_may_not_ask_does_not_learn_what_is_wrong_with_a_token() {
    let world = guarded_world().await;
    for call in [
        Call::reading("garbage"),
        Call {
            token: None,
            ..Call::reading("")
        },
    ] {
        let answer = authorize(&world, call).await.expect(403);
        assert_eq!(answer.header("x-reason"), "gateway_not_authorized");
    }
    let known = Call::reading("garbage").request(&world).header(HEADER, right(&world));
    assert_eq!(ask(known).await.expect(401).header("x-reason"), "token_malformed");
}

/// nginx understands 2xx, 401 and 403 only.
#[tokio::test]
async fn i13_our_choice_wrong_credentials_of_a_gateway_never_become_429_and_keep_the_right_ones_from_nothing() {
    let world = guarded_world().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    for _ in 0..100 {
        let call = Call::reading(&token)
            .request(&world)
            .header(HEADER, basic((&world.gateway.0, "wrong")));
        let answer = ask(call).await.expect(403);
        assert_eq!(answer.header("x-reason"), "gateway_not_authorized");
    }
    ask(Call::reading(&token).request(&world).header(HEADER, right(&world)))
        .await
        .expect(200);
}

#[tokio::test]
async fn our_choice_a_resource_server_that_was_deleted_may_not_ask_from_then_on() {
    let world = guarded_world().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let call = || Call::reading(&token).request(&world).header(HEADER, right(&world));
    ask(call()).await.expect(200);
    let path = format!("/operator/api/v1/resource-servers/{}", world.gateway.0);
    world.operator.delete(&path).await.expect(204);
    ask(call()).await.expect(403);
}

#[tokio::test]
async fn our_choice_without_gateway_auth_the_header_means_nothing() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let call = Call::reading(&token)
        .request(&world)
        .header(HEADER, basic(("nobody", "wrong")));
    ask(call).await.expect(200);
}
