//! The system that knows the customers sends all entities or all users of a group at once, again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gatebook_aggregates::group::{Permission, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Person, World, on_both_databases};

on_both_databases! {
    r1_a_list_makes_the_entities_what_it_says_and_a_second_time_changes_nothing,
    r25_an_entity_that_is_not_in_the_list_any_more_is_closed_at_once,
    r2_a_list_of_users_changes_names_addresses_and_roles_and_leaves_permissions,
    what_is_removed_from_a_list_of_users_opens_nothing_any_more,
    a_list_that_would_remove_more_than_half_is_refused_until_the_number_is_confirmed,
    a_list_with_an_error_changes_nothing_and_the_error_says_where_it_is,
    a_list_comes_as_one_line_for_each_entry,
    a_list_is_for_the_version_that_was_seen,
    thousands_are_written_in_a_few_appends,
    a_run_that_was_cut_is_repeated_and_does_the_rest,
}

const ENTITIES: &str = "/operator/api/v1/groups/acme/entities";
const USERS: &str = "/operator/api/v1/groups/acme/users";

fn entity(id: &str) -> Value {
    json!({"id": id, "name": format!("Entity {}", id.to_uppercase())})
}

fn entities(ids: &[&str]) -> Value {
    json!({"entities": ids.iter().map(|id| entity(id)).collect::<Vec<_>>()})
}

fn numbered(count: usize) -> Value {
    let listed = |n| json!({"id": format!("e{n}"), "name": format!("Company {n}")});
    json!({"entities": (1..=count).map(listed).collect::<Vec<_>>()})
}

fn user(id: &str, name: &str, role: &str) -> Value {
    json!({"id": id, "email": format!("{id}@acme.example"), "name": name, "role": role})
}

fn sums(answer: &Answer) -> (u64, u64, u64, u64) {
    let answer = answer.json();
    let sum = |field: &str| answer[field].as_u64().unwrap();
    (sum("added"), sum("changed"), sum("removed"), sum("unchanged"))
}

async fn names(person: &Person) -> Vec<String> {
    person.get("/api/v1/entities").await.expect(200).all("name")
}

async fn r1_a_list_makes_the_entities_what_it_says_and_a_second_time_changes_nothing(world: World) {
    let list = json!({"entities": [
        entity("e1"), {"id": "e2", "name": "Two & Co"}, entity("e3"), entity("e9"), entity("e8"),
    ]});
    let first = world.operator.put(ENTITIES, list.clone()).await.expect(200);
    assert_eq!(sums(&first), (2, 1, 2, 2));
    let ada = world.ada().await;
    let expected = ["Entity E1", "Two & Co", "Entity E3", "Entity E8", "Entity E9"];
    assert_eq!(names(&ada).await, expected);
    let before = world.traces().await;
    let second = world.operator.put(ENTITIES, list).await.expect(200);
    assert_eq!(sums(&second), (0, 0, 0, 5));
    assert_eq!(world.traces().await, before);
    let group = world.operator.get("/operator/api/v1/groups/acme").await.expect(200);
    assert_eq!(group.header("etag"), second.header("etag"));
    world
        .operator
        .put("/operator/api/v1/groups/nowhere/entities", entities(&["e1"]))
        .await
        .refused(404, "not_found");
}

async fn r25_an_entity_that_is_not_in_the_list_any_more_is_closed_at_once(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e2", "read").await, "ok");
    let without = entities(&["e1", "e3", "e4", "e5"]);
    world.operator.put(ENTITIES, without).await.expect(200);
    assert_eq!(world.gate(&token, "e2", "read").await, "entity_not_assigned");
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
}

async fn r2_a_list_of_users_changes_names_addresses_and_roles_and_leaves_permissions(world: World) {
    let mut moved = user("audrey", "Audrey Auditor", "user");
    moved["email"] = "audrey@elsewhere.example".into();
    let list = json!({"users": [
        user("ada", "Ada Lovelace", "practice_admin"), moved, user("pam", "Pam Practice", "practice_admin"),
        user("neo", "Neo New", "user"),
    ]});
    let first = world.operator.put(USERS, list.clone()).await.expect(200);
    assert_eq!(sums(&first), (1, 2, 1, 1));
    let before = world.traces().await;
    let second = world.operator.put(USERS, list).await.expect(200);
    assert_eq!(sums(&second), (0, 0, 0, 4));
    assert_eq!(world.traces().await, before);
    let group = world
        .operator
        .get("/operator/api/v1/groups/acme")
        .await
        .expect(200)
        .json();
    let users = group["users"].as_array().unwrap();
    let shown: Vec<_> = users
        .iter()
        .map(|user| {
            (
                user["id"].as_str().unwrap(),
                user["role"].as_str().unwrap(),
                user["permissions"].clone(),
            )
        })
        .collect();
    let expected = [
        ("ada", "practice_admin", json!(["manage_integration_applications"])),
        ("audrey", "user", json!(["view_activity_logs"])),
        ("neo", "user", json!([])),
        ("pam", "practice_admin", json!([])),
    ];
    assert_eq!(shown, expected);
    assert_eq!(users[1]["email"], "audrey@elsewhere.example");
}

