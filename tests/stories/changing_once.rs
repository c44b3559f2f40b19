//! What is sent twice happens once, and what was decided on an older version does not happen.

use chrono::TimeDelta;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{APPS, Answer, Person, World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    a_key_is_remembered_when_the_command_had_been_granted_already,
    an_edit_can_be_repeated_with_its_idempotency_key,
    r23_a_client_secret_is_made_once_for_an_idempotency_key,
    r12_operators_make_a_client_secret_once_for_an_idempotency_key,
    r23_the_same_key_at_the_same_time_makes_one_client_secret,
    r21_who_lost_the_application_is_not_shown_its_client_secret_again,
    r2_r3_r4_permission_is_judged_before_the_version,
    any_of_several_etags_suffices,
    operators_can_insist_on_a_version_too,
    whatever_has_a_version_can_be_insisted_on,
    r2_who_may_not_grant_learns_no_version,
}

const KEY: &str = "Idempotency-Key";

async fn keyed(person: &Person, method: Method, path: &str, body: Value, key: &str) -> Answer {
    person.send(method, path, Some(body), &[(KEY, key)]).await
}

async fn status(ada: &Person, app: &Value) -> Value {
    ada.get(&app_at(app, "")).await.expect(200).json()["status"].clone()
}

async fn a_key_is_remembered_when_the_command_had_been_granted_already(world: World) {
    let (ada, pam) = (world.ada().await, world.user("acme", "pam").await);
    let app = world.created(&ada, "Payroll").await;
    let suspend = async |reason: &str| {
        keyed(
            &ada,
            Method::POST,
            &app_at(&app, "/suspend"),
            json!({"reason": reason}),
            "k-1",
        )
        .await
    };
    pam.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    let granted = suspend("audit").await.expect(200);
    assert_eq!(granted.json()["status"], "suspended");
    pam.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
    let before = world.traces().await;
    let again = suspend("audit").await.expect(200);
    assert_eq!(
        again.json(),
        granted.json(),
        "the first answer, of the version that it was about"
    );
    assert_eq!(again.header("etag"), granted.header("etag"));
    suspend("another").await.refused(422, "idempotency_key_reused");
    assert_eq!(world.traces().await, before);
    assert_eq!(status(&ada, &app).await, "active", "the colleague's resume stands");
}

async fn an_edit_can_be_repeated_with_its_idempotency_key(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let edit = async |words: &str| {
        keyed(
            &ada,
            Method::PATCH,
            &app_at(&app, ""),
            json!({"description": words}),
            "e-1",
        )
        .await
    };
    let first = edit("One.").await.expect(200);
    ada.patch(&app_at(&app, ""), json!({"description": "Two."}))
        .await
        .expect(200);
    let before = world.traces().await;
    let second = edit("One.").await.expect(200);
    assert_eq!(second.json(), first.json());
    edit("Three.").await.refused(422, "idempotency_key_reused");
    assert_eq!(world.traces().await, before);
    let now = ada.get(&app_at(&app, "")).await.json();
    assert_eq!(now["description"], "Two.");
}

/// A client secret is made with a key, and asked for again: at once, just within ten minutes, and after them.
async fn makes_one_secret(world: &World, keeper: &Person, path: &str) -> Value {
    let order =
        async |overlap: i64| keyed(keeper, Method::POST, path, json!({"overlap_seconds": overlap}), "s-1").await;
    let first = order(60).await.expect(201).json();
    let before = world.traces().await;
    world.pass(TimeDelta::minutes(10) - TimeDelta::milliseconds(1));
    assert_eq!(order(60).await.expect(201).json(), first);
    order(61).await.refused(422, "idempotency_key_reused");
    world.pass(TimeDelta::milliseconds(1));
    let late = order(60).await.expect(201).json();
    let mut without_secret = first.clone();
    without_secret["client_secret"].take();
    assert_eq!(late, without_secret);
    assert_eq!(world.traces().await, before);
    let sealed = "select count(*) from idempotency_keys where sealed is not null";
    assert_eq!(world.number(sealed).await, 1);
    world.gatebook.forget_old_keys().await.unwrap();
    assert_eq!(world.number(sealed).await, 1, "not a moment too early");
    world.pass(TimeDelta::milliseconds(1));
    world.gatebook.forget_old_keys().await.unwrap();
    assert_eq!(world.number(sealed).await, 0, "the secret is nowhere any more");
    assert_eq!(order(60).await.expect(201).json(), late);
    first
}

/// Whether the client opens the token endpoint.
async fn is_live(world: &World, made: &Value) -> bool {
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let client = (text("client_id"), text("client_secret"));
    world.token(&client).await.status == 200
}

