//! A verified application in the Developer Portal: its client secrets, its entities, and what can stand in the way.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::portal::{DEV, logged_in, verified};
use crate::support::browser::Browser;
use crate::support::world::PASSWORD;
use crate::support::{World, app_at, on_both_databases};

on_both_databases! {
    r23_two_forms_at_once_make_one_client_secret,
    r23_a_form_about_other_client_secrets_makes_none,
    after_the_end_of_the_session_pages_are_shown_and_nothing_done,
    r23_the_new_secret_gets_a_token_and_the_older_goes_on_as_long_as_was_chosen,
    r23_a_secret_is_retired_once,
    r23_an_overlap_that_cannot_be_is_told_beside_its_field,
    a_choice_that_was_made_before_the_session_ended_is_still_there,
    r27_a_suspended_or_revoked_application_gives_no_secrets,
    r1_off_the_plan_no_secret_is_generated,
    r22_entities_come_page_by_page,
    a_developer_ends_sessions_one_by_one,
}

/// Shows the credentials.
async fn shown(dev: &mut Browser, here: &str) {
    dev.open(here).await.expect(200);
    dev.send(&format!("{here}/credentials"), &[]).await.expect(200);
}

async fn generated(dev: &mut Browser, here: &str, fields: &[(&str, &str)]) -> String {
    shown(dev, here).await;
    let page = dev.send(&format!("{here}/client-secrets"), fields).await.expect(200);
    let secret = page.html.split("id=\"client-secret\">").nth(1).unwrap();
    secret.split('<').next().unwrap().to_owned()
}

/// The addresses at which the client secrets of this page are retired.
fn retire_links(dev: &Browser) -> Vec<String> {
    let links = dev
        .page
        .html
        .split("href=\"")
        .filter_map(|link| link.split_once('"').map(|(link, _)| link));
    links
        .filter(|link| link.ends_with("/retire"))
        .map(str::to_owned)
        .collect()
}

async fn r23_two_forms_at_once_make_one_client_secret(world: World) {
    let (mut dev, _, here) = verified(&world).await;
    shown(&mut dev, &here).await;
    let mut twin = Browser::new(&world);
    (twin.cookies, twin.page) = (dev.cookies.clone(), dev.page.clone());
    let before = world.traces().await;
    let path = format!("{here}/client-secrets");
    let (one, other) = tokio::join!(dev.send(&path, &[]), twin.send(&path, &[]));
    assert_eq!(one.expect(200).text(), other.expect(200).text());
    assert_eq!(world.traces().await.events, before.events + 1);
}

async fn r23_a_form_about_other_client_secrets_makes_none(world: World) {
    let (mut dev, _, here) = verified(&world).await;
    shown(&mut dev, &here).await;
    let older = dev.page.clone();
    generated(&mut dev, &here, &[]).await;
    let retire = {
        shown(&mut dev, &here).await;
        retire_links(&dev).remove(0)
    };
    let before = world.traces().await;
    dev.page = older.clone();
    dev.send(&format!("{here}/client-secrets"), &[])
        .await
        .expect(409)
        .shows("the client secrets have changed since you opened it");
    assert_eq!(world.traces().await, before);
    // A secret that has ended is not shown again.
    dev.page = older;
    let form = dev.page.clone();
    dev.open(&retire).await.expect(200);
    dev.send(&retire, &[]).await.expect(200);
    dev.page = form.clone();
    dev.send(&format!("{here}/client-secrets"), &[])
        .await
        .expect(200)
        .shows("gbs_");
    shown(&mut dev, &here).await;
    let retire = retire_links(&dev).remove(0);
    dev.open(&retire).await.expect(200);
    dev.send(&retire, &[]).await.expect(200);
    dev.page = form;
    dev.send(&format!("{here}/client-secrets"), &[])
        .await
        .expect(409)
        .hides("curl -u");
}

