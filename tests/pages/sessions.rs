//! Sessions: what opens what, how long, and how they are listed, renewed and ended.

use chrono::TimeDelta;

use super::portal::{DEV, logged_in};
use crate::support::browser::Browser;
use crate::support::world::PASSWORD;
use crate::support::{World, on_both_databases};

on_both_databases! {
    signing_in_again_renews_the_session_and_ends_the_one_before,
    a_browsers_cookie_is_no_token_for_programs_and_a_programs_token_no_cookie,
    a_program_keeps_its_session_for_twelve_hours_and_its_developer_sees_it_and_ends_it,
    a_changed_password_ends_the_sessions_of_browsers_and_programs,
    an_operator_sees_and_ends_the_sessions_of_the_token,
    after_signing_in_for_a_download_its_page_is_shown,
    the_account_page_asks_as_much_for_many_sessions_as_for_one,
}

const PORTAL_COOKIE: &str = "__Host-gatebook-portal";
const PORTAL_APPS: &str = "/portal/api/v1/apps";

/// A developer with an account.
async fn developer(world: &World) {
    world.created(&world.ada().await, "Payroll").await;
    world.signed_up(DEV).await;
}

/// Where the sessions that a page lists are ended; the one that looks at it is not among them.
fn others(browser: &Browser, action: &str) -> Vec<String> {
    let rows = browser
        .page
        .html
        .split("<tr>")
        .filter(|row| !row.contains("this session"));
    let ends = rows.filter_map(|row| row.split_once("href=\"")?.1.split('"').next());
    ends.filter(|end| end.starts_with(action)).map(str::to_owned).collect()
}

async fn signing_in_again_renews_the_session_and_ends_the_one_before(world: World) {
    developer(&world).await;
    world.give_password("acme", "pam").await;
    let token = world.operator.token.clone().unwrap();
    let pam = [("email", "pam@acme.example"), ("password", PASSWORD)];
    let dev = [("email", DEV), ("password", PASSWORD)];
    let operator = [("token", token.as_str())];
    let places = [
        ("/sign-in", "/account", &pam[..]),
        ("/portal/log-in", "/portal/account", &dev),
        ("/operator/sign-in", "/operator/sessions", &operator),
    ];
    for (sign_in, page, entered) in places {
        let mut browser = Browser::new(&world);
        browser.open(sign_in).await;
        browser.send(sign_in, entered).await.expect(200);
        let before = browser.cookies.clone();
        browser.open(page).await.expect(200);
        let other_sessions = others(&browser, page);
        browser.open(sign_in).await;
        browser.send(sign_in, entered).await.expect(200);
        assert_ne!(browser.cookies, before, "{sign_in}");
        browser.open(page).await.expect(200).shows("this session");
        assert_eq!(others(&browser, page), other_sessions, "{page}");
        browser.cookies = before;
        browser.open(page).await;
        assert!(browser.page.path.starts_with(sign_in), "{}", browser.page.path);
    }
}

async fn a_browsers_cookie_is_no_token_for_programs_and_a_programs_token_no_cookie(world: World) {
    developer(&world).await;
    let mut browser = logged_in(&world).await;
    let cookie = browser.cookies[PORTAL_COOKIE].clone();
    let program = world.person(Some(cookie));
    program.get(PORTAL_APPS).await.refused(401, "unauthenticated");
    let program = world.logged_in(DEV).await;
    program.get(PORTAL_APPS).await.expect(200);
    browser
        .cookies
        .insert(PORTAL_COOKIE.to_owned(), program.token.clone().unwrap());
    browser.open("/portal").await.shows("Log in to the Developer Portal");
}