async fn r23_a_client_secret_is_made_once_for_an_idempotency_key(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    world.verified(&dev, &app).await;
    let made = makes_one_secret(&world, &dev, &portal_at(&app, "/client-secrets")).await;
    assert!(is_live(&world, &made).await);
    let shown = dev.get(&portal_at(&app, "")).await.expect(200).json();
    assert_eq!(shown["client_secrets"].as_array().unwrap().len(), 1);
}

async fn r12_operators_make_a_client_secret_once_for_an_idempotency_key(world: World) {
    let ada = world.ada().await;
    let app = ada.post(APPS, World::aiq_integrate("Feeds")).await.expect(201).json();
    let path = format!("/operator/api/v1/integration-apps/{}/client-secrets", id(&app));
    let made = makes_one_secret(&world, &world.operator, &path).await;
    assert!(is_live(&world, &made).await);
    assert_eq!(world.operator.get(&path).await.expect(200).all("id").len(), 1);
    let second = world
        .operator
        .post(&path, json!({"overlap_seconds": 60}))
        .await
        .expect(201)
        .json();
    assert_ne!(
        second["client_secret"], made["client_secret"],
        "without the key it is another wish"
    );
}

async fn r23_the_same_key_at_the_same_time_makes_one_client_secret(world: World) {
    let (_, app, dev, _) = world.running("Payroll").await;
    let path = portal_at(&app, "/client-secrets");
    let order = || keyed(&dev, Method::POST, &path, json!({}), "s-1");
    let answers = join_all((0..6).map(|_| order())).await;
    let made: Vec<Value> = answers.into_iter().map(|answer| answer.expect(201).json()).collect();
    assert!(made.iter().all(|one| *one == made[0]), "{made:#?}");
    assert!(is_live(&world, &made[0]).await);
}

async fn r21_who_lost_the_application_is_not_shown_its_client_secret_again(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let path = portal_at(&app, "/client-secrets");
    let order = async || keyed(&dev, Method::POST, &path, json!({}), "s-1").await;
    order().await.expect(201);
    world.plan("acme", "Acme Group", "AIQ2").await;
    order().await.refused(403, "plan_required");
    world.plan("acme", "Acme Group", "AIQ3").await;
    ada.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    order().await.refused(404, "not_found");
}

async fn r2_r3_r4_permission_is_judged_before_the_version(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let strangers = [
        (world.user("acme", "ulf").await, 403, "forbidden"),
        (world.user("acme", "audrey").await, 403, "forbidden"),
        (world.user("globex", "pam").await, 404, "not_found"),
    ];
    let before = world.traces().await;
    let stale = [("If-Match", "\"999\"")];
    for (stranger, status, code) in &strangers {
        let edit = stranger
            .send(Method::PATCH, &app_at(&app, ""), Some(json!({})), &stale)
            .await;
        assert!(!edit.text().contains("version"), "{}", edit.text());
        edit.refused(*status, code);
        for action in ["/suspend", "/revoke", "/developer/reset-otp"] {
            let changed = stranger
                .send(Method::POST, &app_at(&app, action), Some(json!({})), &stale)
                .await;
            changed.refused(*status, code);
        }
    }
    world.plan("acme", "Acme Group", "AIQ2").await;
    let edit = ada
        .send(Method::PATCH, &app_at(&app, ""), Some(json!({})), &stale)
        .await;
    edit.refused(403, "plan_required");
    assert_eq!(world.traces().await.emails, before.emails);
}

async fn any_of_several_etags_suffices(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let edit = async |words: &str, if_match: &str| {
        let body = Some(json!({"description": words}));
        ada.send(Method::PATCH, &app_at(&app, ""), body, &[("If-Match", if_match)])
            .await
    };
    let version = app["version"].as_i64().unwrap();
    let other = version + 7;
    for strange in [
        format!("\"+{version}\""),
        format!("\"0{version}\""),
        format!("\"{other}\", W/\"{other}\""),
    ] {
        edit("None.", &strange).await.refused(412, "version_mismatch");
    }
    let edited = edit("One.", &format!("\"{other}\", \"{version}\"")).await.expect(200);
    assert_eq!(edited.json()["description"], "One.");
    edit("Two.", &format!("\"{other}\", \"{version}\""))
        .await
        .refused(412, "version_mismatch");
}

async fn operators_can_insist_on_a_version_too(world: World) {
    let ada = world.ada().await;
    let app = ada.post(APPS, World::aiq_integrate("Feeds")).await.expect(201);
    let (seen, app) = (app.header("etag"), app.json());
    let path = format!("/operator/api/v1/integration-apps/{}/client-secrets", id(&app));
    let order = async |if_match: &str| {
        world
            .operator
            .send(Method::POST, &path, Some(json!({})), &[("If-Match", if_match)])
            .await
    };
    let made = order(&seen).await.expect(201).json();
    let before = world.traces().await;
    order(&seen).await.refused(412, "version_mismatch");
    let secret = format!("{path}/{}", made["client_secret_id"].as_str().unwrap());
    let retired = world
        .operator
        .send(Method::DELETE, &secret, None, &[("If-Match", &seen)])
        .await;
    retired.refused(412, "version_mismatch");
    assert_eq!(world.traces().await, before);
    assert!(is_live(&world, &made).await);
}

