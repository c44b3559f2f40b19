//! The token of a link in a mail leaves the address at the first request, so that no history, bookmark, referrer or proxy's
//! log keeps it; and looking at a link uses nothing up.

use reqwest::Method;
use serde_json::json;

use crate::support::browser::Browser;
use crate::support::{Answer, World, on_both_databases};

on_both_databases! {
    r19_an_invitations_token_leaves_the_address,
    r18_whoever_only_looks_at_an_invitation_uses_nothing_up,
    a_password_links_token_leaves_the_address,
    without_cookies_the_page_says_what_it_needs,
    what_cannot_be_a_token_is_kept_nowhere,
}

const DEV: &str = "dev@example.com";
const INVITATION: &str = "__Host-gatebook-invitation";

fn path(link: &str) -> String {
    let rest = link.split_once("://").unwrap().1;
    rest[rest.find('/').unwrap()..].to_owned()
}

/// The answer to a link, without following where it leads.
async fn asked(world: &World, method: Method, path: &str) -> Answer {
    world
        .anybody()
        .send(method, path, None, &[("accept", "text/html")])
        .await
}

async fn invited(world: &World) -> String {
    let ada = world.ada().await;
    world.created(&ada, "Payroll Bridge").await;
    world.last_mail_to(DEV).await.invite_token()
}

async fn r19_an_invitations_token_leaves_the_address(world: World) {
    let token = invited(&world).await;
    let link = format!("/portal/sign-up?invite={token}&utm_source=mail");
    for method in [Method::GET, Method::HEAD] {
        let answer = asked(&world, method, &link).await.expect(303);
        assert_eq!(answer.header("location"), "/portal/sign-up");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.text(), "");
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with(&format!("{INVITATION}={token};")), "{cookie}");
        for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(
            !cookie.contains("Max-Age") && !cookie.contains("Expires"),
            "until the browser is closed: {cookie}"
        );
    }
    let mut dev = Browser::new(&world);
    let page = dev.open(&link).await.expect(200).clone();
    page.shows(DEV);
    assert_eq!(page.path, "/portal/sign-up");
    assert!(
        !page.html.contains("invite="),
        "no link of the page holds it: {}",
        page.html
    );
    // Loaded again, or come back to.
    dev.open("/portal/sign-up").await.expect(200).shows(DEV);
    dev.send("/portal/sign-up/code", &[]).await.expect(200);
    // The address of the form, opened like a page.
    let page = dev.open("/portal/sign-up/code").await.expect(200).clone();
    assert_eq!(page.path, "/portal/sign-up");
    dev.send("/portal/sign-up/code", &[]).await.expect(200);
    let code = world.last_mail_to(DEV).await.code();
    let password = "correct horse battery staple";
    let fields = [
        ("code", code.as_str()),
        ("full_name", "Dev"),
        ("password", password),
        ("repeated", password),
    ];
    dev.send("/portal/sign-up", &fields)
        .await
        .expect(200)
        .shows("Your account is ready");
    assert!(!dev.cookies.contains_key(INVITATION), "{:?}", dev.cookies);
}

async fn r18_whoever_only_looks_at_an_invitation_uses_nothing_up(world: World) {
    let token = invited(&world).await;
    let link = format!("/portal/sign-up?invite={token}");
    let before = world.traces().await;
    for _ in 0..5 {
        asked(&world, Method::HEAD, &link).await.expect(303);
        asked(&world, Method::GET, &link).await.expect(303);
        Browser::new(&world).open(&link).await.expect(200);
    }
    assert_eq!(world.traces().await, before);
    world.signs_up(DEV, &token).await;
}

async fn a_password_links_token_leaves_the_address(world: World) {
    let path_to = "/operator/api/v1/groups/acme/users/ulf/password-link";
    world.operator.post(path_to, json!({})).await.expect(202);
    let of_console = path(&world.last_mail_to("ulf@acme.example").await.link());
    let token = invited(&world).await;
    world.signs_up(DEV, &token).await;
    let mut dev = Browser::new(&world);
    dev.open("/portal/forgot-password").await;
    dev.send("/portal/forgot-password", &[("email", DEV)]).await.expect(200);
    world.background_tasks_are_done().await;
    let of_portal = path(&world.last_mail_to(DEV).await.link());
    for (link, clean) in [(of_console, "/set-password"), (of_portal, "/portal/set-password")] {
        let (_, token) = link.split_once("?link=").unwrap();
        let answer = asked(&world, Method::GET, &link).await.expect(303);
        assert_eq!(answer.header("location"), clean);
        assert!(answer.header("set-cookie").contains(token));
        let mut browser = Browser::new(&world);
        let page = browser.open(&link).await.expect(200).clone();
        assert_eq!(page.path, clean);
        assert!(!page.html.contains("link="), "{}", page.html);
        browser.open(clean).await.expect(200).shows("Choose a password");
        let password = "another long and quiet password";
        let fields = [("password", password), ("repeated", password)];
        browser
            .send(clean, &fields)
            .await
            .expect(200)
            .shows("Your new password is set");
        assert_eq!(browser.cookies.len(), 0, "{:?}", browser.cookies);
        browser
            .open(clean)
            .await
            .expect(404)
            .shows("Open the link in the e-mail again");
    }
}

async fn without_cookies_the_page_says_what_it_needs(world: World) {
    let needs = "your browser is blocking cookies for this site";
    for page in ["/portal/sign-up", "/portal/sign-up/code", "/portal/set-password"] {
        Browser::new(&world).open(page).await.expect(404).shows(needs);
    }
    // Nobody has guessed anything, so nobody is slowed down.
    for _ in 0..101 {
        Browser::new(&world)
            .open("/set-password")
            .await
            .expect(404)
            .shows(needs);
    }
}

async fn what_cannot_be_a_token_is_kept_nowhere(world: World) {
    for odd in [
        "a%0d%0aSet-Cookie:x=y",
        "a;b",
        "%22%3Cscript%3E",
        "%F0%9F%92%A9",
        &"x".repeat(5_000),
    ] {
        let answer = asked(&world, Method::GET, &format!("/portal/sign-up?invite={odd}"))
            .await
            .expect(303);
        assert!(
            answer
                .header("set-cookie")
                .starts_with(&format!("{INVITATION}=unknown;")),
            "{odd}"
        );
    }
    let mut browser = Browser::new(&world);
    browser
        .open("/portal/sign-up?invite=a;b")
        .await
        .expect(404)
        .shows("Check your mailbox for a newer invitation");
}
