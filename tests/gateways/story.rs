//! What every proxy with a shipped configuration does, whichever it is. One Gatebook and one proxy go through it all.

use axum::http::StatusCode;
use serde_json::json;

use super::place::Place;
use super::private_proxy::PrivateProxy;
use super::raw::{raw, status};
use super::smuggling::nothing_is_smuggled;
use super::soap_client::SoapAnswer;
use super::soap_service::Arrival;

/// More than any of the proxies keeps in memory.
const LARGE: usize = 3_000_000;

/// In what the proxies differ.
pub struct Manner {
    /// Whether a refusal has an `X-Reason`.
    pub reasons: bool,
    /// The status while Gatebook does not answer.
    pub away: u64,
    /// The `Retry-After` of a 503 that Gatebook itself answers with: its own or the proxy's.
    pub retry_after: &'static str,
    /// The header that names the application to the service.
    pub application: &'static str,
}

/// The story, from the first call to the end of Gatebook.
pub async fn whole_story(mut place: Place, proxy: &PrivateProxy, manner: &Manner) {
    let tokens = Tokens {
        read: place.token("read").await,
        both: place.token("read write").await,
    };
    reading_passes_and_the_service_learns_who_calls(&mut place, proxy, manner, &tokens);
    writing_passes_with_write_only(&mut place, proxy, manner, &tokens);
    other_entities_and_no_token_are_refused(&mut place, proxy, manner, &tokens);
    a_body_larger_than_the_buffers_passes(&mut place, proxy, &tokens).await;
    nobody_but_gatebook_says_who_calls(&place, proxy, manner, &tokens).await;
    the_service_has_to_compare_the_body_with_the_headers(&mut place, proxy, &tokens).await;
    nothing_is_smuggled(&place, proxy, &tokens).await;
    a_token_that_was_given_back_is_refused_at_once(&mut place, proxy, manner).await;
    while_gatebook_does_not_answer_nothing_passes(place, proxy, manner, &tokens).await;
}

/// Tokens of the application.
pub struct Tokens {
    /// For reading only.
    pub read: String,
    /// For reading and writing.
    pub both: String,
}

fn reading_passes_and_the_service_learns_who_calls(
    place: &mut Place,
    proxy: &PrivateProxy,
    manner: &Manner,
    tokens: &Tokens,
) {
    for (binding, path) in [
        ("Soap11", "/soap/e1"),
        ("Soap12", "/soap/e1"),
        ("Soap11", "/soap/e1/Invoices.svc"),
    ] {
        let (url, arguments) = (proxy.url(path), json!({"entity": "e1"}));
        let answer = place
            .client
            .call_with(binding, &url, Some(&tokens.read), "GetInvoices", &arguments);
        assert_eq!(answer.result(), "GetInvoices of e1, 0 bytes", "{binding} {path}");
        let arrival = only_arrival(place);
        assert_eq!(arrival.uri, path);
        assert_eq!(said(&arrival, "x-entity-id"), ["e1"]);
        assert_eq!(said(&arrival, "x-api-access"), ["read"]);
        assert_eq!(said(&arrival, "x-app-name"), ["Bank%20feeds"]);
        assert_eq!(said(&arrival, "x-group-id"), ["acme"]);
        assert_eq!(said(&arrival, manner.application).len(), 1);
        the_service_sees_no_credentials(&arrival);
    }
}

fn writing_passes_with_write_only(place: &mut Place, proxy: &PrivateProxy, manner: &Manner, tokens: &Tokens) {
    let (url, arguments) = (proxy.url("/soap/e1"), json!({"entity": "e1", "text": "12 bananas"}));
    for binding in ["Soap11", "Soap12"] {
        let refused = place
            .client
            .call_with(binding, &url, Some(&tokens.read), "PostInvoice", &arguments);
        is_refused(place, manner, &refused, 403, "access_not_permitted");
        let passed = place
            .client
            .call_with(binding, &url, Some(&tokens.both), "PostInvoice", &arguments);
        assert_eq!(passed.result(), "PostInvoice of e1, 10 bytes", "{binding}");
        let arrival = only_arrival(place);
        assert_eq!(said(&arrival, "x-api-access"), ["write"]);
        the_service_sees_no_credentials(&arrival);
    }
}