async fn what_is_removed_from_a_list_of_users_opens_nothing_any_more(world: World) {
    for n in 0..40 {
        world.add_user("acme", &format!("u{n}"), "Somebody", Role::User).await;
    }
    let (ulf, neighbour) = (world.user("acme", "ulf").await, world.user("globex", "pam").await);
    ulf.get("/api/v1/me").await.expect(200);
    let list = json!({"users": [user("pam", "Pam Practice", "practice_admin")]});
    let path = format!("{USERS}?confirm_removed=43");
    assert_eq!(sums(&world.operator.put(&path, list).await.expect(200)), (0, 0, 43, 1));
    ulf.get("/api/v1/me").await.refused(401, "unauthenticated");
    neighbour.get("/api/v1/me").await.expect(200);
    // Whoever comes back under the same id finds nothing.
    world.add_user("acme", "ulf", "Ulf User", Role::User).await;
    ulf.get("/api/v1/me").await.refused(401, "unauthenticated");
    world.permit("acme", "ulf", Permission::ViewActivityLogs, true).await;
    world.user("acme", "ulf").await.get("/api/v1/me").await.expect(200);
}

async fn a_list_that_would_remove_more_than_half_is_refused_until_the_number_is_confirmed(world: World) {
    let operator = &world.operator;
    let before = world.traces().await;
    let nothing = json!({"entities": []});
    let refused = operator
        .put(ENTITIES, nothing.clone())
        .await
        .refused(409, "confirm_removed");
    assert_eq!(refused.json()["needed"], 5);
    for wrong in ["4", "6", "0"] {
        let path = format!("{ENTITIES}?confirm_removed={wrong}");
        operator
            .put(&path, nothing.clone())
            .await
            .refused(409, "confirm_removed");
    }
    let users = json!({"users": [user("pam", "Pam Practice", "practice_admin")]});
    let refused = operator.put(USERS, users).await.refused(409, "confirm_removed");
    assert_eq!(refused.json()["needed"], 3);
    for no_number in ["", "all", "-1", "5.0"] {
        let path = format!("{ENTITIES}?confirm_removed={no_number}");
        operator
            .put(&path, nothing.clone())
            .await
            .refused(422, "invalid_confirm_removed");
    }
    assert_eq!(world.traces().await, before);
    let confirmed = format!("{ENTITIES}?confirm_removed=5");
    assert_eq!(
        sums(&operator.put(&confirmed, nothing.clone()).await.expect(200)),
        (0, 0, 5, 0)
    );
    // Said again, it is so already.
    assert_eq!(sums(&operator.put(&confirmed, nothing).await.expect(200)), (0, 0, 0, 0));
}

async fn a_list_with_an_error_changes_nothing_and_the_error_says_where_it_is(world: World) {
    let operator = &world.operator;
    let before = world.traces().await;
    let list = json!({"entities": [
        entity("e1"), entity("e2"), {"id": "e 3", "name": ""}, entity("e4"), entity("e1"), {"name": "X"},
    ]});
    let refused = operator.put(ENTITIES, list).await.expect(422);
    let problems = refused.problems();
    let expected = [
        ("entities[2].id", "invalid_id"),
        ("entities[2].name", "required"),
        ("entities[4].id", "duplicate_id"),
        ("entities[5].id", "invalid_id"),
    ];
    assert_eq!(
        problems,
        expected.map(|(field, code)| (field.to_owned(), code.to_owned()))
    );
    let list = json!({"users": [user("ada", "Ada", "king"), {"id": "u", "email": "x", "name": "U", "role": "user"}]});
    let problems = operator.put(USERS, list).await.expect(422).problems();
    let expected = [("users[0].role", "invalid_role"), ("users[1].email", "invalid_email")];
    assert_eq!(
        problems,
        expected.map(|(field, code)| (field.to_owned(), code.to_owned()))
    );
    operator.put(ENTITIES, json!({})).await.refused(422, "required");
    operator
        .put(ENTITIES, json!({"entities": null}))
        .await
        .refused(422, "required");
    let colour = json!({"entities": [{"id": "e1", "name": "E", "colour": "red"}]});
    operator.put(ENTITIES, colour).await.refused(422, "unknown_field");
    operator
        .put(&format!("{ENTITIES}?colour=red"), entities(&["e1"]))
        .await
        .refused(422, "unknown_field");
    assert_eq!(world.traces().await, before);
}

