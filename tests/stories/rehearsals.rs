//! Before something is taken away: what it would have stopped, and what it then stops.

use chrono::TimeDelta;
use gatebook::store::ConnectionPurpose;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::{APPS, Person, World, app_at, id, on_both_databases};

on_both_databases! {
    r27_suspending_is_rehearsed_and_then_stops_what_was_predicted,
    r11_r25_one_entity_less_is_rehearsed_and_then_stops_what_was_predicted,
    r12_r23_retiring_one_of_two_secrets_is_rehearsed_and_then_stops_what_was_predicted,
    r21_revoking_access_is_rehearsed_with_and_without_the_secrets,
    r10_what_reading_alone_would_have_stopped_is_told,
    r1_r25_operators_rehearse_a_change_of_a_group,
    who_may_not_make_the_change_may_not_rehearse_it,
    the_figures_say_which_days_they_cover_and_since_when_nothing_was_used,
    what_is_granted_and_unused_is_told_and_narrowed_with_one_click,
    pages_that_stop_something_show_what_it_would_have_stopped,
    whoever_wants_to_stop_something_can_when_the_usage_cannot_be_read,
}

const REHEARSALS: &str = "/api/v1/rehearsals";

async fn written(world: &World) {
    world.gatebook.write_usage().await.unwrap();
}

async fn passes(world: &World, token: &str, entity: &str, access: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(world.gate(token, entity, access).await, "ok");
    }
}

async fn introspected(world: &World, token: &str) -> Value {
    let answer = world
        .oauth("/oauth/introspect", &world.gateway, &[("token", token)])
        .await;
    answer.expect(200).json()["active"].clone()
}