fn other_entities_and_no_token_are_refused(place: &mut Place, proxy: &PrivateProxy, manner: &Manner, tokens: &Tokens) {
    let call = |place: &mut Place, entity: &str, token: Option<&str>| {
        let url = proxy.url(&format!("/soap/{entity}"));
        place
            .client
            .call(&url, token, "GetInvoices", &json!({"entity": entity}))
    };
    let answer = call(place, "e3", Some(&tokens.both));
    is_refused(place, manner, &answer, 403, "entity_not_assigned");
    let answer = call(place, "nobodys", Some(&tokens.both));
    is_refused(place, manner, &answer, 403, "entity_not_assigned");
    let answer = call(place, "e1", None);
    is_refused(place, manner, &answer, 401, "token_missing");
    assert!(answer.header("www-authenticate").starts_with("Bearer"), "{answer:?}");
    let answer = call(place, "e1", Some("gbt_made_up"));
    is_refused(place, manner, &answer, 401, "token_malformed");
}

/// With its length announced, as zeep does, and in chunks.
async fn a_body_larger_than_the_buffers_passes(place: &mut Place, proxy: &PrivateProxy, tokens: &Tokens) {
    let (url, text) = (proxy.url("/soap/e2"), "x".repeat(LARGE));
    let arguments = json!({"entity": "e2", "text": text});
    let answer = place.client.call(&url, Some(&tokens.both), "PostInvoice", &arguments);
    assert_eq!(answer.result(), format!("PostInvoice of e2, {LARGE} bytes"));
    assert!(only_arrival(place).body.len() > LARGE);

    let body = format!("<PostInvoice><entity>e2</entity><text>{text}</text></PostInvoice>");
    let head = post(
        "/soap/e2",
        &tokens.both,
        "PostInvoice",
        "Transfer-Encoding: chunked\r\n",
    );
    let request = format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let answer = raw(&proxy.address, request.as_bytes()).await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert_eq!(only_arrival(place).body.len(), body.len());
}

async fn nobody_but_gatebook_says_who_calls(place: &Place, proxy: &PrivateProxy, manner: &Manner, tokens: &Tokens) {
    let names = [
        "App-Id",
        "App-Name",
        "Group-Id",
        "Entity-Id",
        "Reason",
        "Api-Access",
        "Gateway-Authorization",
    ];
    let mut lines = String::new();
    for name in names {
        // Once, twice, and in the spellings that many services take for the same name.
        for name in [
            format!("X-{name}"),
            format!("x-{name}"),
            format!("X_{name}"),
            format!("X-{name}").replace('-', "_"),
        ] {
            lines += &format!("{name}: forged\r\n");
        }
    }
    lines += "X-App_Id: forged\r\n";
    let body = "<GetInvoices><entity>e1</entity></GetInvoices>";
    let length = format!("{lines}Content-Length: {}\r\n", body.len());
    let request = format!("{}{body}", post("/soap/e1", &tokens.read, "GetInvoices", &length));
    let answer = raw(&proxy.address, request.as_bytes()).await;
    assert_eq!(status(&answer), 200, "{answer}");
    let arrival = only_arrival(place);
    for (name, value) in &arrival.headers {
        assert!(!value.as_bytes().starts_with(b"forged"), "{name} in {arrival:#?}");
    }
    assert_eq!(said(&arrival, "x-entity-id"), ["e1"]);
    assert_eq!(said(&arrival, "x-api-access"), ["read"]);
    assert_eq!(said(&arrival, manner.application).len(), 1);
    the_service_sees_no_credentials(&arrival);
}

/// No gateway reads the body. A service that did not look would have shown the invoices of an entity that the token does
/// not open, and posted one for an application that may only read.
async fn the_service_has_to_compare_the_body_with_the_headers(
    place: &mut Place,
    proxy: &PrivateProxy,
    tokens: &Tokens,
) {
    let (url, arguments) = (proxy.url("/soap/e1"), json!({"entity": "e3"}));
    let answer = place.client.call(&url, Some(&tokens.read), "GetInvoices", &arguments);
    assert_eq!(answer.fault(), "the body names e3, the gate was asked about e1");
    let arrival = only_arrival(place);
    assert!(arrival.body.contains("e3"), "the proxy let it through");
    assert_eq!(said(&arrival, "x-entity-id"), ["e1"]);

    let body = "<PostInvoice><entity>e1</entity><text>x</text></PostInvoice>";
    let length = format!("Content-Length: {}\r\n", body.len());
    let request = format!("{}{body}", post("/soap/e1", &tokens.read, "GetInvoices", &length));
    let answer = raw(&proxy.address, request.as_bytes()).await;
    assert_eq!(status(&answer), 500, "{answer}");
    let arrival = only_arrival(place);
    assert_eq!(said(&arrival, "x-api-access"), ["read"]);
    let why = "PostInvoice is not what the gate was asked about";
    assert_eq!(arrival.done.unwrap_err(), why);
}

