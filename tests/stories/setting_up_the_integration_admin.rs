//! Setting up the Integration Admin: groups and their plan, users and what they may do.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{APPS, PORTAL, World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    r1_integration_applications_exist_on_plan_aiq3_only,
    r1_off_the_plan_nothing_changes_and_back_on_it_everything_works_again,
    r2_a_practice_admin_manages_by_right_and_alone_grants_and_withdraws,
    r2_granting_twice_is_granting_once,
    r2_a_practice_admin_cannot_keep_by_a_grant_what_the_role_gave,
    r2_users_without_permissions_see_only_themselves,
    r1_off_the_plan_nothing_is_granted_and_everything_can_be_withdrawn,
    r2_without_the_permission_nothing_is_managed_and_nothing_is_listed,
    r3_an_auditor_reads_lists_and_logs_and_changes_nothing,
    r4_another_groups_application_does_not_exist,
    r4_another_groups_entities_and_users_do_not_exist,
    i_am_told_who_i_am_and_what_i_may_do,
    the_catalogue_holds_what_an_admin_chooses_from,
}

/// Every change that an admin can ask for an application, with a body that would do.
fn changes(app: &Value) -> Vec<(Method, String, Option<Value>)> {
    let post = |rest: &str, body: Option<Value>| (Method::POST, app_at(app, rest), body);
    vec![
        (
            Method::PATCH,
            app_at(app, ""),
            Some(json!({"description": "Something else."})),
        ),
        (Method::PATCH, app_at(app, ""), Some(json!({"entities": []}))),
        post("/developer/resend-invite", None),
        post("/developer/reset-otp", None),
        post("/developer/revoke", Some(json!({"retire_client_secrets": true}))),
        post("/developer", Some(json!({"email": "other@example.com"}))),
        post("/suspend", Some(json!({"reason": "because"}))),
        post("/resume", None),
        post("/revoke", None),
    ]
}

async fn r1_integration_applications_exist_on_plan_aiq3_only(world: World) {
    let pam = world.user("initech", "pam").await;
    let form = World::with(World::new_integration("Too early"), json!({"entities": ["i1"]}));
    let before = world.traces().await;
    pam.post(APPS, form.clone()).await.refused(403, "plan_required");
    assert_eq!(world.traces().await, before);
    assert_eq!(
        pam.get(APPS).await.expect(200).json(),
        json!({"items": [], "next_cursor": null})
    );
    world.plan("initech", "Initech Group", "AIQ3").await;
    pam.post(APPS, form).await.expect(201);
}

