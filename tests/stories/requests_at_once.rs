//! R27: whoever sends very much at the same moment waits for themselves, and nobody else for them.

use futures::future::join_all;

use crate::support::{World, on_both_databases};

on_both_databases! {
    a_seventeenth_request_with_the_same_credentials_waits_for_one_of_the_others_and_those_of_others_do_not,
    gateways_and_integrations_share_their_credentials_among_any_number_of_requests,
}

async fn a_seventeenth_request_with_the_same_credentials_waits_for_one_of_the_others_and_those_of_others_do_not(
    world: World,
) {
    let (ada, pam) = (world.ada().await, world.user("acme", "pam").await);
    let credentials = format!("Bearer {}", ada.token.as_ref().unwrap());
    let in_work = || world.gatebook.request_place(credentials.as_bytes());
    let mut places = join_all((0..16).map(|_| in_work())).await;
    let waiting = tokio::spawn({
        let ada = ada.clone();
        async move { ada.get("/api/v1/me").await.status }
    });
    for _ in 0..20 {
        pam.get("/api/v1/me").await.expect(200);
    }
    assert!(!waiting.is_finished());
    places.pop();
    assert_eq!(waiting.await.unwrap(), 200);
}

async fn gateways_and_integrations_share_their_credentials_among_any_number_of_requests(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    let credentials = |(id, secret): &(String, String)| {
        let request = world
            .http()
            .get("http://x")
            .basic_auth(id, Some(secret))
            .build()
            .unwrap();
        request.headers()["authorization"].as_bytes().to_owned()
    };
    let (gateway, integration) = (credentials(&world.gateway), credentials(&client));
    let places = [&gateway, &integration].map(|of| join_all((0..16).map(|_| world.gatebook.request_place(of))));
    let _places = join_all(places).await;
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
}
