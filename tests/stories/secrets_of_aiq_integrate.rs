//! R12: operators make the client secrets of AIQ Integrate applications, which have no outside developer. R23: they list and
//! retire those of every application.

use serde_json::{Value, json};

use crate::support::{APPS, World, app_at, id, on_both_databases};

on_both_databases! {
    r12_operators_make_the_secrets_of_aiq_integrate_and_of_nothing_else,
    r12_r23_operators_list_and_retire_the_secrets_of_aiq_integrate,
}

async fn r12_operators_make_the_secrets_of_aiq_integrate_and_of_nothing_else(world: World) {
    let ada = world.ada().await;
    let (new, integrate) = (
        world.created(&ada, "New").await,
        ada.post(APPS, World::aiq_integrate("Feeds")).await,
    );
    let integrate = integrate.expect(201).json();
    let secrets = |app: &Value| format!("/operator/api/v1/integration-apps/{}/client-secrets", id(app));
    let before = world.traces().await;
    world
        .operator
        .post(&secrets(&new), json!({}))
        .await
        .refused(409, "kept_by_developer");
    let not_found_page = json!({"id": "00000000-0000-7000-8000-000000000000"});
    world
        .operator
        .post(&secrets(&not_found_page), json!({}))
        .await
        .refused(404, "not_found");
    ada.post(&secrets(&integrate), json!({}))
        .await
        .refused(401, "unauthenticated");
    assert_eq!(world.traces().await, before);
    let issued = world
        .operator
        .post(&secrets(&integrate), json!({}))
        .await
        .expect(201)
        .json();
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    let client = (text("client_id"), text("client_secret"));
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "write").await, "ok");
    let message = ada.get(&app_at(&integrate, "/events")).await.expect(200).json();
    assert_eq!(message["items"][0]["event"], "ClientSecretGenerated");
    assert_eq!(message["items"][0]["actor_name"], "Olga Operator");
    assert!(!message.to_string().contains(&client.1));
    world
        .operator
        .post(&secrets(&integrate), json!({"overlap_seconds": 0}))
        .await
        .expect(201);
    assert_eq!(world.gate(&token, "e1", "write").await, "secret_retired");
}

async fn r12_r23_operators_list_and_retire_the_secrets_of_aiq_integrate(world: World) {
    let (ada, operator) = (world.ada().await, &world.operator);
    let new = world.created(&ada, "New").await;
    let integrate = ada.post(APPS, World::aiq_integrate("Feeds")).await.expect(201).json();
    let secrets = |app: &Value| format!("/operator/api/v1/integration-apps/{}/client-secrets", id(app));
    let list = async || operator.get(&secrets(&integrate)).await.expect(200);
    assert!(list().await.all("id").is_empty());
    let one = operator.post(&secrets(&integrate), json!({})).await.expect(201).json();
    let two = operator.post(&secrets(&integrate), json!({})).await.expect(201).json();
    let text = |made: &Value, name: &str| made[name].as_str().unwrap().to_owned();
    let client = (text(&one, "client_id"), text(&one, "client_secret"));
    let token = world.access_token(&client).await;
    let listed = list().await;
    assert_eq!(
        listed.json()["items"],
        json!([
            {
                "id": one["client_secret_id"], "prefix": client.1[..8], "created_at": "2026-11-23T09:00:00.000Z",
                "ends_at": "2026-11-26T09:00:00.000Z", "last_used_at": "2026-11-23T09:00:00.000Z",
            },
            {
                "id": two["client_secret_id"], "prefix": text(&two, "client_secret")[..8],
                "created_at": "2026-11-23T09:00:00.000Z", "ends_at": null, "last_used_at": null,
            },
        ])
    );
    assert!(!listed.text().contains(&client.1));
    let retire = |app: &Value, made: &Value| format!("{}/{}", secrets(app), text(made, "client_secret_id"));
    let answer = operator.delete(&retire(&integrate, &one)).await.expect(204);
    assert!(answer.body.is_empty());
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
    assert_eq!(list().await.all("id"), [text(&two, "client_secret_id")]);
    let message = ada.get(&app_at(&integrate, "/events")).await.expect(200).json();
    assert_eq!(message["items"][0]["event"], "ClientSecretRetired");
    assert_eq!(message["items"][0]["actor_name"], "Olga Operator");

    let before = world.traces().await;
    operator.delete(&retire(&new, &two)).await.refused(404, "not_found");
    operator
        .delete(&retire(&integrate, &one))
        .await
        .refused(404, "not_found");
    let not_found_page = json!({"id": "00000000-0000-7000-8000-000000000000"});
    operator.get(&secrets(&not_found_page)).await.refused(404, "not_found");
    operator
        .delete(&retire(&not_found_page, &two))
        .await
        .refused(404, "not_found");
    ada.get(&secrets(&integrate)).await.refused(401, "unauthenticated");
    ada.delete(&retire(&integrate, &two))
        .await
        .refused(401, "unauthenticated");
    assert_eq!(world.traces().await, before);
}