async fn whatever_has_a_version_can_be_insisted_on(world: World) {
    let (operator, pam) = (&world.operator, world.user("acme", "pam").await);
    let group = "/operator/api/v1/groups/acme";
    let send = async |who: &Person, method: Method, path: &str, body: Option<Value>, etag: &str| {
        who.send(method, path, body, &[("If-Match", etag)]).await
    };
    let user = json!({"email": "new@acme.example", "name": "New", "role": "user"});
    let permission = "/api/v1/users/ada/permissions/view_activity_logs";
    let token = operator
        .post(&format!("{group}/users/pam/tokens"), json!({"name": "old"}))
        .await
        .expect(201)
        .json();
    let ended = format!("{group}/users/pam/tokens/{}", token["id"].as_str().unwrap());
    let changes = [
        (
            operator,
            Method::PUT,
            group.to_owned(),
            Some(json!({"name": "Acme", "product_plan": "AIQ3"})),
        ),
        (
            operator,
            Method::PUT,
            format!("{group}/entities/e9"),
            Some(json!({"name": "Nine"})),
        ),
        (operator, Method::DELETE, format!("{group}/entities/e9"), None),
        (operator, Method::PUT, format!("{group}/users/new"), Some(user)),
        (
            operator,
            Method::POST,
            format!("{group}/users/new/tokens"),
            Some(json!({"name": "build"})),
        ),
        (operator, Method::DELETE, ended, None),
        (operator, Method::DELETE, format!("{group}/users/new"), None),
        (&pam, Method::PUT, permission.to_owned(), None),
        (&pam, Method::DELETE, permission.to_owned(), None),
    ];
    let mut seen = operator.get(group).await.expect(200).header("etag");
    for (who, method, path, body) in changes {
        let stale = seen;
        // Somebody else changes the group.
        let other = json!({"name": format!("Entity {path} {method}")});
        let changed = operator.put(&format!("{group}/entities/e1"), other).await.expect(200);
        seen = operator.get(group).await.expect(200).header("etag");
        assert_eq!(changed.header("etag"), seen);
        let before = world.traces().await;
        let refused = send(who, method.clone(), &path, body.clone(), &stale).await;
        refused.refused(412, "version_mismatch");
        assert_eq!(world.traces().await, before, "{method} {path}");
        let done = send(who, method.clone(), &path, body, &seen).await.done();
        seen = operator.get(group).await.expect(200).header("etag");
        if matches!(method, Method::PUT) {
            assert_eq!(done.header("etag"), seen, "{method} {path}");
        }
    }
    let not_found_page = json!({"name": "Hooli", "product_plan": "AIQ3"});
    let path = "/operator/api/v1/groups/hooli";
    send(operator, Method::PUT, path, Some(not_found_page), "\"1\"")
        .await
        .refused(412, "version_mismatch");
    operator.get(path).await.refused(404, "not_found");

    let (ada, app, dev, _) = world.running("Payroll").await;
    let (details, secrets) = (portal_at(&app, ""), portal_at(&app, "/client-secrets"));
    let stale = dev.get(&details).await.expect(200).header("etag");
    ada.patch(&app_at(&app, ""), json!({"description": "New."}))
        .await
        .expect(200);
    send(&dev, Method::POST, &secrets, Some(json!({})), &stale)
        .await
        .refused(412, "version_mismatch");
    let seen = dev.get(&details).await.expect(200).header("etag");
    let made = send(&dev, Method::POST, &secrets, Some(json!({})), &seen)
        .await
        .expect(201)
        .json();
    let secret = format!("{secrets}/{}", made["client_secret_id"].as_str().unwrap());
    send(&dev, Method::DELETE, &secret, None, &seen)
        .await
        .refused(412, "version_mismatch");
    let seen = dev.get(&details).await.expect(200).header("etag");
    send(&dev, Method::DELETE, &secret, None, &seen).await.expect(204);
}

async fn r2_who_may_not_grant_learns_no_version(world: World) {
    let ada = world.ada().await;
    let path = "/api/v1/users/ulf/permissions/view_activity_logs";
    for method in [Method::PUT, Method::DELETE] {
        let refused = ada.send(method, path, None, &[("If-Match", "\"999\"")]).await;
        assert!(!refused.text().contains("version"), "{}", refused.text());
        refused.refused(403, "forbidden");
    }
}