async fn a_program_keeps_its_session_for_twelve_hours_and_its_developer_sees_it_and_ends_it(world: World) {
    developer(&world).await;
    world.pass(TimeDelta::hours(12));
    let (one, other) = (world.logged_in(DEV).await, world.logged_in(DEV).await);
    world.pass(TimeDelta::hours(12) - TimeDelta::minutes(40));
    one.get(PORTAL_APPS).await.expect(200);
    let mut browser = logged_in(&world).await;
    let page = browser.open("/portal/account").await.expect(200);
    page.shows("JSON API");
    assert!(page.html.contains("24 November 2026, 08:20 UTC"), "{}", page.html);
    let listed = others(&browser, "/portal/account/sessions/");
    assert_eq!(listed.len(), 2);
    browser.open(&listed[0]).await.expect(200);
    browser
        .send(&listed[0], &[])
        .await
        .expect(200)
        .shows("The session has been ended");
    let answers = [one.get(PORTAL_APPS).await, other.get(PORTAL_APPS).await];
    let mut statuses = answers.map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    world.pass(TimeDelta::minutes(20));
    browser.open("/portal/account").await.expect(200);
    world.pass(TimeDelta::minutes(20));
    for program in [one, other] {
        program.get(PORTAL_APPS).await.refused(401, "unauthenticated");
    }
    browser.open("/portal/account").await.expect(200).hides("JSON API");
}

async fn a_changed_password_ends_the_sessions_of_browsers_and_programs(world: World) {
    developer(&world).await;
    let (mut browser, program) = (logged_in(&world).await, world.logged_in(DEV).await);
    browser.open("/portal/account").await;
    browser.send("/portal/account/password-link", &[]).await.expect(200);
    let link = super::people::path(&world.last_mail_to(DEV).await.link());
    let mut elsewhere = Browser::new(&world);
    elsewhere.open(&link).await.expect(200);
    let chosen = [("password", PASSWORD), ("repeated", PASSWORD)];
    elsewhere.send("/portal/set-password", &chosen).await.expect(200);
    browser.open("/portal").await.shows("Log in to the Developer Portal");
    program.get(PORTAL_APPS).await.refused(401, "unauthenticated");
}

async fn an_operator_sees_and_ends_the_sessions_of_the_token(world: World) {
    let token = world.operator.token.clone().unwrap();
    let (mut here, mut there) = (Browser::new(&world), Browser::new(&world));
    for browser in [&mut here, &mut there] {
        browser.open("/operator/sign-in").await;
        browser
            .send("/operator/sign-in", &[("token", &token)])
            .await
            .expect(200);
    }
    here.open("/operator/sessions").await.expect(200).shows("Olga Operator");
    let listed = others(&here, "/operator/sessions/");
    assert_eq!(listed.len(), 1);
    here.open(&listed[0]).await.expect(200).shows("End this session?");
    here.send(&listed[0], &[]).await.expect(200).shows("this session");
    there.open("/operator").await.shows("Sign in as an operator");
    let html = here.page.html.clone();
    let own = html
        .split("href=\"")
        .find(|link| link.starts_with("/operator/sessions/"));
    let own = own.unwrap().split('"').next().unwrap();
    here.open(own).await.expect(200);
    here.send(own, &[]).await.expect(200).shows("Sign in as an operator");
    assert!(here.cookies.is_empty());
}

async fn after_signing_in_for_a_download_its_page_is_shown(world: World) {
    world.give_password("acme", "ada").await;
    let mut ada = Browser::new(&world);
    ada.open("/integration-applications/activity-log?from=2026-11-23").await;
    ada.send("/sign-in", &[("email", "ada@acme.example"), ("password", PASSWORD)])
        .await
        .expect(200)
        .shows("New Integration Application");
    assert_eq!(ada.page.path, "/integration-applications");
}

async fn the_account_page_asks_as_much_for_many_sessions_as_for_one(world: World) {
    world.give_password("acme", "ada").await;
    let (node, database) = world.interrupted_node().await;
    let mut asked = Vec::new();
    for sessions in [1, 6] {
        let mut ada = Browser::at(&node);
        for _ in 0..sessions {
            ada.cookies.clear();
            ada.open("/sign-in").await;
            ada.send("/sign-in", &[("email", "ada@acme.example"), ("password", PASSWORD)])
                .await
                .expect(200);
        }
        let before = database.questions();
        ada.open("/account").await.expect(200);
        asked.push(database.questions() - before);
    }
    assert_eq!(asked[0], asked[1]);
}
