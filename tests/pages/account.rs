//! One's own account in the console: API tokens and sessions.

use chrono::TimeDelta;

use super::console::{HOSTILE, ada, goes_on_after_the_session_has_ended, is_harmless};
use crate::support::browser::{Browser, Page};
use crate::support::world::PASSWORD;
use crate::support::{World, on_both_databases};

on_both_databases! {
    a_token_is_made_shown_and_ended,
    a_token_form_that_is_sent_twice_shows_the_same_token_again,
    a_token_form_that_is_sent_at_once_makes_one_token,
    a_tokens_name_is_checked_and_kept,
    a_token_needs_the_password_and_has_an_end,
    ending_twice_is_ending_once,
    no_password_stands_in_a_form_that_is_kept_over_a_sign_in,
    after_the_end_of_the_session_the_page_is_shown_and_nothing_done,
    a_session_is_ended_from_another_one,
}

/// What the form for a token is filled in with.
fn named(name: &str) -> [(&str, &str); 3] {
    [("name", name), ("valid_days", "30"), ("password", PASSWORD)]
}

fn token(page: &Page) -> String {
    let text = page.text();
    text.split(' ')
        .find(|word| word.starts_with("gbu_"))
        .unwrap()
        .to_owned()
}

/// Where the first thing of this kind is ended.
fn end(browser: &Browser, kind: &str) -> String {
    let mut links = browser.page.html.split("href=\"");
    let end = links
        .find(|link| link.starts_with(kind) && link.contains("/end\""))
        .unwrap();
    end.split('"').next().unwrap().to_owned()
}

async fn a_token_is_made_shown_and_ended(world: World) {
    let mut ada = ada(&world).await;
    ada.open("/account").await.expect(200);
    let token = token(ada.send("/account/tokens", &named("Laptop <b>")).await.expect(200));
    let program = world.person(Some(token));
    program.get("/api/v1/me").await.expect(200);
    ada.open("/account")
        .await
        .shows("Laptop <b>")
        .hides("never")
        .hides("gbu_");
    let end = end(&ada, "/account/tokens/");
    ada.open(&end)
        .await
        .expect(200)
        .shows("End this token?")
        .shows("Laptop <b>");
    ada.send(&end, &[]).await.expect(200).hides("Laptop <b>");
    program.get("/api/v1/me").await.refused(401, "unauthenticated");
}

async fn a_token_form_that_is_sent_twice_shows_the_same_token_again(world: World) {
    let mut ada = ada(&world).await;
    let form = ada.open("/account").await.clone();
    let first = token(ada.send("/account/tokens", &named("Laptop")).await.expect(200));
    let before = world.traces().await;
    ada.page = form.clone();
    assert_eq!(
        token(ada.send("/account/tokens", &named("Laptop")).await.expect(200)),
        first
    );
    ada.page = form.clone();
    ada.send("/account/tokens", &named("Phone"))
        .await
        .expect(409)
        .shows("You have already sent this form")
        .hides("gbu_");
    world.pass(TimeDelta::minutes(10));
    ada.page = form;
    ada.send("/account/tokens", &named("Laptop"))
        .await
        .expect(409)
        .shows("You have already sent this form")
        .hides("gbu_");
    assert_eq!(world.traces().await, before);
    ada.send("/account/tokens", &named("Laptop"))
        .await
        .expect(200)
        .shows("gbu_");
}

async fn a_token_form_that_is_sent_at_once_makes_one_token(world: World) {
    let mut ada = ada(&world).await;
    ada.open("/account").await.expect(200);
    let before = world.traces().await;
    let clicks = (0..4).map(|_| {
        let mut window = Browser::new(&world);
        (window.cookies, window.page) = (ada.cookies.clone(), ada.page.clone());
        async move { token(window.send("/account/tokens", &named("Laptop")).await.expect(200)) }
    });
    let shown = futures::future::join_all(clicks).await;
    assert!(shown.iter().all(|token| *token == shown[0]), "{shown:?}");
    assert_eq!(world.traces().await.events, before.events + 1);
}

async fn a_tokens_name_is_checked_and_kept(world: World) {
    let mut ada = ada(&world).await;
    let before = world.traces().await.events;
    ada.open("/account").await.expect(200);
    let long = "x".repeat(201);
    for (name, message) in [
        ("", "Fill in “Name of the new token”."),
        (long.as_str(), "“Name of the new token” can have at most"),
        ("a\u{202e}b", "text-direction characters are not allowed"),
        ("a\0b", "Control, invisible"),
    ] {
        let page = ada.send("/account/tokens", &named(name)).await.expect(422);
        page.shows(message).hides("“name”");
        assert_eq!(page.value("name").as_deref(), Some(name));
    }
    assert_eq!(world.traces().await.events, before);
    ada.send("/account/tokens", &named(HOSTILE)).await.expect(200);
    is_harmless(ada.open("/account").await.expect(200));
}