/// An integration that read e1 30 times and wrote e2 10 times, and was introspected 3 times.
async fn used(world: &World) -> (Person, Value, Person, String) {
    let (ada, app, developer, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    passes(world, &token, "e1", "read", 30).await;
    passes(world, &token, "e2", "write", 10).await;
    for _ in 0..3 {
        assert_eq!(introspected(world, &token).await, true);
    }
    // What was refused is no use.
    assert_eq!(world.gate(&token, "e3", "read").await, "entity_not_assigned");
    written(world).await;
    (ada, app, developer, token)
}

async fn rehearsed(person: &Person, app: &Value, change: Value) -> Value {
    let body = World::with(json!({"app_id": app["id"]}), change);
    person.post(REHEARSALS, body).await.expect(200).json()
}

/// Calls that would be refused, not known, refused already, and unaffected.
fn sums(rehearsal: &Value) -> [u64; 4] {
    ["calls_refused", "not_known", "refused_already", "unaffected"].map(|name| rehearsal[name].as_u64().unwrap())
}

fn items(rehearsal: &Value) -> Vec<(String, String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let items = rehearsal["applications"][0]["items"].as_array().unwrap().iter();
    let item = |item: &Value| {
        let calls = item["calls"].as_u64().unwrap();
        (
            text(&item["entity"]),
            text(&item["access"]),
            text(&item["reason"]),
            calls,
        )
    };
    items.map(item).collect()
}

fn item(entity: &str, access: &str, reason: &str, calls: u64) -> (String, String, String, u64) {
    (entity.to_owned(), access.to_owned(), reason.to_owned(), calls)
}

async fn r27_suspending_is_rehearsed_and_then_stops_what_was_predicted(world: World) {
    let (ada, app, _, token) = used(&world).await;
    let before = world.traces().await;
    let suspended = rehearsed(&ada, &app, json!({"change": "suspend"})).await;
    assert_eq!(sums(&suspended), [43, 0, 0, 0]);
    let reason = "app_suspended";
    let expected = [
        item("e1", "read", reason, 30),
        item("e2", "write", reason, 10),
        item("-", "-", reason, 3),
    ];
    assert_eq!(items(&suspended), expected);
    let first = &suspended["applications"][0]["items"][0];
    let told = (&first["entity_name"], &first["calls_a_day"], &first["last_used_at"]);
    assert_eq!(
        told,
        (&json!("Entity E1"), &json!(30), &json!("2026-11-23T09:00:00.000Z"))
    );
    let days = (&suspended["from"], &suspended["days"], &suspended["counted_until"]);
    assert_eq!(
        days,
        (&json!("2026-11-23"), &json!(1), &json!("2026-11-23T09:00:00.000Z"))
    );
    let revoked = rehearsed(&ada, &app, json!({"change": "revoke"})).await;
    assert_eq!(
        (sums(&revoked), items(&revoked)[0].2.as_str()),
        ([43, 0, 0, 0], "app_revoked")
    );
    assert_eq!(world.traces().await, before);
    passes(&world, &token, "e1", "read", 1).await;

    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    for (entity, access) in [("e1", "read"), ("e2", "write")] {
        assert_eq!(world.gate(&token, entity, access).await, reason);
    }
    assert_eq!(introspected(&world, &token).await, false);
    // Nothing more can be stopped of what is stopped.
    let again = rehearsed(&ada, &app, json!({"change": "revoke"})).await;
    assert_eq!(sums(&again), [0, 0, 43, 0]);
}

async fn r11_r25_one_entity_less_is_rehearsed_and_then_stops_what_was_predicted(world: World) {
    let (ada, app, _, token) = used(&world).await;
    let less = rehearsed(
        &ada,
        &app,
        json!({"change": "change_entities", "remove_entities": ["e1"]}),
    )
    .await;
    // What the introspections were about is not known.
    assert_eq!(sums(&less), [30, 3, 0, 10]);
    assert_eq!(items(&less), [item("e1", "read", "entity_not_assigned", 30)]);
    let same = rehearsed(&ada, &app, json!({"change": "change_entities", "entities": ["e2"]})).await;
    assert_eq!(same["applications"], less["applications"]);
    let more = rehearsed(&ada, &app, json!({"change": "change_entities", "add_entities": ["e3"]})).await;
    assert_eq!(sums(&more), [0, 0, 0, 43]);

    let edit = json!({"remove_entities": ["e1"]});
    ada.patch(&app_at(&app, ""), edit).await.expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "entity_not_assigned");
    assert_eq!(world.gate(&token, "e2", "write").await, "ok");
    let suspended = rehearsed(&ada, &app, json!({"change": "suspend"})).await;
    assert_eq!(sums(&suspended), [13, 0, 30, 0]);
}

async fn r12_r23_retiring_one_of_two_secrets_is_rehearsed_and_then_stops_what_was_predicted(world: World) {
    let ada = world.ada().await;
    let app = ada.post(APPS, World::aiq_integrate("Feeds")).await.expect(201).json();
    let secrets = format!("/operator/api/v1/integration-apps/{}/client-secrets", id(&app));
    let mut tokens = Vec::new();
    let mut ids = Vec::new();
    for calls in [7, 5] {
        let made = world.operator.post(&secrets, json!({})).await.expect(201).json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let token = world.access_token(&(text("client_id"), text("client_secret"))).await;
        passes(&world, &token, "e1", "read", calls).await;
        introspected(&world, &token).await;
        tokens.push(token);
        ids.push(text("client_secret_id"));
    }
    // A gateway that holds answers does not say with which secret.
    reported(&world, &app, 2).await;
    written(&world).await;
    let retire = json!({"change": "retire_client_secret", "app_id": app["id"], "client_secret_id": ids[0]});
    let rehearse = async |body: Value| world.operator.post("/operator/api/v1/rehearsals", body).await;
    let retired = rehearse(retire.clone()).await.expect(200).json();
    assert_eq!(sums(&retired), [8, 2, 0, 6]);
    let expected = [
        item("e1", "read", "secret_retired", 7),
        item("-", "-", "secret_retired", 1),
    ];
    assert_eq!(items(&retired), expected);

    world.operator.delete(&format!("{secrets}/{}", ids[0])).await.done();
    assert_eq!(world.gate(&tokens[0], "e1", "read").await, "secret_retired");
    assert_eq!(world.gate(&tokens[1], "e1", "read").await, "ok");
    // It is not there any more, as for whoever would retire it.
    rehearse(retire).await.refused(404, "not_found");
    let last = json!({"change": "retire_client_secret", "app_id": app["id"], "client_secret_id": ids[1]});
    // What came with the other secret would come with this one today.
    assert_eq!(sums(&rehearse(last).await.expect(200).json()), [16, 0, 0, 0]);
}

