//! The operator pages.

use crate::support::browser::Browser;
use crate::support::{World, id, on_both_databases};

on_both_databases! {
    an_operator_signs_in_with_a_token,
    groups_entities_and_users_are_provisioned,
    projections_are_verified_and_rebuilt,
    r12_operators_generate_the_secret_of_an_aiq_integrate_application,
    the_outbox_is_shown_and_retried,
    no_page_is_open_to_anybody_else,
}

async fn operator(world: &World) -> Browser {
    let mut operator = Browser::new(world);
    operator
        .open("/operator")
        .await
        .expect(200)
        .shows("Sign in as an operator");
    let token = world.operator.token.clone().unwrap();
    operator
        .send("/operator/sign-in", &[("token", &token)])
        .await
        .expect(200);
    operator
}

async fn an_operator_signs_in_with_a_token(world: World) {
    let mut somebody = Browser::new(&world);
    somebody.open("/operator/sign-in").await;
    somebody
        .send("/operator/sign-in", &[("token", "gbo_x")])
        .await
        .expect(401)
        .shows("no valid operator token");
    let mut olga = operator(&world).await;
    olga.open("/operator/groups")
        .await
        .expect(200)
        .shows("Olga Operator")
        .shows("Acme Group");
    olga.send("/operator/sign-out", &[]).await.expect(200);
    olga.open("/operator/groups").await.shows("Sign in as an operator");
}

async fn groups_entities_and_users_are_provisioned(world: World) {
    let mut olga = operator(&world).await;
    olga.open("/operator/groups").await;
    let bad = [("group_id", "ho oli"), ("name", ""), ("product_plan", "AIQ3")];
    let page = olga.send("/operator/groups", &bad).await.expect(422).clone();
    assert_eq!(page.value("group_id").as_deref(), Some("ho oli"));
    let taken = [("group_id", "acme"), ("name", "Acme"), ("product_plan", "AIQ3")];
    olga.send("/operator/groups", &taken)
        .await
        .expect(422)
        .shows("There is a group with this id already");
    let good = [("group_id", "hooli"), ("name", "Hooli <i>"), ("product_plan", "AIQ3")];
    olga.send("/operator/groups", &good)
        .await
        .expect(200)
        .shows("Hooli <i>");
    let here = "/operator/groups/hooli";
    let entity = [("do", "put-entity"), ("entity_id", "h1"), ("name", "Hooli One")];
    olga.send_in(here, &entity)
        .await
        .expect(200)
        .shows("Hooli One")
        .shows("Saved");
    let user = [
        ("do", "put-user"),
        ("user_id", "gavin"),
        ("email", "gavin@hooli.example"),
        ("name", "Gavin"),
        ("role", "practice_admin"),
    ];
    olga.send_in(here, &user)
        .await
        .expect(200)
        .shows("Gavin gavin gavin@hooli.example Practice Admin");
    let wrong = [
        ("do", "put-user"),
        ("user_id", "x y"),
        ("email", "nope"),
        ("name", ""),
        ("role", "user"),
    ];
    let page = olga.send_in(here, &wrong).await.expect(422).clone();
    page.shows("Please correct the following");
    assert_eq!(page.value("email").as_deref(), Some("nope"));
    let link = [("do", "password-link"), ("user_id", "gavin")];
    olga.send_in(here, &link).await.expect(200).shows("on its way");
    assert!(
        world
            .last_mail_to("gavin@hooli.example")
            .await
            .link()
            .contains("/set-password")
    );
    let off = [("do", "describe"), ("name", "Hooli"), ("product_plan", "AIQ2")];
    olga.send_in(here, &off).await.expect(200);
    assert_eq!(olga.page.value("product_plan").as_deref(), Some("AIQ2"));
    let gone = [("do", "remove-entity"), ("entity_id", "h1")];
    olga.send_in(here, &gone)
        .await
        .expect(200)
        .shows("There is no entity yet");
    let gone = [("do", "remove-user"), ("user_id", "gavin")];
    olga.send_in(here, &gone)
        .await
        .expect(200)
        .shows("There is no user yet");
}

/// Waits until the replay that was started last has ended.
async fn ended(world: &World) {
    while world.gatebook.latest_replay().is_some_and(|job| !job.has_ended()) {
        tokio::task::yield_now().await;
    }
}

async fn projections_are_verified_and_rebuilt(world: World) {
    world.created(&world.ada().await, "Payroll Bridge").await;
    let mut olga = operator(&world).await;
    olga.open("/operator/projections")
        .await
        .expect(200)
        .shows("app_list")
        .shows("token_gate");
    let here = "/operator/projections";
    olga.send_in(here, &[("do", "verify"), ("projection", "")])
        .await
        .expect(200);
    ended(&world).await;
    olga.open(here).await.shows("all equal").hides("under way");
    olga.send_in(here, &[("do", "rebuild"), ("projection", "app_list")])
        .await
        .expect(200);
    ended(&world).await;
    olga.open(here).await.shows("app_list: generation 2, 1 rows");
    olga.send_in(here, &[("do", "rebuild"), ("projection", "nonsense")])
        .await
        .expect(404);
}

async fn r12_operators_generate_the_secret_of_an_aiq_integrate_application(world: World) {
    let ada = world.ada().await;
    let app = ada
        .post(crate::support::APPS, World::aiq_integrate("Bank Link"))
        .await
        .expect(201)
        .json();
    let mut olga = operator(&world).await;
    let form = olga
        .open("/operator/requests")
        .await
        .expect(200)
        .shows("Bank Link")
        .shows("Acme Group")
        .clone();
    let generate = format!("/operator/requests/{}/client-secrets", id(&app));
    olga.send(&generate, &[])
        .await
        .expect(200)
        .shows("gbs_")
        .shows("this once only");
    olga.page = form;
    olga.send(&generate, &[])
        .await
        .expect(409)
        .shows("This form was sent before")
        .hides("gbs_");
    olga.open("/operator/requests?name=zzz")
        .await
        .expect(200)
        .shows("There is no such application");
}

async fn the_outbox_is_shown_and_retried(world: World) {
    world.created(&world.ada().await, "Payroll Bridge").await;
    let mut olga = operator(&world).await;
    let page = olga.open("/operator/outbox?state=pending").await.expect(200).clone();
    page.shows("dev@example.com").shows("invitation");
    let retry = page
        .html
        .split("action=\"")
        .find(|form| form.contains("/retry\""))
        .unwrap();
    let retry = retry.split('"').next().unwrap().to_owned();
    olga.send(&retry, &[])
        .await
        .expect(200)
        .shows("at the next opportunity");
    olga.open("/operator/outbox?state=failed")
        .await
        .expect(200)
        .shows("There is no such mail");
}

async fn no_page_is_open_to_anybody_else(world: World) {
    let mut ada = Browser::of_user(&world, "acme", "ada").await;
    for path in ["groups", "groups/acme", "requests", "projections", "outbox"] {
        let page = ada.open(&format!("/operator/{path}")).await;
        page.expect(200).shows("Sign in as an operator");
    }
}