async fn after_the_end_of_the_session_pages_are_shown_and_nothing_done(world: World) {
    let (mut dev, _, here) = verified(&world).await;
    for (page, action, seen) in [
        (
            here.as_str(),
            format!("{here}/credentials"),
            "The Activity Log records that you view them",
        ),
        (
            "/portal/account",
            "/portal/account/password-link".to_owned(),
            "Your account",
        ),
    ] {
        dev.open(page).await.expect(200);
        world.pass(TimeDelta::minutes(31));
        dev.send(&action, &[]).await.expect(401);
        dev.send("/portal/log-in", &[("email", DEV), ("password", PASSWORD)])
            .await
            .expect(200);
        let (before, mails) = (world.traces().await, world.mails().await.len());
        dev.send(&action, &[])
            .await
            .expect(200)
            .shows(seen)
            .hides("We have sent you an e-mail");
        assert_eq!(
            (world.traces().await, world.mails().await.len()),
            (before, mails),
            "{action}"
        );
    }
}

async fn r23_the_new_secret_gets_a_token_and_the_older_goes_on_as_long_as_was_chosen(world: World) {
    let (mut dev, app, here) = verified(&world).await;
    let first = generated(&mut dev, &here, &[]).await;
    let client_id = app["client_id"].as_str().unwrap().to_owned();
    dev.page.shows(&format!("curl -u '{client_id}:{first}'"));
    shown(&mut dev, &here).await;
    dev.page.hides(&first).shows("never");
    assert!(dev.page.html.contains("value=\"259200\" selected"), "{}", dev.page.html);
    let older = (client_id.clone(), first);
    world.token(&older).await.expect(200);
    let second = generated(&mut dev, &here, &[("overlap_seconds", "0")]).await;
    world.token(&older).await.expect(401);
    world.token(&(client_id, second)).await.expect(200);
}

async fn r23_a_secret_is_retired_once(world: World) {
    let (mut dev, _, here) = verified(&world).await;
    generated(&mut dev, &here, &[]).await;
    shown(&mut dev, &here).await;
    let [retire] = retire_links(&dev).try_into().unwrap();
    let question = dev.open(&retire).await.expect(200).clone();
    question.shows("This cannot be undone");
    let page = dev.send(&retire, &[]).await;
    page.expect(200)
        .shows("The client secret has been retired")
        .shows("Show Credentials");
    let before = world.traces().await;
    dev.page = question;
    let page = dev.send(&retire, &[]).await;
    page.expect(404).shows("This client secret has ended").hides("revoked");
    assert_eq!(world.traces().await, before);
}

async fn r23_an_overlap_that_cannot_be_is_told_beside_its_field(world: World) {
    let (mut dev, _, here) = verified(&world).await;
    generated(&mut dev, &here, &[]).await;
    shown(&mut dev, &here).await;
    let before = world.traces().await;
    for overlap in ["-1", "7776001", "soon", "99999999999999999999", "<script>"] {
        let page = dev
            .send(&format!("{here}/client-secrets"), &[("overlap_seconds", overlap)])
            .await
            .expect(422);
        assert!(page.html.contains("id=\"overlap_seconds-error\""), "{overlap}");
        assert!(page.html.contains("value=\"259200\" selected"), "{overlap}");
    }
    assert_eq!(world.traces().await, before);
}

async fn a_choice_that_was_made_before_the_session_ended_is_still_there(world: World) {
    let (mut dev, _, here) = verified(&world).await;
    generated(&mut dev, &here, &[]).await;
    shown(&mut dev, &here).await;
    world.pass(TimeDelta::minutes(31));
    let path = format!("{here}/client-secrets");
    let rotate = [("overlap_seconds", "3600")];
    dev.send(&path, &rotate)
        .await
        .expect(401)
        .shows("Your session has ended");
    dev.send("/portal/log-in", &[("email", DEV), ("password", PASSWORD)])
        .await
        .expect(200);
    let page = dev.send(&path, &[]).await.expect(200);
    page.hides("You will not see it again");
    assert!(page.html.contains("value=\"3600\" selected"), "{}", page.html);
    let page = dev.send(&path, &rotate).await;
    page.expect(200).shows("You will not see it again");
}

