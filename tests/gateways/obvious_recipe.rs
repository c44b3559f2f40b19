//! The recipe for nginx that comes to mind first, and that is not the shipped one: entity and access from captures of
//! `location`. nginx decodes `%0d%0a` into the head of its question, and it announces the call's body there without sending
//! it. A Gatebook that only talks to resource servers lets nothing through all the same, and does not wait for the body.

use std::process::Command;

use super::nginx::{started, temporary_paths};
use super::place::Place;
use super::private_proxy::{PrivateProxy, Site};
use super::raw::{raw, status};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_was_cut_short_opens_nothing_when_gateways_prove_who_they_are() {
    let mut place = Place::guarded().await;
    assert_eq!(cut_short(&place, true).await, (403, Vec::new()));

    // The same without credentials: the attack is real, and this is what it gains.
    place.restarted_unguarded().await;
    let (status, arrived) = cut_short(&place, false).await;
    assert_eq!(
        status, 500,
        "a call without an envelope, which the service has been asked to perform"
    );
    assert_eq!(arrived.len(), 1);
    assert!(arrived.iter().all(|uri| uri.ends_with("/write")), "{arrived:?}");
}

/// What comes of a write with a token that only reads, whose address ends the question after a forged access: the status,
/// and the addresses of what the service was asked.
async fn cut_short(place: &Place, credentials: bool) -> (u16, Vec<String>) {
    let nginx = PrivateProxy::start(place, |site| recipe(site, credentials)).await;
    let token = place.token("read").await;
    let call = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\nAuthorization: Bearer {token}\r\n\r\n<x/>"
        )
    };
    let answer = raw(&nginx.address, call("/soap/e1/write").as_bytes()).await;
    assert_eq!(status(&answer), 403, "without the attack it is refused: {answer}");
    assert!(place.service.new_arrivals().is_empty());
    // Again and again, because a connection on which a body is missing must not be asked on once more.
    for _ in 0..3 {
        let answer = raw(&nginx.address, call("/soap/e1/read").as_bytes()).await;
        assert_eq!(place.service.new_arrivals().len(), 1, "and reading passes: {answer}");
    }
    let forged = format!("/soap/e1%0d%0aX-Api-Access:%20read%0d%0aAuthorization:%20Bearer%20{token}%0d%0a%0d%0a/write");
    let answer = raw(&nginx.address, call(&forged).as_bytes()).await;
    let arrived = place.service.new_arrivals().into_iter().map(|arrival| arrival.uri);
    (status(&answer), arrived.collect())
}

fn recipe(site: &Site, credentials: bool) -> Command {
    let Site {
        listen,
        gatebook,
        service,
        basic,
        folder,
    } = site;
    let credentials = match credentials {
        true => format!("proxy_set_header X-Gateway-Authorization \"Basic {basic}\";"),
        false => String::new(),
    };
    let (paths, folder) = (temporary_paths(site), folder.display());
    let configuration = format!(
        r#"
pid {folder}/pid;
error_log {folder}/error.log;
events {{
}}
http {{
    access_log off;
    {paths}
    upstream gatebook {{
        server {gatebook};
        keepalive 8;
    }}
    server {{
        listen {listen};
        location ~ ^/soap/(?<entity>[^/]+)/(?<access>read|write)$ {{
            auth_request /_gatebook;
            proxy_pass http://{service};
        }}
        location = /_gatebook {{
            internal;
            proxy_pass http://gatebook/gateway/authorize;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Entity-Id $entity;
            proxy_set_header X-Api-Access $access;
            {credentials}
        }}
    }}
}}
"#
    );
    started(site, &configuration)
}
