//! R27: how long Suspend takes while the integration floods its own application with revocations, at the flooded node and at
//! another one; and what commands cost on an application with very many revoked tokens.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::join_all;
use gatebook::application::{IssuedClientSecret, StatusChange};
use gatebook::log::append::Append;
use gatebook::log::{Loaded, Origin};
use gatebook::oauth::Scopes;
use gatebook::web;
use gatebook::web::request_context::ClientAddressHeader;
use gatebook_aggregates::access_token::{AccessToken, RevokeAccessToken};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{Changes, IntegrationApp, IntegrationAppEvent, Status};
use gatebook_aggregates::metadata::{Actor, ActorType};
use gatebook_aggregates::text::{AppName, Description};
use gatebook_aggregates::timestamp::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::gate::client;
use super::load;
use super::setting::Setting;

/// Connections that revoke tokens as fast as they are answered.
const CONNECTIONS: usize = 1_000;
/// Tokens that they revoke, again and again.
const TOKENS: usize = 5_000;
/// How often the application is suspended.
const STOPS: usize = 200;
/// How long one may take, in milliseconds.
const LIMIT: f64 = 250.0;
/// How much has happened to an application.
const EVENTS: [usize; 2] = [4_000, 50_000];
/// How often it is suspended and resumed.
const ROUNDS: usize = 50;
/// How often an application is edited.
const EDITS: usize = 300;

/// Measures both.
pub async fn measure(setting: &Setting, apps: usize) {
    println!("\nstopping an application, against {LIMIT} ms");
    while_flooded(setting).await;
    println!("\ncommands on an application whose tokens were revoked, against one that has none");
    with_revoked_tokens(setting, apps / 2).await;
    println!("\nsuspending and resuming an application that very much has happened to, against {LIMIT} ms");
    on_long_streams(setting).await;
}

async fn while_flooded(setting: &Setting) {
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let gatebook = setting.limited_node().await;
        nodes.push(load::serve(web::router(gatebook, ClientAddressHeader::default())).await);
    }
    let (app_id, secret) = client(setting, "Flooded").await;
    let token = setting.token("pam").await;
    let floods = [
        ("revoke", revocations(setting, &secret).await),
        ("edit", changes(setting, app_id, "PATCH", "").await),
        ("suspend", changes(setting, app_id, "POST", "/suspend").await),
        ("download", downloads(setting, app_id).await),
    ];
    for (what, requests) in floods {
        let flood = Flood::begin(nodes[0], requests);
        for (place, address) in [("there", nodes[0]), ("at another node", nodes[1])] {
            let (mut times, before, begun) = (Vec::new(), flood.sent(), Instant::now());
            for _ in 0..STOPS {
                let suspended = flood.admin.spawn(suspend(address, app_id, token.clone()));
                times.push(suspended.await.unwrap().as_secs_f64() * 1_000.0);
                // Whoever floods may be faster, as often as this is tried.
                let resume = async || {
                    let pam = setting.admin().await;
                    setting
                        .gatebook
                        .change_status(&pam, app_id, None, None, StatusChange::Resume, None)
                        .await
                };
                while let Err(failure) = resume().await {
                    assert!(failure.to_string().contains("changing the same thing"), "{failure}");
                }
            }
            times.sort_by(f64::total_cmp);
            let p99 = times[times.len() * 99 / 100];
            let rate = (flood.sent() - before) as f64 / begun.elapsed().as_secs_f64();
            println!(
                "  suspend {place}, {CONNECTIONS} connections that {what} ({rate:.0}/s): median {:.1} ms, longest {:.1} ms, \
                 p99 {p99:.1} ms of {LIMIT} ms  = {:.2}",
                times[times.len() / 2],
                times[times.len() - 1],
                p99 / LIMIT
            );
        }
        flood.end().await;
    }
}

/// Whoever floods, and whoever stops it. They have threads of their own, as they have machines of their own: what is measured
/// is how long the nodes take.
struct Flood {
    attacker: Runtime,
    admin: Runtime,
    sent: Arc<AtomicUsize>,
    done: Arc<AtomicBool>,
    connections: Vec<JoinHandle<()>>,
}