async fn lines(world: &World, path: &str, text: &str) -> Answer {
    let request = world
        .request(Method::PUT, path)
        .bearer_auth(world.operator.token.clone().unwrap());
    let request = request
        .header("content-type", "application/x-ndjson")
        .body(text.to_owned());
    Answer::read(request.send().await.unwrap()).await
}

async fn a_list_comes_as_one_line_for_each_entry(world: World) {
    let all: Vec<_> = ["e1", "e2", "e3", "e4", "e6"].map(|id| entity(id).to_string()).into();
    let answer = lines(&world, ENTITIES, &all.join("\n")).await.expect(200);
    assert_eq!(sums(&answer), (1, 0, 1, 4));
    let before = world.traces().await;
    let twice = [&all[..], &all[..1]].concat().join("\r\n");
    let refused = lines(&world, ENTITIES, &twice).await.refused(422, "duplicate_id");
    assert_eq!(
        refused.json()["errors"][0]["message"],
        "line 6: “e1” is in the list twice, first in line 1."
    );
    let cut = &all.join("\n")[..100];
    lines(&world, ENTITIES, cut).await.refused(400, "invalid_json");
    lines(&world, ENTITIES, "").await.refused(409, "confirm_removed");
    lines(&world, ENTITIES, "{\"id\":\"e1\"}")
        .await
        .refused(422, "required");
    assert_eq!(world.traces().await, before);
    let pam = user("pam", "Pam P", "practice_admin");
    let answer = lines(&world, &format!("{USERS}?confirm_removed=3"), &pam.to_string()).await;
    assert_eq!(sums(&answer.expect(200)), (0, 1, 3, 0));
}

async fn a_list_is_for_the_version_that_was_seen(world: World) {
    let seen = world.operator.get("/operator/api/v1/groups/acme").await.header("etag");
    world
        .operator
        .put(&format!("{ENTITIES}/e7"), json!({"name": "Seven"}))
        .await
        .expect(201);
    let list = entities(&["e1", "e2", "e3", "e4", "e5"]);
    let send = async |etag: &str| {
        let headers = [("If-Match", etag)];
        world
            .operator
            .send(Method::PUT, ENTITIES, Some(list.clone()), &headers)
            .await
    };
    let before = world.traces().await;
    send(&seen).await.refused(412, "version_mismatch");
    assert_eq!(world.traces().await, before);
    let now = world.operator.get("/operator/api/v1/groups/acme").await.header("etag");
    assert_eq!(sums(&send(&now).await.expect(200)), (0, 0, 1, 5));
}

async fn thousands_are_written_in_a_few_appends(world: World) {
    let node = world.counted_node().await;
    let operator = Person {
        base_url: node.base_url.clone(),
        ..world.operator.clone()
    };
    let before = (world.traces().await.events, node.database.begun_writes());
    let answer = operator.put(ENTITIES, numbered(2_500)).await.expect(200);
    assert_eq!(sums(&answer), (2_495, 5, 0, 0));
    let after = (world.traces().await.events, node.database.begun_writes());
    assert_eq!((after.0 - before.0, after.1 - before.1), (2_500, 3));
    // Told with `--no-capture`; how long it may be is measured by the benchmark.
    println!(
        "the log's lock was held for at most {:?}",
        node.database.writes().longest()
    );
    assert_eq!(
        sums(&operator.put(ENTITIES, numbered(2_500)).await.expect(200)),
        (0, 0, 0, 2_500)
    );
    assert_eq!((world.traces().await.events, node.database.begun_writes()), after);
}

async fn a_run_that_was_cut_is_repeated_and_does_the_rest(world: World) {
    let (base_url, database) = world.interrupted_node().await;
    let operator = Person {
        base_url,
        ..world.operator.clone()
    };
    let (writes, next) = (Arc::new(AtomicUsize::new(0)), database.clone());
    // The database goes away after the second append.
    database.before_every_write(move || {
        if writes.fetch_add(1, Ordering::SeqCst) == 1 {
            next.is_away_for_the_next_write();
        }
        Box::pin(std::future::ready(()))
    });
    let before = world.traces().await.events;
    operator
        .put(ENTITIES, numbered(2_500))
        .await
        .refused(503, "unavailable");
    assert_eq!(world.traces().await.events, before + 2_000);
    let rest = sums(&operator.put(ENTITIES, numbered(2_500)).await.expect(200));
    assert_eq!((rest.0 + rest.1, rest.2, rest.3), (500, 0, 2_000));
    assert_eq!(world.traces().await.events, before + 2_500);
}
