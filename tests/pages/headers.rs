//! What browsers are told with every answer of a page, and what becomes of addresses that only forms are sent to.

use reqwest::Method;

use crate::support::browser::Browser;
use crate::support::node::Options;
use crate::support::{Answer, World};

/// Asks as a browser does.
async fn ask(world: &World, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let mut request = world.request(method, path).header("accept", "text/html,*/*").body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn every_answer_of_a_page_obeys_the_policy_be_it_a_redirect_or_a_refusal() {
    let world = World::on_sqlite_with(Options {
        public_url: Some("https://gate.example.com".to_owned()),
        ..Options::default()
    })
    .await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let foreign = ("sec-fetch-site", "cross-site");
    let nothing = String::new;
    for (method, path, headers, body, status) in [
        (Method::GET, "/sign-in", vec![], nothing(), 200),
        (Method::GET, "/portal/log-in", vec![], nothing(), 200),
        (Method::GET, "/operator/sign-in", vec![], nothing(), 200),
        (Method::GET, "/", vec![], nothing(), 303),
        (Method::GET, "/account", vec![], nothing(), 303),
        (Method::GET, "/sign-out", vec![], nothing(), 303),
        (Method::GET, "/nowhere", vec![], nothing(), 404),
        (
            Method::POST,
            "/sign-in",
            vec![form],
            "email=a&password=b".to_owned(),
            401,
        ),
        (Method::POST, "/sign-in", vec![], nothing(), 415),
        (Method::POST, "/sign-in", vec![form], "x".repeat(600_000), 413),
        (Method::POST, "/sign-in", vec![form, foreign], nothing(), 403),
        (Method::DELETE, "/sign-in", vec![], nothing(), 405),
        (Method::GET, "/signed-in", vec![], nothing(), 400),
    ] {
        let answer = ask(&world, method.clone(), path, &headers, body).await.expect(status);
        let policy = answer.header("content-security-policy");
        let message = format!("{method} {path} {status}: {:?}", answer.headers);
        assert!(policy.contains("default-src 'none'"), "{message}");
        assert!(policy.contains("frame-ancestors 'none'"), "{message}");
        assert!(!policy.contains("unsafe"), "{message}");
        assert_eq!(
            answer.header("strict-transport-security"),
            "max-age=31536000",
            "{message}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{message}");
        assert_eq!(answer.header("cache-control"), "no-store", "{message}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{message}");
        if status != 303 {
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{message}");
            assert!(answer.text().contains("<main"), "{message}");
        }
    }
}

#[tokio::test]
async fn without_tls_no_browser_is_told_to_insist_on_it() {
    let world = World::on_sqlite().await;
    for path in ["/sign-in", "/nowhere"] {
        let answer = ask(&world, Method::GET, path, &[], String::new()).await;
        assert_eq!(answer.header("strict-transport-security"), "");
    }
}

#[tokio::test]
async fn nothing_of_a_page_with_data_is_kept_and_assets_are_kept_for_ever() {
    let world = World::on_sqlite().await;
    let mut ada = Browser::of_user(&world, "acme", "ada").await;
    let page = ada.open("/integration-applications").await.expect(200).clone();
    assert_eq!(page.headers["cache-control"], "no-store");
    for kind in ["css", "js"] {
        let address = page
            .html
            .split('"')
            .find(|part| part.ends_with(&format!(".{kind}")))
            .unwrap();
        let asset = ada.open(address).await.expect(200);
        assert_eq!(asset.headers["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(asset.headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn a_method_that_a_page_does_not_know_is_refused_with_those_that_it_knows() {
    let world = World::on_sqlite().await;
    let answer = ask(&world, Method::PUT, "/sign-in", &[], String::new())
        .await
        .expect(405);
    assert!(answer.text().contains("This is not possible here"), "{}", answer.text());
    let allowed = answer.header("allow");
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    world
        .anybody()
        .delete("/api/v1/me")
        .await
        .refused(405, "method_not_allowed");
}

#[tokio::test]
async fn an_address_that_only_a_form_is_sent_to_leads_to_the_page_of_the_form() {
    let world = World::on_sqlite().await;
    let app = world.created(&world.ada().await, "Payroll Bridge").await;
    let mut ada = Browser::of_user(&world, "acme", "ada").await;
    let developer = format!("/integration-applications/{}/developer", crate::support::id(&app));
    for (address, page) in [
        (format!("{developer}/reset-otp"), developer.as_str()),
        (format!("{developer}/resend-invite"), developer.as_str()),
        ("/account/password-link".to_owned(), "/account"),
        ("/sign-out".to_owned(), "/"),
    ] {
        ada.open(&address).await.expect(200);
        assert_eq!(ada.page.path, page, "{address}");
    }
}

#[tokio::test]
async fn whoever_signs_in_without_keeping_cookies_is_told_what_is_in_the_way() {
    let world = World::on_sqlite().await;
    let mut olga = super::operator::operator(&world).await;
    olga.cookies.clear();
    let page = olga
        .open("/operator/signed-in?next=%2Foperator%2Foutbox")
        .await
        .expect(400);
    page.shows("Your browser did not keep you signed in").shows("https://");
    let mut olga = super::operator::operator(&world).await;
    olga.open("/operator/signed-in?next=%2Foperator%2Foutbox")
        .await
        .expect(200);
    assert_eq!(olga.page.path, "/operator/outbox");
    olga.open("/operator/signed-in?next=https%3A%2F%2Fevil.example").await;
    assert_eq!(olga.page.path, "/operator/groups");
}