impl Flood {
    fn begin(address: SocketAddr, requests: Vec<String>) -> Self {
        let (requests, attacker) = (Arc::new(requests), runtime());
        let (done, sent) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let connections = (0..CONNECTIONS)
            .map(|_| attacker.spawn(flood(address, requests.clone(), sent.clone(), done.clone())))
            .collect();
        Self {
            attacker,
            admin: runtime(),
            sent,
            done,
            connections,
        }
    }

    fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    async fn end(self) {
        self.done.store(true, Ordering::Relaxed);
        for connection in self.connections {
            connection.await.unwrap();
        }
        self.attacker.shutdown_background();
        self.admin.shutdown_background();
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

/// Requests that revoke a token each, of one application.
async fn revocations(setting: &Setting, secret: &IssuedClientSecret) -> Vec<String> {
    let basic = STANDARD.encode(format!("{}:{}", secret.client_id, secret.client_secret));
    let (gatebook, operator) = (&setting.gatebook, setting.operator());
    let client = gatebook.authenticate_client(&operator, &secret.client_id, &secret.client_secret);
    let client = client.await.unwrap_or_else(|failure| panic!("{failure}"));
    let request = |_| {
        let scopes = Scopes {
            read: true,
            write: true,
        };
        let form = format!("token={}", gatebook.issue_access_token(&client, scopes).unwrap().token);
        format!(
            "POST /oauth/revoke HTTP/1.1\r\nHost: gatebook\r\nAuthorization: Basic {basic}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        )
    };
    (0..TOKENS).map(request).collect()
}

/// Changes of the application by another admin, each with a key of its own.
async fn changes(setting: &Setting, app_id: AppId, method: &str, path: &str) -> Vec<String> {
    let token = setting.token("flo").await;
    let request = |number| {
        let body = match path {
            "" => format!(r#"{{"description":"Words {number}."}}"#),
            _ => "{}".to_owned(),
        };
        format!(
            "{method} /api/v1/integration-apps/{app_id}{path} HTTP/1.1\r\nHost: gatebook\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nIdempotency-Key: {}\r\nContent-Length: {}\r\n\r\n{body}",
            Uuid::now_v7(),
            body.len()
        )
    };
    (0..TOKENS).map(request).collect()
}

/// Downloads of the application's log by another admin, each over a connection of its own.
async fn downloads(setting: &Setting, app_id: AppId) -> Vec<String> {
    let token = setting.token("flo").await;
    vec![format!(
        "GET /api/v1/integration-apps/{app_id}/activity-log HTTP/1.1\r\nHost: gatebook\r\nAuthorization: Bearer {token}\r\n\
         Accept: text/csv\r\nConnection: close\r\n\r\n"
    )]
}

/// One connection; whoever is hung up on comes back at once.
async fn flood(address: SocketAddr, requests: Arc<Vec<String>>, sent: Arc<AtomicUsize>, done: Arc<AtomicBool>) {
    let mut connection = None;
    while !done.load(Ordering::Relaxed) {
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => match TcpStream::connect(address).await {
                Ok(stream) => stream,
                Err(_) => continue,
            },
        };
        let request = &requests[sent.fetch_add(1, Ordering::Relaxed) % requests.len()];
        let mut answer = vec![0; 4_096];
        let is_last = request.contains("Connection: close");
        let answered = async {
            stream.write_all(request.as_bytes()).await?;
            match is_last {
                true => stream.read_to_end(&mut answer).await,
                // All these answers are shorter than the buffer, and come in one piece.
                false => stream.read(&mut answer).await,
            }
        };
        if matches!(answered.await, Ok(1..)) && !is_last {
            connection = Some(stream);
        }
    }
}

async fn suspend(address: SocketAddr, app_id: AppId, token: String) -> Duration {
    let request = format!(
        "POST /api/v1/integration-apps/{app_id}/suspend HTTP/1.1\r\nHost: gatebook\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    load::read_answer(&mut stream, &mut Vec::new()).await;
    begun.elapsed()
}

async fn with_revoked_tokens(setting: &Setting, tokens: usize) {
    let ((without, _), (with, _)) = (client(setting, "Without").await, client(setting, "With").await);
    fill(setting, with, tokens).await;
    let (mut figures, mut round) = ([Vec::new(), Vec::new()], 0);
    for _ in 0..EDITS {
        for (app_id, figures) in [without, with].into_iter().zip(&mut figures) {
            round += 1;
            let changes = Changes {
                description: Some(Description::parse(&format!("Words {round}.")).unwrap()),
                ..Changes::default()
            };
            let begun = Instant::now();
            setting
                .gatebook
                .edit_app(&setting.admin().await, app_id, None, None, changes)
                .await
                .unwrap();
            figures.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    let [without, with] = figures.map(super::median);
    println!(
        "  edit, {tokens} revoked tokens: median {with:.2} ms of {without:.2} ms  = {:.2}",
        with / without
    );
}

async fn on_long_streams(setting: &Setting) {
    for events in EVENTS {
        let (app_id, _) = client(setting, &format!("Long {events}")).await;
        lengthen(setting, app_id, events).await;
        let (gatebook, admin) = (&setting.gatebook, &setting.admin().await);
        let (mut suspended, mut resumed) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            gatebook
                .change_status(admin, app_id, None, None, StatusChange::Suspend, None)
                .await
                .unwrap();
            suspended.push(begun.elapsed().as_secs_f64() * 1_000.0);
            let begun = Instant::now();
            gatebook
                .change_status(admin, app_id, None, None, StatusChange::Resume, None)
                .await
                .unwrap();
            resumed.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
        for (what, times) in [("suspend", suspended), ("resume", resumed)] {
            let median = super::median(times);
            println!(
                "  {what}, {events} events: median {median:.1} ms of {LIMIT} ms  = {:.2}",
                median / LIMIT
            );
        }
    }
}

/// Has so much happen to an application, without anybody's budget.
async fn lengthen(setting: &Setting, app_id: AppId, events: usize) {
    let words = |number: usize| Description::parse(&format!("Words {number}.")).unwrap();
    let mut done = 0;
    while done < events {
        let mut app = setting
            .gatebook
            .log
            .load::<IntegrationApp>(&app_id.to_string())
            .await
            .unwrap();
        let next = (events - done).min(1_000);
        let changed: Vec<_> = (done..done + next)
            .map(|number| IntegrationAppEvent::DescriptionChanged {
                before: words(number),
                after: words(number + 1),
            })
            .collect();
        app.aggregate = app.after(&changed);
        let append = Append {
            streams: vec![app.append(&changed, &origin()).unwrap()],
            ..Append::default()
        };
        setting.gatebook.log.writer.append(append).await.unwrap();
        done += next;
    }
}

/// Revokes so many tokens of an application, without its budget.
async fn fill(setting: &Setting, app_id: AppId, tokens: usize) {
    let (origin, now) = (origin(), Timestamp::new(chrono::Utc::now()));
    let revoke = |token_id: Uuid| {
        let mut token = Loaded::<AccessToken>::unbegun(&token_id.to_string());
        let events = token.aggregate.decide(RevokeAccessToken {
            at: now,
            token_id: token_id.into(),
            expires_at: now.plus(chrono::TimeDelta::hours(1)),
            app_id,
            app_name: AppName::parse("With").unwrap(),
            group_id: setting.group_id.clone(),
            app_status: Status::Active,
        });
        token.aggregate = token.after(&events);
        Append {
            streams: vec![token.append(&events, &origin).unwrap()],
            ..Append::default()
        }
    };
    for _ in 0..tokens / 100 {
        let appends = (0..100).map(|_| setting.gatebook.log.writer.append(revoke(Uuid::now_v7())));
        for receipt in join_all(appends).await {
            receipt.unwrap();
        }
    }
}

fn origin() -> Origin {
    Origin {
        actor: Actor {
            actor_type: ActorType::Integration,
            actor_id: "bench".to_owned(),
            actor_name: "With".to_owned(),
        },
        ip_address: String::new(),
        request_id: "bench".to_owned(),
        read_only: false,
    }
}