async fn reported(world: &World, app: &Value, count: u64) {
    use base64::Engine;
    let (id, secret) = &world.gateway;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    let check = json!({"app_id": app["id"], "entity": "e1", "access": "read", "reason": "ok", "count": count});
    let headers = [("authorization", &*format!("Basic {basic}"))];
    let answer = world
        .anybody()
        .send(
            Method::POST,
            "/gateway/usage",
            Some(json!({"checks": [check]})),
            &headers,
        )
        .await;
    answer.expect(204);
}

async fn r21_revoking_access_is_rehearsed_with_and_without_the_secrets(world: World) {
    let (ada, app, _, token) = used(&world).await;
    let change = "revoke_developer_access";
    let alone = rehearsed(&ada, &app, json!({"change": change})).await;
    assert_eq!(sums(&alone), [0, 0, 0, 43]);
    let with_secrets = json!({"change": change, "retire_client_secrets": true});
    let all = rehearsed(&ada, &app, with_secrets).await;
    assert_eq!(
        (sums(&all), items(&all)[0].2.as_str()),
        ([43, 0, 0, 0], "secret_retired")
    );
    let revoke = json!({"retire_client_secrets": true});
    ada.post(&app_at(&app, "/developer/revoke"), revoke).await.expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
    let again = World::with(json!({"app_id": app["id"]}), json!({"change": change}));
    ada.post(REHEARSALS, again).await.refused(409, "no_developer_linked");
}

async fn r10_what_reading_alone_would_have_stopped_is_told(world: World) {
    let (ada, app, ..) = used(&world).await;
    let narrow = rehearsed(&ada, &app, json!({"change": "narrow_permission"})).await;
    assert_eq!(sums(&narrow), [10, 3, 0, 30]);
    assert_eq!(items(&narrow), [item("e2", "write", "access_not_permitted", 10)]);
}

async fn r1_r25_operators_rehearse_a_change_of_a_group(world: World) {
    let (_, app, _, token) = used(&world).await;
    let rehearse = async |body: Value| world.operator.post("/operator/api/v1/rehearsals", body).await;
    let remove = json!({"change": "remove_entity", "group_id": "acme", "entity_id": "e1"});
    let removed = rehearse(remove).await.expect(200).json();
    assert_eq!(removed["calls_refused"], 30);
    assert_eq!(items(&removed), [item("e1", "read", "entity_not_assigned", 30)]);
    assert_eq!(removed["applications"][0]["app_id"], app["id"]);
    let plan = |plan: &str| json!({"change": "change_plan", "group_id": "acme", "product_plan": plan});
    let off = rehearse(plan("AIQ2")).await.expect(200).json();
    assert_eq!(
        (&off["calls_refused"], items(&off)[0].2.as_str()),
        (&json!(43), "group_not_on_plan")
    );
    let same = rehearse(plan("AIQ3")).await.expect(200).json();
    assert_eq!(sums(&same), [0, 0, 0, 43]);
    // Operators give a reason when they stop something; what is only rehearsed needs none.
    for (change, reason) in [("suspend", "app_suspended"), ("revoke", "app_revoked")] {
        let stopped = json!({"app_id": app["id"], "change": change});
        let stopped = rehearse(stopped).await.expect(200).json();
        assert_eq!((sums(&stopped)[0], items(&stopped)[0].2.as_str()), (43, reason));
    }
    let nobody = json!({"change": "remove_entity", "group_id": "acme", "entity_id": "e9"});
    rehearse(nobody).await.refused(404, "not_found");
    let fields = json!({"change": "change_plan", "group_id": "acme", "entity_id": "e1"});
    rehearse(fields).await.refused(422, "unknown_field");
    rehearse(json!({"change": "narrow_permission"}))
        .await
        .refused(422, "invalid_change");

    world
        .operator
        .delete("/operator/api/v1/groups/acme/entities/e1")
        .await
        .done();
    assert_eq!(world.gate(&token, "e1", "read").await, "entity_not_assigned");
    assert_eq!(world.gate(&token, "e2", "write").await, "ok");
}