async fn r27_a_suspended_or_revoked_application_gives_no_secrets(world: World) {
    let (mut dev, app, here) = verified(&world).await;
    shown(&mut dev, &here).await;
    let form = dev.page.clone();
    let ada = world.ada().await;
    for (command, sentence) in [
        ("/suspend", "This application is suspended"),
        ("/revoke", "This application has been permanently revoked"),
    ] {
        ada.post(&app_at(&app, command), json!({})).await.done();
        for page in ["", "/entities"] {
            dev.open(&format!("{here}{page}")).await.expect(200).shows(sentence);
        }
        shown(&mut dev, &here).await;
        dev.page.shows(sentence).hides("Generate client secret");
        dev.page = form.clone();
        dev.send(&format!("{here}/client-secrets"), &[])
            .await
            .expect(409)
            .shows(sentence);
    }
    dev.open("/portal").await.expect(200).shows("Revoked");
}

async fn r1_off_the_plan_no_secret_is_generated(world: World) {
    let (mut dev, _, here) = verified(&world).await;
    shown(&mut dev, &here).await;
    world.plan("acme", "Acme Group", "AIQ2").await;
    let page = dev.send(&format!("{here}/client-secrets"), &[]).await;
    page.expect(403).shows("is currently not on the AIQ3 product plan");
    page.hides("Generate client secret");
}

async fn r22_entities_come_page_by_page(world: World) {
    let (mut dev, app, here) = verified(&world).await;
    let names: Vec<_> = (100..160).map(|n| format!("e{n}")).collect();
    let entities: Vec<&str> = names.iter().map(String::as_str).collect();
    world.settle("acme", "Acme Group", "AIQ3", &entities).await;
    let ada = world.ada().await;
    ada.patch(&app_at(&app, ""), json!({"entities": names})).await.done();
    let page = dev.open(&format!("{here}/entities?name=entity")).await.expect(200);
    page.shows("Entity E100").shows("Entity E149").hides("Entity E150");
    let next = page.html.split("href=\"").find(|link| link.contains("after=")).unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    let page = dev.open(&next).await.expect(200);
    page.shows("Entity E150").shows("Entity E159").hides("Entity E149");
    page.shows("First page").hides("Next page");
    assert_eq!(page.value("name").as_deref(), Some("entity"));
    let hostile = "%22%3E%3Cscript%3E%27%E2%80%AE";
    let page = dev
        .open(&format!("{here}/entities?name={hostile}&after={hostile}"))
        .await;
    page.expect(200).shows("No entities match");
    let page = dev
        .open(&format!("{here}/entities?name=entity&id=E15"))
        .await
        .expect(200);
    page.shows("Entity E150").shows("Entity E159").hides("Entity E149");
    assert_eq!(page.value("id").as_deref(), Some("E15"));
    assert!(!page.html.contains("<script>"));
    let book = "a".repeat(50_000);
    let page = dev.open(&format!("{here}/entities?id={book}")).await;
    page.expect(422).shows("for at most 8000 bytes");
    ada.patch(&app_at(&app, ""), json!({"entities": []})).await.done();
    let page = dev.open(&format!("{here}/entities")).await;
    page.expect(200).shows("No entities are assigned to this application");
}

async fn a_developer_ends_sessions_one_by_one(world: World) {
    let (mut dev, _, _): (Browser, Value, String) = verified(&world).await;
    let mut elsewhere = logged_in(&world).await;
    let page = elsewhere.open("/portal/account").await.expect(200);
    let this = page
        .html
        .split("<tr>")
        .find(|row| row.contains("this session"))
        .unwrap();
    let this = this.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    let this = this.to_owned();
    let form = dev.open(&this).await.expect(200).shows("End this session?").clone();
    let page = dev.send(&this, &[]).await;
    page.expect(200).shows("The session has been ended").hides("revoked");
    elsewhere.open("/portal").await.shows("Log in to the Developer Portal");
    dev.page = form;
    dev.send(&this, &[])
        .await
        .expect(200)
        .shows("The session has been ended");
    let own = dev.open("/portal/account").await.expect(200);
    let own = own.html.split("<tr>").find(|row| row.contains("this session")).unwrap();
    let own = own.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    let own = own.to_owned();
    dev.open(&own).await.expect(200).shows("you will be signed out here");
    let page = dev.send(&own, &[]).await;
    page.expect(200).shows("Log in to the Developer Portal");
    assert!(dev.cookies.is_empty());
}