async fn ending_twice_is_ending_once(world: World) {
    let mut ada = ada(&world).await;
    let _elsewhere = super::console::ada(&world).await;
    ada.open("/account").await;
    ada.send("/account/tokens", &named("Laptop")).await.expect(200);
    let opened = ada.open("/account").await.clone();
    for kind in ["/account/tokens/", "/account/sessions/"] {
        ada.page = opened.clone();
        let this = opened
            .html
            .split("<tr>")
            .find(|row| row.contains(kind) && !row.contains("this session"));
        let end = this
            .unwrap()
            .split("href=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        let question = ada.open(&end).await.expect(200).clone();
        ada.send(&end, &[]).await.expect(200);
        let before = world.traces().await;
        ada.open(&end).await.expect(200).shows("has already ended");
        ada.page = question;
        let page = ada.send(&end, &[]).await.expect(200);
        assert_eq!(
            (page.path.as_str(), world.traces().await),
            ("/account", before),
            "{kind}"
        );
    }
}

async fn after_the_end_of_the_session_the_page_is_shown_and_nothing_done(world: World) {
    let mut ada = ada(&world).await;
    ada.open("/account").await;
    ada.send("/account/tokens", &named("Laptop")).await.expect(200);
    ada.open("/account").await;
    for kind in ["/account/tokens/", "/account/sessions/", "/account/password-link"] {
        ada.open("/account").await;
        let action = match kind {
            "/account/password-link" => kind.to_owned(),
            kind => {
                let end = end(&ada, kind);
                ada.open(&end).await.expect(200);
                end
            }
        };
        let mails = world.mails().await.len();
        goes_on_after_the_session_has_ended(&world, &mut ada, "ada@acme.example", &action, &[]).await;
        ada.page
            .shows("Your account")
            .shows("Laptop")
            .hides("We have sent you an e-mail");
        assert_eq!(world.mails().await.len(), mails, "{action}");
    }
    let named = named("Typed before");
    goes_on_after_the_session_has_ended(&world, &mut ada, "ada@acme.example", "/account/tokens", &named).await;
    assert_eq!(ada.page.value("name").as_deref(), Some("Typed before"));
    ada.page.hides("gbu_");
    ada.send("/account/tokens", &named).await.expect(200).shows("gbu_");
}

async fn a_session_is_ended_from_another_one(world: World) {
    let mut here = Browser::of_user(&world, "acme", "ada").await;
    let mut there = Browser::of_user(&world, "acme", "ada").await;
    here.open("/account").await.expect(200).shows("this session");
    let html = here.page.html.clone();
    let rows: Vec<_> = html
        .split("<tr>")
        .filter(|row| row.contains("/account/sessions/"))
        .collect();
    assert_eq!(rows.len(), 2);
    let other = rows.iter().find(|row| !row.contains("this session")).unwrap();
    let end = other
        .split("href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    here.open(&end).await.expect(200).shows("End this session?");
    here.send(&end, &[]).await.expect(200);
    there.open("/account").await.shows("Sign in");
    here.open("/account").await.expect(200).shows("Ada Admin");
    here.send("/account/password-link", &[])
        .await
        .expect(200)
        .shows("We have sent you an e-mail with a link to choose a new password");
}

async fn no_password_stands_in_a_form_that_is_kept_over_a_sign_in(world: World) {
    let mut ada = ada(&world).await;
    ada.open("/account").await.expect(200);
    world.pass(TimeDelta::minutes(31));
    let page = ada.send("/account/tokens", &named("Laptop")).await.expect(401);
    assert!(!page.html.contains(PASSWORD));
    let form = [("email", "ada@acme.example"), ("password", PASSWORD)];
    let page = ada.send("/sign-in", &form).await.expect(200);
    page.shows("Nothing has been sent yet");
    assert!(!page.html.contains(PASSWORD), "{}", page.html);
    let page = ada.send("/account/tokens", &[]).await.expect(200);
    page.hides("gbu_");
    assert_eq!(page.value("name").as_deref(), Some("Laptop"));
    assert_eq!(page.value("password").unwrap_or_default(), "");
    token(ada.send("/account/tokens", &named("Laptop")).await.expect(200));
}

async fn a_token_needs_the_password_and_has_an_end(world: World) {
    let mut ada = ada(&world).await;
    ada.open("/account").await.expect(200);
    let before = world.traces().await.events;
    for (days, password, message) in [
        ("30", "", "Enter your password."),
        ("30", "wrong horse battery staple", "This is not your password."),
        ("3650", PASSWORD, "Choose how long it is valid."),
    ] {
        let form = [("name", "Laptop"), ("valid_days", days), ("password", password)];
        let page = ada.send("/account/tokens", &form).await.expect(422);
        page.shows(message).hides("gbu_");
        assert!(!page.html.contains(PASSWORD) && !page.html.contains("wrong horse"));
    }
    assert_eq!(world.traces().await.events, before);
    let page = ada.send("/account/tokens", &named("Laptop")).await.expect(200);
    page.shows("Valid until 23 December 2026, 09:00 UTC");
    let program = world.person(Some(token(page)));
    ada.open("/account").await.expect(200).shows("23 December 2026");
    world.pass(TimeDelta::days(30) - TimeDelta::milliseconds(1));
    program.get("/api/v1/me").await.expect(200);
    world.pass(TimeDelta::milliseconds(1));
    program.get("/api/v1/me").await.refused(401, "unauthenticated");
}