async fn who_may_not_make_the_change_may_not_rehearse_it(world: World) {
    let (ada, app, developer, _) = used(&world).await;
    let body = |change: &str| json!({"app_id": app["id"], "change": change});
    for change in ["suspend", "revoke", "revoke_developer_access", "narrow_permission"] {
        let of = async |group: &str, user: &str| world.user(group, user).await.post(REHEARSALS, body(change)).await;
        of("globex", "pam").await.refused(404, "not_found");
        of("acme", "ulf").await.refused(403, "forbidden");
    }
    developer
        .post(REHEARSALS, body("suspend"))
        .await
        .refused(401, "unauthenticated");
    ada.post(REHEARSALS, body("remove_entity"))
        .await
        .refused(422, "invalid_change");
    let unknown = json!({"app_id": app["id"], "change": "change_entities", "add_entities": ["g1"]});
    ada.post(REHEARSALS, unknown).await.refused(422, "unknown_entity");
    world.plan("acme", "Acme Group", "AIQ2").await;
    ada.post(REHEARSALS, body("suspend"))
        .await
        .refused(403, "plan_required");
}

async fn the_figures_say_which_days_they_cover_and_since_when_nothing_was_used(world: World) {
    let (ada, app, ..) = used(&world).await;
    let remove = json!({"change": "change_entities", "remove_entities": ["e1"]});
    world.pass(TimeDelta::days(29));
    let month = rehearsed(&ada, &app, remove.clone()).await;
    assert_eq!((&month["days"], &month["from"]), (&json!(30), &json!("2026-11-23")));
    assert_eq!(month["applications"][0]["items"][0]["calls_a_day"], 1);
    world.pass(TimeDelta::days(60));
    assert_eq!(rehearsed(&ada, &app, remove.clone()).await["calls_refused"], 30);
    // The first day is 90 days ago now, and not among the last 90.
    world.pass(TimeDelta::days(1));
    let later = rehearsed(&ada, &app, remove).await;
    assert_eq!((sums(&later), &later["days"]), ([0, 0, 0, 0], &json!(90)));
    let unused = json!([{"id": "e1", "name": "Entity E1", "last_used_at": "2026-11-23T09:00:00.000Z"}]);
    assert_eq!(later["applications"][0]["unused"], unused);
}

async fn what_is_granted_and_unused_is_told_and_narrowed_with_one_click(world: World) {
    let ada = world.ada().await;
    let form = World::with(
        World::new_integration("Payroll"),
        json!({"entities": ["e1", "e2", "e3"]}),
    );
    let app = ada.post(APPS, form).await.expect(201).json();
    let unused = async || ada.get(&app_at(&app, "/usage/unused")).await.expect(200).json();
    let never = unused().await;
    assert_eq!(
        (&never["granted"], never["entities"].as_array().unwrap().len()),
        (&json!(3), 3)
    );
    let developer = world.signed_up("dev@example.com").await;
    world.verified(&developer, &app).await;
    let client = world.client_secret(&developer, &app).await;
    let token = world.access_token(&client).await;
    passes(&world, &token, "e1", "read", 4).await;
    written(&world).await;
    let some = unused().await;
    let of = |entity: &str, name: &str| json!({"id": entity, "name": name, "last_used_at": null});
    assert_eq!(some["entities"], json!([of("e2", "Entity E2"), of("e3", "Entity E3")]));
    assert_eq!(
        (&some["write_unused"], &some["calls_without_entity"]),
        (&json!(true), &json!(false))
    );

    let mut browser = Browser::of_user(&world, "acme", "ada").await;
    let path = format!("/integration-applications/{}", id(&app));
    let page = browser.open(&path).await.expect(200);
    page.shows("2 of 3 entities untouched in one day.")
        .shows("Write never used.");
    let before = world.traces().await;
    let edit = format!("{path}/edit");
    let narrowed = browser.open(&format!("{edit}?narrow=unused")).await.expect(200);
    narrowed.shows("Only the entities that were used are selected.");
    let checked = |html: &str| html.matches(" checked").count();
    assert_eq!(checked(&narrowed.html), 1);
    assert_eq!(checked(&browser.open(&edit).await.expect(200).html), 3);
    assert_eq!(world.traces().await, before);
    for (group, user, status, code) in [("globex", "pam", 404, "not_found"), ("acme", "ulf", 403, "forbidden")] {
        let person = world.user(group, user).await;
        person.get(&app_at(&app, "/usage/unused")).await.refused(status, code);
    }
}