async fn r1_off_the_plan_nothing_changes_and_back_on_it_everything_works_again(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let waiting = ada.post(
        APPS,
        World::with(
            World::new_integration("Waiting"),
            json!({"developer_email": "new@example.com"}),
        ),
    );
    let waiting = waiting.await.expect(201).json();
    let invite = world.last_mail_to("new@example.com").await.invite_token();
    world
        .operator
        .put(
            "/operator/api/v1/groups/acme",
            json!({"name": "Acme Group", "product_plan": "AIQ2"}),
        )
        .await
        .done();

    let before = world.traces().await;
    ada.post(APPS, World::new_integration("Another"))
        .await
        .refused(403, "plan_required");
    for app in [&app, &waiting] {
        for (method, path, body) in changes(app) {
            ada.send(method, &path, body, &[]).await.refused(403, "plan_required");
        }
    }
    dev.post(&portal_at(&app, "/client-secrets"), json!({}))
        .await
        .refused(403, "plan_required");
    world
        .anybody()
        .post(&format!("{PORTAL}/sign-up/code"), json!({"invite_token": invite}))
        .await
        .refused(403, "plan_required");
    assert_eq!(world.gate(&token, "e1", "read").await, "group_not_on_plan");
    assert_eq!(world.token(&client).await.expect(401).json()["error"], "invalid_client");
    assert_eq!(world.traces().await, before);

    assert_eq!(
        ada.get(APPS).await.expect(200).json()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    ada.get(&app_at(&app, "")).await.expect(200);
    ada.get(&app_at(&app, "/events")).await.expect(200);
    ada.get(&app_at(&app, "/activity-log")).await.expect(200);
    ada.get("/api/v1/activity-log").await.expect(200);

    world.plan("acme", "Acme Group", "AIQ3").await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.token(&client).await.expect(200);
    ada.patch(&app_at(&app, ""), json!({"description": "It runs again."}))
        .await
        .expect(200);
    world.signs_up("new@example.com", &invite).await;
}

async fn r2_a_practice_admin_manages_by_right_and_alone_grants_and_withdraws(world: World) {
    let (pam, ada, ulf) = (
        world.user("acme", "pam").await,
        world.ada().await,
        world.user("acme", "ulf").await,
    );
    pam.post(APPS, World::new_integration("By right")).await.expect(201);
    let permission = "/api/v1/users/ulf/permissions/manage_integration_applications";

    let before = world.traces().await;
    ada.send(Method::PUT, permission, None, &[])
        .await
        .refused(403, "forbidden");
    ada.delete("/api/v1/users/ada/permissions/manage_integration_applications")
        .await
        .refused(403, "forbidden");
    ulf.post(APPS, World::new_integration("By Ulf"))
        .await
        .refused(403, "forbidden");
    assert_eq!(world.traces().await, before);

    pam.send(Method::PUT, permission, None, &[]).await.done();
    ulf.post(APPS, World::new_integration("By Ulf")).await.expect(201);
    pam.delete(permission).await.done();
    ulf.post(APPS, World::new_integration("By Ulf again"))
        .await
        .refused(403, "forbidden");
    ulf.get(APPS).await.refused(403, "forbidden");
}

async fn r2_granting_twice_is_granting_once(world: World) {
    let pam = world.user("acme", "pam").await;
    let permission = |user: &str, permission: &str| format!("/api/v1/users/{user}/permissions/{permission}");
    let before = world.traces().await;
    pam.send(
        Method::PUT,
        &permission("ada", "manage_integration_applications"),
        None,
        &[],
    )
    .await
    .done();
    pam.delete(&permission("ulf", "view_activity_logs")).await.done();
    pam.send(Method::PUT, &permission("nobody", "view_activity_logs"), None, &[])
        .await
        .refused(404, "not_found");
    pam.send(Method::PUT, &permission("ulf", "do_everything"), None, &[])
        .await
        .refused(404, "not_found");
    assert_eq!(world.traces().await, before);
}

async fn is_made(world: &World, user: &str, role: &str) {
    let form = json!({"email": format!("{user}@acme.example"), "name": user, "role": role});
    let path = format!("/operator/api/v1/groups/acme/users/{user}");
    world.operator.put(&path, form).await.done();
}

async fn r2_a_practice_admin_cannot_keep_by_a_grant_what_the_role_gave(world: World) {
    let pam = world.user("acme", "pam").await;
    let of_pam = |permission: &str| format!("/api/v1/users/pam/permissions/{permission}");
    let before = world.traces().await;
    for permission in ["manage_integration_applications", "view_activity_logs"] {
        let answer = pam.send(Method::PUT, &of_pam(permission), None, &[]).await.expect(200);
        assert_eq!(answer.json()["permissions"], json!([]), "{permission}");
    }
    assert_eq!(world.traces().await, before, "it comes with the role and is not stored");
    is_made(&world, "pam", "user").await;
    pam.post(APPS, World::new_integration("By Pam"))
        .await
        .refused(403, "forbidden");
    pam.get(APPS).await.refused(403, "forbidden");

    is_made(&world, "pam", "practice_admin").await;
    is_made(&world, "pat", "practice_admin").await;
    let pat = world.user("acme", "pat").await;
    let manage = of_pam("manage_integration_applications");
    pat.send(Method::PUT, &manage, None, &[]).await.done();
    is_made(&world, "pam", "user").await;
    pam.post(APPS, World::new_integration("As Pat wants it"))
        .await
        .expect(201);
}

async fn r2_users_without_permissions_see_only_themselves(world: World) {
    let (ulf, audrey, pam) = (
        world.user("acme", "ulf").await,
        world.user("acme", "audrey").await,
        world.user("acme", "pam").await,
    );
    assert_eq!(ulf.get("/api/v1/users").await.expect(200).all("id"), ["ulf"]);
    for reader in [audrey, pam.clone()] {
        let everybody = reader.get("/api/v1/users").await.expect(200).all("id");
        assert_eq!(everybody, ["ada", "audrey", "pam", "ulf"]);
    }
    let permission = "/api/v1/users/ulf/permissions/view_activity_logs";
    pam.send(Method::PUT, permission, None, &[]).await.done();
    assert_eq!(ulf.get("/api/v1/users").await.expect(200).all("id").len(), 4);
}

async fn r1_off_the_plan_nothing_is_granted_and_everything_can_be_withdrawn(world: World) {
    let pam = world.user("acme", "pam").await;
    world.plan("acme", "Acme Group", "AIQ2").await;
    let of = |user: &str, permission: &str| format!("/api/v1/users/{user}/permissions/{permission}");
    let before = world.traces().await;
    for (user, permission) in [
        ("ulf", "view_activity_logs"),
        ("ulf", "manage_integration_applications"),
        ("ada", "manage_integration_applications"),
    ] {
        pam.send(Method::PUT, &of(user, permission), None, &[])
            .await
            .refused(403, "plan_required");
    }
    assert_eq!(world.traces().await, before);
    pam.delete(&of("audrey", "view_activity_logs")).await.done();
    world
        .user("acme", "audrey")
        .await
        .get(APPS)
        .await
        .refused(403, "forbidden");
}

async fn r2_without_the_permission_nothing_is_managed_and_nothing_is_listed(world: World) {
    let (ada, ulf) = (world.ada().await, world.user("acme", "ulf").await);
    let app = world.created(&ada, "Payroll").await;
    let before = world.traces().await;
    ulf.post(APPS, World::new_integration("By Ulf"))
        .await
        .refused(403, "forbidden");
    for (method, path, body) in changes(&app) {
        ulf.send(method, &path, body, &[]).await.refused(403, "forbidden");
    }
    for rest in ["", "/developer", "/events", "/activity-log"] {
        ulf.get(&app_at(&app, rest)).await.refused(403, "forbidden");
    }
    ulf.get(APPS).await.refused(403, "forbidden");
    ulf.get("/api/v1/activity-log").await.refused(403, "forbidden");
    assert_eq!(world.traces().await, before);
    ulf.get("/api/v1/me").await.expect(200);
    ulf.get("/api/v1/catalog").await.expect(200);
}

async fn r3_an_auditor_reads_lists_and_logs_and_changes_nothing(world: World) {
    let (ada, audrey) = (world.ada().await, world.user("acme", "audrey").await);
    let app = world.created(&ada, "Payroll").await;
    let before = world.traces().await;
    audrey
        .post(APPS, World::new_integration("By Audrey"))
        .await
        .refused(403, "forbidden");
    for (method, path, body) in changes(&app) {
        audrey.send(method, &path, body, &[]).await.refused(403, "forbidden");
    }
    let grant = "/api/v1/users/audrey/permissions/manage_integration_applications";
    audrey
        .send(Method::PUT, grant, None, &[])
        .await
        .refused(403, "forbidden");
    assert_eq!(world.traces().await, before);
    assert_eq!(audrey.get(APPS).await.expect(200).all("name"), ["Payroll"]);
    for rest in ["", "/developer", "/events", "/activity-log"] {
        audrey.get(&app_at(&app, rest)).await.expect(200);
    }
    audrey.get("/api/v1/activity-log").await.expect(200);
}

async fn r4_another_groups_application_does_not_exist(world: World) {
    let (ada, stranger) = (world.ada().await, world.user("globex", "pam").await);
    let app = world.created(&ada, "Payroll").await;
    let etag = ada.get(&app_at(&app, "")).await.expect(200).header("etag");
    let before = world.traces().await;
    for (method, path, body) in changes(&app) {
        for headers in [vec![], vec![("If-Match", etag.as_str())], vec![("If-Match", "\"999\"")]] {
            stranger
                .send(method.clone(), &path, body.clone(), &headers)
                .await
                .refused(404, "not_found");
        }
    }
    for rest in ["", "/developer", "/events", "/activity-log"] {
        stranger.get(&app_at(&app, rest)).await.refused(404, "not_found");
    }
    assert_eq!(world.traces().await, before);
    assert!(stranger.get(APPS).await.expect(200).all("id").is_empty());
    for filter in ["entity=e1", "name=pay", "developer_email=dev"] {
        assert!(
            stranger
                .get(&format!("{APPS}?{filter}"))
                .await
                .expect(200)
                .all("id")
                .is_empty()
        );
    }
    let log = stranger.get("/api/v1/activity-log").await.expect(200).text();
    assert!(!log.contains(id(&app)) && !log.contains("Payroll"), "{log}");
}

async fn r4_another_groups_entities_and_users_do_not_exist(world: World) {
    let (ada, pam) = (world.ada().await, world.user("globex", "pam").await);
    let app = world.created(&ada, "Payroll").await;
    let before = world.traces().await;
    let form = World::with(World::new_integration("Mixed"), json!({"entities": ["e1", "g1"]}));
    ada.post(APPS, form).await.refused(422, "unknown_entity");
    ada.patch(&app_at(&app, ""), json!({"entities": ["g1"]}))
        .await
        .refused(422, "unknown_entity");
    let grant = "/api/v1/users/ada/permissions/view_activity_logs";
    pam.send(Method::PUT, grant, None, &[]).await.refused(404, "not_found");
    assert_eq!(world.traces().await, before);
    assert_eq!(pam.get("/api/v1/entities").await.expect(200).all("id"), ["g1", "g2"]);
    assert_eq!(pam.get("/api/v1/users").await.expect(200).all("id"), ["pam"]);
    assert_eq!(
        ada.get("/api/v1/users").await.expect(200).all("id"),
        ["ada", "audrey", "pam", "ulf"]
    );
}

async fn i_am_told_who_i_am_and_what_i_may_do(world: World) {
    let me = world.ada().await.get("/api/v1/me").await.expect(200).json();
    assert_eq!(me["user"]["id"], "ada");
    assert_eq!(me["user"]["email"], "ada@acme.example");
    assert_eq!(me["user"]["name"], "Ada Admin");
    assert_eq!(me["user"]["role"], "user");
    assert_eq!(me["user"]["permissions"], json!(["manage_integration_applications"]));
    assert_eq!(me["group"]["id"], "acme");
    assert_eq!(me["group"]["name"], "Acme Group");
    assert_eq!(me["group"]["product_plan"], "AIQ3");
    let me = world
        .user("initech", "pam")
        .await
        .get("/api/v1/me")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&me["user"]["role"], &me["group"]["product_plan"]),
        (&json!("practice_admin"), &json!("AIQ2"))
    );
}

async fn the_catalogue_holds_what_an_admin_chooses_from(world: World) {
    let catalogue = world.ada().await.get("/api/v1/catalog").await.expect(200).json();
    assert_eq!(
        catalogue["categories"][0],
        json!({"code": "accounts_payable", "name": "Accounts Payable"})
    );
    let types = catalogue["integrate_types"].as_array().unwrap();
    for entry in types {
        assert!(entry["disclaimer"].as_str().unwrap().contains("chargeable"));
        assert_eq!(entry["custom"] == true, entry["category"].is_null(), "{entry}");
    }
    let of = |code: &str| types.iter().find(|entry| entry["code"] == code).unwrap();
    assert_eq!(of("reporting_extract")["api_permission"], "read");
    assert_eq!(of("bank_feeds")["category"], "banking_and_payments");
    assert_eq!(of("custom")["custom"], true);
}
