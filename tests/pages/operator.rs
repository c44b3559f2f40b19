//! The operator pages.

use chrono::TimeDelta;
use gatebook::store::ConnectionPurpose;
use gatebook_projections::app_list::{Filter, Sort};

use crate::support::browser::{Browser, Page};
use crate::support::{APPS, World, id, on_both_databases};

on_both_databases! {
    an_operator_signs_in_with_a_token,
    nobody_signs_in_to_sign_out,
    projections_are_verified_and_rebuilt,
    what_another_node_rebuilds_is_told_as_far_as_the_database_knows,
    r12_operators_generate_the_secret_of_an_aiq_integrate_application,
    only_mails_that_failed_are_retried,
    a_retry_that_waited_for_signing_in_is_not_carried_out_unasked,
    r12_two_forms_that_are_sent_at_once_make_one_secret,
    no_page_is_open_to_anybody_else,
}

/// A browser in which an operator is signed in.
pub async fn operator(world: &World) -> Browser {
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
        .shows("This operator token is not valid");
    let mut olga = operator(&world).await;
    olga.open("/operator/groups")
        .await
        .expect(200)
        .shows("Olga Operator")
        .shows("Acme Group");
    olga.send("/operator/sign-out", &[]).await.expect(200);
    olga.open("/operator/groups").await.shows("Sign in as an operator");
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
    olga.open(here).await.shows("all equal").hides("running.");
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
        .post(APPS, World::aiq_integrate("Bank Link"))
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
        .shows("You will not see it again");
    let secret = secret_on(&olga.page);
    olga.page = form.clone();
    olga.send(&generate, &[]).await.expect(200);
    assert_eq!(secret_on(&olga.page), secret, "a second click shows it again");
    world.pass(TimeDelta::minutes(10));
    olga.page = form;
    olga.send(&generate, &[])
        .await
        .expect(409)
        .shows("This form has already been sent")
        .hides("gbs_");
    let anybody = gatebook::application::Caller::command_line("test".to_owned());
    let secrets = world
        .gatebook
        .all_apps(anybody.operator().unwrap(), &Filter::default(), Sort::Name, None, 9)
        .await;
    assert_eq!(secrets.unwrap().items[0].app().version, 2, "one secret was made");
    olga.open("/operator/requests?name=zzz")
        .await
        .expect(200)
        .shows("No applications match");
}

/// The client secret that is shown.
fn secret_on(page: &Page) -> String {
    let text = page.text();
    let secret = text.split_whitespace().find(|word| word.starts_with("gbs_"));
    secret.unwrap().to_owned()
}

async fn r12_two_forms_that_are_sent_at_once_make_one_secret(world: World) {
    let ada = world.ada().await;
    let app = ada
        .post(APPS, World::aiq_integrate("Bank Link"))
        .await
        .expect(201)
        .json();
    let mut olga = operator(&world).await;
    olga.open("/operator/requests").await;
    let mut again = operator(&world).await;
    again.cookies.clone_from(&olga.cookies);
    again.page = olga.page.clone();
    let generate = format!("/operator/requests/{}/client-secrets", id(&app));
    tokio::join!(olga.send(&generate, &[]), again.send(&generate, &[]));
    assert_eq!(secret_on(&olga.page), secret_on(&again.page));
}

/// The newest mail cannot be sent; the address of its retry.
async fn fails(world: &World, olga: &mut Browser) -> String {
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    let order = "update outbox set state = 'failed', attempts = 12, last_error = 'nobody here' where state = 'pending'";
    transaction.script(order).await.unwrap();
    transaction.commit().await.unwrap();
    let page = olga.open("/operator/outbox").await.expect(200);
    let retry = page
        .html
        .split("action=\"")
        .find(|form| form.contains("/retry\""))
        .unwrap();
    retry.split('"').next().unwrap().to_owned()
}

async fn only_mails_that_failed_are_retried(world: World) {
    world.created(&world.ada().await, "Payroll Bridge").await;
    let mut olga = operator(&world).await;
    let page = olga.open("/operator/outbox?state=pending").await.expect(200);
    page.shows("dev@example.com").shows("invitation").hides("Retry");
    page.shows("Pending 1")
        .shows("Failed 0")
        .shows("Waiting longest 23 November 2026");
    let retry = fails(&world, &mut olga).await;
    olga.page
        .shows("nobody here")
        .shows("Retry all failed (1)")
        .shows("Waiting longest none");
    let form = olga.page.clone();
    for click in 1..=2 {
        olga.page = form.clone();
        let page = olga.send(&retry, &[]).await.expect(200);
        assert!(page.text().contains("will be sent shortly"), "click {click}");
    }
    assert_eq!(world.mails().await.len(), 1);
    olga.page = form;
    let page = olga.send(&retry, &[]).await.expect(409);
    page.shows("has already been sent").hides("will be sent shortly");
    assert_eq!(world.mails().await.len(), 1);
    world.created(&world.ada().await, "Other").await;
    fails(&world, &mut olga).await;
    olga.send("/operator/outbox/retry", &[])
        .await
        .expect(200)
        .shows("will be sent shortly");
    assert_eq!(world.mails().await.len(), 2);
    olga.open("/operator/outbox?state=failed")
        .await
        .expect(200)
        .shows("No e-mails match");
}

async fn a_retry_that_waited_for_signing_in_is_not_carried_out_unasked(world: World) {
    world.created(&world.ada().await, "Payroll Bridge").await;
    let mut olga = operator(&world).await;
    let retry = fails(&world, &mut olga).await;
    world.pass(TimeDelta::minutes(31));
    olga.send(&retry, &[]).await.expect(401).shows("Your session has ended");
    let token = world.operator.token.clone().unwrap();
    olga.send("/operator/sign-in", &[("token", &token)])
        .await
        .shows("Nothing has been sent yet");
    olga.send(&retry, &[]).await.expect(200).shows("nobody here");
    assert!(world.mails().await.is_empty());
}

async fn nobody_signs_in_to_sign_out(world: World) {
    let mut olga = operator(&world).await;
    olga.open("/operator/groups").await;
    world.pass(TimeDelta::minutes(31));
    let page = olga.send("/operator/sign-out", &[]).await.expect(200);
    page.shows("Sign in as an operator").hides("has been kept");
    assert!(olga.cookies.is_empty());
}

async fn what_another_node_rebuilds_is_told_as_far_as_the_database_knows(world: World) {
    let mut olga = operator(&world).await;
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    let cursor = r#"{"fold_version":1,"run":1,"after":"0199-stream","copied":false}"#;
    let order = format!("update projections set rebuild_from = 3, rebuild_cursor = '{cursor}' where name = 'app_list'");
    transaction.script(&order).await.unwrap();
    transaction.commit().await.unwrap();
    let page = olga.open("/operator/projections").await.expect(200);
    page.shows("A rebuild of app_list is running on another node, or was interrupted");
    page.shows("it has copied the streams up to 0199-stream")
        .shows("Refresh");
    assert!(page.html.contains("data-again=\"5\""), "{}", page.html);
}

async fn no_page_is_open_to_anybody_else(world: World) {
    let mut ada = Browser::of_user(&world, "acme", "ada").await;
    for path in ["groups", "groups/acme", "requests", "projections", "outbox"] {
        let page = ada.open(&format!("/operator/{path}")).await;
        page.expect(200).shows("Sign in as an operator");
    }
}