async fn pages_that_stop_something_show_what_it_would_have_stopped(world: World) {
    let (_, app, _, token) = used(&world).await;
    let mut ada = Browser::of_user(&world, "acme", "ada").await;
    let path = |page: &str| format!("/integration-applications/{}{page}", id(&app));
    for page in ["/suspend", "/revoke"] {
        let page = ada.open(&path(page)).await.expect(200);
        page.shows("What this would have stopped")
            .shows("Payroll read Entity E1 30 times a day, last just now")
            .shows("Entity E2 Write just now 10")
            .shows("No entity was named in 3 introspections. They would have been refused as well")
            .shows("There is nothing before 23 November 2026.")
            .shows("What the integration does when it is refused.");
    }
    let edit = path("/edit");
    ada.open(&edit).await.expect(200);
    let fields = [
        ("description", "Posts journals."),
        ("category", "crm"),
        ("entities", "e2"),
    ];
    let page = ada.send(&edit, &fields).await.expect(200);
    page.shows("with fewer entities?")
        .shows("Payroll read Entity E1 30 times a day")
        .shows("No entity was named in 3 introspections: not known.");
    // Back to the form, with what was entered.
    let question = page.clone();
    let form = ada.send(&edit, &[("show_again", "edit")]).await.expect(200);
    form.shows("Posts journals.").hides("with fewer entities?");
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    ada.page = question;
    ada.send(&edit, &[])
        .await
        .expect(200)
        .shows("Your changes have been saved");
    assert_eq!(world.gate(&token, "e1", "read").await, "entity_not_assigned");

    let mut olga = Browser::new(&world);
    let token = world.operator.token.clone().unwrap();
    olga.open("/operator").await.expect(200);
    olga.send("/operator/sign-in", &[("token", &token)]).await.expect(200);
    let remove = "/operator/groups/acme/entities/e2/remove";
    olga.open(remove)
        .await
        .expect(200)
        .shows("Payroll wrote to Entity E2 10 times a day");
    let off = [
        ("do", "describe"),
        ("name", "Acme Group"),
        ("product_plan", "AIQ2"),
        ("shown_name", "Acme Group"),
        ("shown_plan", "AIQ3"),
    ];
    olga.open("/operator/groups/acme").await.expect(200);
    olga.send_in("/operator/groups/acme", &off)
        .await
        .expect(200)
        .shows("from AIQ3 to AIQ2")
        .shows("What this would have stopped");
}

async fn whoever_wants_to_stop_something_can_when_the_usage_cannot_be_read(world: World) {
    let (_, app, _, token) = used(&world).await;
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    transaction
        .script("alter table usage_entities rename to usage_entities_away")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let mut ada = Browser::of_user(&world, "acme", "ada").await;
    let suspend = format!("/integration-applications/{}/suspend", id(&app));
    ada.open(&suspend)
        .await
        .expect(200)
        .shows("Not known: the usage cannot be read at the moment. You can go on without it.");
    ada.send(&suspend, &[]).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "app_suspended");
}
