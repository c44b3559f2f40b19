use axum::routing::{get, post};
use gatebook_aggregates::email_address::EmailAddress;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::application::{Gatebook, GatebookParts, GatewaySettings, Limits, Settings};
use crate::clock::Clock;
use crate::log::Writer;
use crate::secrets::{MasterKey, Randomness};
use crate::store::{self, on_both_databases::On};
use crate::throttle::ThrottleMode;
use crate::web::api::gateway::challenge;
use crate::web::request_context;

async fn service(folder: &TempDir) -> Service {
    let database = store::open(&On::Sqlite.new_database(folder).await).await.unwrap();
    store::migrate(&database).await.unwrap();
    let metrics = Arc::new(Metrics::default());
    let (writer, _) = Writer::start(database.clone(), Clock::System, metrics.clone());
    Gatebook::new(GatebookParts {
        database,
        writer,
        clock: Clock::System,
        randomness: Randomness::seeded(1),
        key: MasterKey::from_bytes([1; 32]),
        metrics,
        throttle: ThrottleMode::Off,
        settings: Settings {
            public_url: "http://127.0.0.1".to_owned(),
            wsdl_url: String::new(),
            documentation_url: String::new(),
            integration_team: EmailAddress::parse("team", "team@example.com").unwrap(),
            gateway: GatewaySettings::default(),
            gate_memory_mib: 1,
            silence: Duration::from_secs(60),
            limits: Limits::NONE,
        },
    })
}

/// Serves two routes with this layer, and says where. One of them fails, and one counts the bytes of its body.
async fn served(service: &Service, body: BodyOf, panicked: Panicked) -> String {
    async fn bug() {
        panic!("a bug");
    }
    let length = |body: body::Bytes| async move { body.len().to_string() };
    let routes = Router::new()
        .route("/bug", get(bug).post(bug))
        .route("/length", post(length));
    let address = ClientAddressHeader::default();
    let routes = surrounded(routes, (service, &address), &[("POST", "/length")], body, panicked);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = routes.with_state(service.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

#[tokio::test]
async fn a_panic_is_answered_with_the_id_of_the_request_and_the_headers_of_every_answer() {
    let folder = tempfile::tempdir().unwrap();
    let service = service(&folder).await;
    let url = served(&service, BodyOf::Whole, request_context::panicked).await;
    let answer = reqwest::get(format!("{url}/bug")).await.unwrap();
    assert_eq!(answer.status(), 500);
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    for (header, value) in [
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(answer.headers()[header], value);
    }
    let problem: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert!(problem["detail"].as_str().unwrap().contains(&id), "{problem}");
    let metrics = service.metrics_text().await;
    let counted = r#"gatebook_http_requests_total{method="GET",route="/bug",status="500"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn a_panic_opens_no_gate_and_the_connection_of_an_unread_body_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let url = served(&service(&folder).await, BodyOf::Unread, challenge::panicked).await;
    let client = reqwest::Client::new();
    let answer = client.post(format!("{url}/bug")).body("unread").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.headers()["x-reason"], "unavailable");
    assert_eq!(answer.headers()["connection"], "close");
}

#[tokio::test]
async fn a_body_is_read_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let service = service(&folder).await;
    let client = reqwest::Client::new();
    let length = async |url: &str, bytes: usize| {
        let sent = client.post(format!("{url}/length")).body(vec![b'x'; bytes]);
        let answer = sent.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let whole = served(&service, BodyOf::Whole, request_context::panicked).await;
    assert_eq!(length(&whole, BODY_MAX).await, (200, BODY_MAX.to_string()));
    assert_eq!(length(&whole, BODY_MAX + 1).await.0, 413);
    let unread = served(&service, BodyOf::Unread, request_context::panicked).await;
    assert_eq!(length(&unread, 10).await, (200, "0".to_owned()));
}
