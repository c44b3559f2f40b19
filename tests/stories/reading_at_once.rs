//! Lists, searches and downloads: two at once of everybody, so that nobody's many keep others waiting.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use gatebook::application::{Caller, Who};
use serde_json::json;

use crate::support::{APPS, Person, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    a_third_list_search_or_download_at_once_is_told_to_come_back,
    a_third_list_of_an_operator_or_a_developer_is_told_to_come_back,
    a_filter_as_long_as_a_book_is_refused_in_every_list,
}

/// What somebody gets who reads two lists already, and after that.
async fn a_third_at_once(world: &World, person: &Person, caller: &Caller, reads: &[String]) {
    let one = world.gatebook.read_slot(caller).await.unwrap();
    let _two = world.gatebook.read_slot(caller).await.unwrap();
    let before = world.traces().await;
    for refused in join_all(reads.iter().map(|path| person.get(path))).await {
        assert_eq!(refused.refused(429, "too_many_requests").header("retry-after"), "1");
    }
    assert_eq!(
        world.traces().await,
        before,
        "a download that is refused is not recorded"
    );
    drop(one);
    for path in reads {
        person.get(path).await.expect(200);
    }
}

fn nobody() -> Caller {
    Caller::command_line("reading".to_owned()).with(Who::Nobody)
}

async fn a_third_list_search_or_download_at_once_is_told_to_come_back(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let reads = [
        APPS.to_owned(),
        format!("{APPS}?name=pay"),
        app_at(&app, "/events"),
        app_at(&app, "/activity-log"),
        "/api/v1/activity-log".to_owned(),
        "/api/v1/users".to_owned(),
        "/api/v1/entities".to_owned(),
    ];
    let token = ada.token.as_ref().unwrap();
    let caller = world.gatebook.authenticate_user(&nobody(), token).await.unwrap();
    let one = world.gatebook.read_slot(&caller).await.unwrap();
    let two = world.gatebook.read_slot(&caller).await.unwrap();
    world.user("acme", "pam").await.get(APPS).await.expect(200);
    ada.get(&app_at(&app, "")).await.expect(200);
    drop((one, two));
    a_third_at_once(&world, &ada, &caller, &reads).await;
}

async fn a_third_list_of_an_operator_or_a_developer_is_told_to_come_back(world: World) {
    let (_, app, developer, _) = world.running("Payroll").await;
    let (gatebook, operator) = (&world.gatebook, &world.operator);
    let token = operator.token.as_ref().unwrap();
    let caller = gatebook.authenticate_operator(&nobody(), token).await.unwrap();
    let lists = ["groups", "outbox", "integration-apps", "integration-apps?name=pay"];
    let lists = lists.map(|list| format!("/operator/api/v1/{list}"));
    a_third_at_once(&world, operator, &caller, &lists).await;

    let token = developer.token.as_ref().unwrap();
    let (caller, _) = gatebook.authenticate_developer(&nobody(), token).await.unwrap();
    let lists = ["/portal/api/v1/apps".to_owned(), portal_at(&app, "/entities")];
    a_third_at_once(&world, &developer, &caller, &lists).await;
}

async fn a_filter_as_long_as_a_book_is_refused_in_every_list(world: World) {
    let (_, app, developer, _) = world.running("Payroll").await;
    let book = "a".repeat(50_000);
    let place = |id: &str| {
        let place = json!({"created_at": "2026-11-23T09:00:00.000Z", "id": id}).to_string();
        URL_SAFE_NO_PAD.encode(place)
    };
    for (list, field, code) in [
        ("integration-apps", "name", "invalid_name"),
        ("integration-apps", "group", "invalid_group"),
        ("groups", "name", "unknown_field"),
        ("outbox", "state", "invalid_state"),
        ("outbox", "recipient", "unknown_field"),
    ] {
        let asked = format!("/operator/api/v1/{list}?{field}={book}");
        world.operator.get(&asked).await.refused(422, code);
    }
    for id in [&book[..40_000], "\0"] {
        let asked = format!("/operator/api/v1/outbox?cursor={}", place(id));
        world.operator.get(&asked).await.refused(422, "invalid_cursor");
    }
    for (field, code) in [
        ("name", "invalid_name"),
        ("id", "invalid_id"),
        ("cursor", "invalid_cursor"),
    ] {
        let asked = portal_at(&app, &format!("/entities?{field}={book}"));
        developer.get(&asked).await.refused(422, code);
    }
}
