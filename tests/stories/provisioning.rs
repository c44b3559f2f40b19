//! The customers themselves: groups, entities, users and their tokens, provisioned by operators.

use serde_json::json;

use crate::support::{APPS, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    operators_provision_groups_entities_and_users_again_and_again_with_one_result,
    a_users_token_is_shown_once_and_is_dead_with_its_user_at_once,
    without_the_right_token_nobody_gets_in,
    wrong_tokens_are_slowed_down_and_the_right_one_passes,
    r2_a_practice_admin_who_becomes_a_user_manages_nothing_any_more,
    a_group_and_its_entities_can_be_renamed,
}

async fn operators_provision_groups_entities_and_users_again_and_again_with_one_result(world: World) {
    let operator = &world.operator;
    let calls = [
        (
            "/operator/api/v1/groups/hooli",
            json!({"name": "Hooli", "product_plan": "AIQ3"}),
        ),
        (
            "/operator/api/v1/groups/hooli/entities/h.1",
            json!({"name": "Hooli One"}),
        ),
        (
            "/operator/api/v1/groups/hooli/users/gavin",
            json!({"email": "gavin@hooli.example", "name": "Gavin", "role": "practice_admin"}),
        ),
    ];
    for (path, body) in &calls {
        operator.put(path, body.clone()).await.expect(201);
    }
    let before = world.traces().await;
    for (path, body) in &calls {
        operator.put(path, body.clone()).await.expect(200);
    }
    let bad_id = format!("/operator/api/v1/groups/{}", "x".repeat(65));
    let group = json!({"name": "Hooli", "product_plan": "AIQ3"});
    assert!(operator.put(&bad_id, group).await.status.is_client_error());
    operator
        .put("/operator/api/v1/groups/nowhere/entities/n1", json!({"name": "N"}))
        .await
        .refused(404, "not_found");
    let role = json!({"email": "gavin@hooli.example", "name": "Gavin", "role": "king"});
    operator.put(calls[2].0, role).await.refused(422, "invalid_role");
    assert_eq!(world.traces().await, before);

    operator.put(calls[1].0, json!({"name": "Hooli Uno"})).await.expect(200);
    let gavin = world.user("hooli", "gavin").await;
    assert_eq!(
        gavin.get("/api/v1/entities").await.expect(200).all("name"),
        ["Hooli Uno"]
    );
    operator.delete(calls[1].0).await.done();
    assert!(gavin.get("/api/v1/entities").await.expect(200).all("id").is_empty());
    let group = operator.get("/operator/api/v1/groups/hooli").await.expect(200).json();
    assert_eq!(
        (&group["id"], &group["product_plan"]),
        (&json!("hooli"), &json!("AIQ3"))
    );
    assert!(
        operator
            .get("/operator/api/v1/groups")
            .await
            .expect(200)
            .all("id")
            .contains(&"hooli".to_owned())
    );
}

async fn a_users_token_is_shown_once_and_is_dead_with_its_user_at_once(world: World) {
    let operator = &world.operator;
    let user = "/operator/api/v1/groups/acme/users/ulf";
    let issue = || async {
        let issued = operator
            .post(&format!("{user}/tokens"), json!({"name": "laptop"}))
            .await
            .done()
            .json();
        (
            issued["id"].as_str().unwrap().to_owned(),
            issued["token"].as_str().unwrap().to_owned(),
        )
    };
    let ((first_id, first), (_, second)) = (issue().await, issue().await);
    for path in ["/operator/api/v1/groups/acme", "/operator/api/v1/groups"] {
        let shown = operator.get(path).await.expect(200).text();
        assert!(!shown.contains(&first) && !shown.contains(&second));
    }
    assert!(!world.log_holds(&first).await && !world.log_holds(&second).await);
    let ulf = |token: &str| world.person(Some(token.to_owned()));
    ulf(&first).get("/api/v1/me").await.expect(200);
    operator.delete(&format!("{user}/tokens/{first_id}")).await.done();
    ulf(&first).get("/api/v1/me").await.refused(401, "unauthenticated");
    ulf(&second).get("/api/v1/me").await.expect(200);
    operator.delete(user).await.done();
    ulf(&second).get("/api/v1/me").await.refused(401, "unauthenticated");
    let body = json!({"email": "ulf@acme.example", "name": "Ulf User", "role": "user"});
    operator.put(user, body).await.expect(201);
    ulf(&second).get("/api/v1/me").await.refused(401, "unauthenticated");
}