async fn a_token_that_was_given_back_is_refused_at_once(place: &mut Place, proxy: &PrivateProxy, manner: &Manner) {
    let (token, url) = (place.token("read").await, proxy.url("/soap/e1"));
    let arguments = json!({"entity": "e1"});
    for _ in 0..2 {
        place
            .client
            .call(&url, Some(&token), "GetInvoices", &arguments)
            .result();
    }
    place.service.new_arrivals();
    place.revoke(&token).await;
    let answer = place.client.call(&url, Some(&token), "GetInvoices", &arguments);
    is_refused(place, manner, &answer, 401, "token_revoked");
}

/// Frozen, thawed, gone, and back without a database.
async fn while_gatebook_does_not_answer_nothing_passes(
    mut place: Place,
    proxy: &PrivateProxy,
    manner: &Manner,
    tokens: &Tokens,
) {
    let (url, arguments) = (proxy.url("/soap/e1"), json!({"entity": "e1"}));
    place.gatebook.signal("STOP");
    let answer = place.client.call(&url, Some(&tokens.read), "GetInvoices", &arguments);
    assert_eq!(answer.status(), manner.away, "{answer:?}");
    assert!(place.service.new_arrivals().is_empty());
    place.gatebook.signal("CONT");
    let answer = place.client.call(&url, Some(&tokens.read), "GetInvoices", &arguments);
    assert_eq!(answer.result(), "GetInvoices of e1, 0 bytes", "{}", proxy.log());
    only_arrival(&place);
    place.gatebook.signal("KILL");
    place.gatebook.ended().await;
    let answer = place.client.call(&url, Some(&tokens.read), "GetInvoices", &arguments);
    assert_eq!(answer.status(), manner.away, "{answer:?}");
    if manner.away == 503 {
        assert_ne!(answer.header("retry-after"), "", "{answer:?}");
    }
    let address = place.gatebook_address().to_owned();
    let troubled = tokio::net::TcpListener::bind(&address).await.unwrap();
    tokio::spawn(async move { axum::serve(troubled, axum::Router::new().fallback(trouble)).await });
    let answer = place.client.call(&url, Some(&tokens.read), "GetInvoices", &arguments);
    assert_eq!(answer.status(), manner.away, "{answer:?}");
    assert_eq!(answer.header("retry-after"), manner.retry_after, "{answer:?}");
    assert!(place.service.new_arrivals().is_empty());
}

/// What Gatebook says with `--gateway-unavailable 503` while it cannot decide.
async fn trouble() -> (StatusCode, [(&'static str, &'static str); 2]) {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [("x-reason", "unavailable"), ("retry-after", "7")],
    )
}

/// The head of a call to an operation, without its end; `lines` are more of it.
pub fn post(path: &str, token: &str, operation: &str, lines: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: soap.example.com\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: text/xml; charset=utf-8\r\nSOAPAction: \"urn:example:accounting/{operation}\"\r\n{lines}\r\n"
    )
}

#[track_caller]
fn is_refused(place: &Place, manner: &Manner, answer: &SoapAnswer, status: u64, reason: &str) {
    assert_eq!(answer.status(), status, "{answer:?}");
    if manner.reasons {
        assert_eq!(answer.header("x-reason"), reason, "{answer:?}");
        assert_ne!(answer.header("www-authenticate"), "", "{answer:?}");
    }
    assert!(place.service.new_arrivals().is_empty());
}

/// What arrived, which is one call.
#[track_caller]
pub fn only_arrival(place: &Place) -> Arrival {
    let mut arrivals = place.service.new_arrivals();
    assert_eq!(arrivals.len(), 1, "{arrivals:#?}");
    arrivals.remove(0)
}

/// All values under a name.
pub fn said<'a>(arrival: &'a Arrival, name: &str) -> Vec<&'a str> {
    let values = arrival.headers.get_all(name).iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

#[track_caller]
fn the_service_sees_no_credentials(arrival: &Arrival) {
    for (name, value) in &arrival.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(!value.contains("gbt_") && !value.contains("Basic"), "{name}: {value}");
    }
    for name in ["authorization", "x-gateway-authorization", "x-reason"] {
        assert!(!arrival.headers.contains_key(name), "{arrival:#?}");
    }
}