async fn without_the_right_token_nobody_gets_in(world: World) {
    let (ada, operator) = (world.ada().await, world.operator.clone());
    let before = world.traces().await;
    let doors = ["/api/v1/me", APPS, "/operator/api/v1/groups", "/portal/api/v1/apps"];
    let strangers = [
        world.anybody(),
        world.person(Some("nonsense".to_owned())),
        world.person(Some("gbu_x_y".to_owned())),
    ];
    for door in doors {
        for stranger in &strangers {
            let answer = stranger.get(door).await.refused(401, "unauthenticated");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
    }
    for (person, doors) in [(&ada, &doors[2..]), (&operator, &[doors[0], doors[1], doors[3]])] {
        for door in doors {
            person.get(door).await.refused(401, "unauthenticated");
        }
    }
    let token = ada.token.clone().unwrap();
    let tampered = format!(
        "{}{}",
        &token[..token.len() - 1],
        if token.ends_with('A') { 'B' } else { 'A' }
    );
    world
        .person(Some(tampered))
        .get("/api/v1/me")
        .await
        .refused(401, "unauthenticated");
    assert_eq!(world.traces().await, before);
    let in_the_url = format!("/api/v1/me?access_token={token}");
    assert!(world.anybody().get(&in_the_url).await.status.is_client_error());
}

async fn wrong_tokens_are_slowed_down_and_the_right_one_passes(world: World) {
    let (ada, stranger) = (world.ada().await, world.person(Some("nonsense".to_owned())));
    let mut tries = 0;
    let slowed = loop {
        let answer = stranger.get("/api/v1/me").await;
        match answer.status.as_u16() {
            401 if tries < 200 => tries += 1,
            _ => break answer.refused(429, "too_many_requests"),
        }
    };
    assert!(slowed.header("retry-after").parse::<u64>().unwrap() > 0);
    ada.get("/api/v1/me").await.expect(200);
    world.operator.get("/operator/api/v1/groups").await.expect(200);
}

async fn r2_a_practice_admin_who_becomes_a_user_manages_nothing_any_more(world: World) {
    let pam = world.user("acme", "pam").await;
    pam.post(APPS, World::new_integration("By right")).await.expect(201);
    let body = json!({"email": "pam@acme.example", "name": "Pam Practice", "role": "user"});
    world
        .operator
        .put("/operator/api/v1/groups/acme/users/pam", body)
        .await
        .expect(200);
    let before = world.traces().await;
    pam.post(APPS, World::new_integration("No longer"))
        .await
        .refused(403, "forbidden");
    pam.get(APPS).await.refused(403, "forbidden");
    pam.delete("/api/v1/users/ada/permissions/manage_integration_applications")
        .await
        .refused(403, "forbidden");
    assert_eq!(world.traces().await, before);
}

async fn a_group_and_its_entities_can_be_renamed(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let group = json!({"name": "Acme Holding", "product_plan": "AIQ3"});
    world
        .operator
        .put("/operator/api/v1/groups/acme", group)
        .await
        .expect(200);
    world
        .operator
        .put("/operator/api/v1/groups/acme/entities/e1", json!({"name": "Berlin"}))
        .await
        .expect(200);
    assert_eq!(ada.get("/api/v1/me").await.json()["group"]["name"], "Acme Holding");
    assert_eq!(
        ada.get(&app_at(&app, "")).await.json()["entities"][0],
        json!({"id": "e1", "name": "Berlin"})
    );
    assert_eq!(
        dev.get(&portal_at(&app, "/entities?name=berlin")).await.all("id"),
        ["e1"]
    );
    let log = ada.csv("/api/v1/activity-log").await;
    let renamed = |event: &str| {
        log.iter()
            .any(|row| row["event"] == event && row["actor_name"] == "Olga Operator")
    };
    assert!(renamed("GroupRenamed") && renamed("EntityRenamed"));
}
