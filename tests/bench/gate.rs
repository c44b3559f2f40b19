//! Introspections and gateway checks per second and their p99, against a bare axum handler that answers the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::any;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatebook::application::{AiqIntegrateForm, ClientSecretOrder, Creation, IssuedClientSecret};
use gatebook::oauth::Scopes;
use gatebook::web;
use gatebook::web::request_context::ClientAddressHeader;
use gatebook_aggregates::catalog;
use gatebook_aggregates::identifiers::{AppId, EntityId};
use gatebook_aggregates::text::{AppName, Description, Label};
use sqlx::Executor;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::load::{self, Load};
use super::median;
use super::setting::{Setting, new_database};

const CONNECTIONS: usize = 64;
/// How many entities an application with many has.
const MANY: usize = 10_000;
/// How many callers write beside the checks.
const WRITERS: usize = 32;
const TIME: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;

/// Measures the hot routes on PostgreSQL, and on an SQLite file of their own.
pub async fn measure(setting: &Setting) {
    setting.connect().await.execute("analyze").await.unwrap();
    println!(
        "\nvalidation per second, {CONNECTIONS} connections, against a bare axum handler that answers the same bytes"
    );
    hot_routes(setting, "postgres").await;
    many_entities([new_database().await, new_database().await], "postgres").await;
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
    hot_routes(&Setting::on(url("bench.db")).await, "sqlite").await;
    many_entities([url("few.db"), url("many.db")], "sqlite").await;
}

async fn hot_routes(setting: &Setting, store: &str) {
    let address = load::serve(web::router(setting.gatebook.clone(), ClientAddressHeader::default())).await;
    let (_, secret) = client(setting, "Gate").await;
    let token = token_of(setting, &secret).await;
    let gateway = setting
        .gatebook
        .create_resource_server(
            setting.operator().operator().unwrap(),
            &Label::parse("name", "bench").unwrap(),
        )
        .await
        .unwrap();
    let basic = STANDARD.encode(format!("{}:{}", gateway.client_id, gateway.client_secret));
    let form = format!("token={token}");
    let introspection = format!(
        "POST /oauth/introspect HTTP/1.1\r\nHost: gatebook\r\nAuthorization: Basic {basic}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let check = check_request(&token, "e1");
    let health = "GET /healthz HTTP/1.1\r\nHost: gatebook\r\n\r\n";
    let basic = STANDARD.encode(format!("{}:{}", secret.client_id, secret.client_secret));
    let form = "grant_type=client_credentials";
    let issue = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: gatebook\r\nAuthorization: Basic {basic}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    for (what, request) in [
        ("health check", health),
        ("gateway check", &check),
        ("introspection", &introspection),
        ("token issue", &issue),
    ] {
        compare(what, store, address, request.as_bytes()).await;
    }
    while_others_write(setting, store, address, check.as_bytes()).await;
}

fn check_request(token: &str, entity: &str) -> String {
    format!(
        "GET /gateway/authorize HTTP/1.1\r\nHost: gatebook\r\nAuthorization: Bearer {token}\r\nX-Entity-Id: {entity}\r\n\
         X-Api-Access: read\r\n\r\n"
    )
}

/// Checks of an application with many entities, of a group with as many, beside one with three entities of ten.
async fn many_entities(urls: [String; 2], store: &str) {
    let [few, many] = urls;
    let (few, many) = (Setting::on(few).await, Setting::on(many).await);
    let ids: BTreeMap<_, _> = (0..MANY)
        .map(|n| (entity(n), Label::parse("name", "Company").unwrap()))
        .collect();
    let operator = many.operator();
    let listed = many
        .gatebook
        .put_entities(operator.operator().unwrap(), &many.group_id, ids, None);
    listed.await.unwrap_or_else(|failure| panic!("{failure}"));
    let (_, one) = client(&few, "Few").await;
    let (_, other) = client_with(&many, "Many", (0..MANY).map(entity).collect()).await;
    let serve = async |setting: &Setting| {
        load::serve(web::router(setting.gatebook.clone(), ClientAddressHeader::default())).await
    };
    let (few_at, many_at) = (serve(&few).await, serve(&many).await);
    let few_check = check_request(&token_of(&few, &one).await, "e1");
    let many_check = check_request(&token_of(&many, &other).await, &format!("e{}", MANY - 1));
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(
            load::run(many_at, many_check.as_bytes(), CONNECTIONS, TIME)
                .await
                .per_second,
        );
        limits.push(
            load::run(few_at, few_check.as_bytes(), CONNECTIONS, TIME)
                .await
                .per_second,
        );
    }
    let (ours, limit) = (median(ours), median(limits));
    println!(
        "gateway check, {} entities [{store}]: {}/s = {:.2} of the same with three",
        grouped(MANY as f64),
        grouped(ours),
        ours / limit
    );
}

fn entity(n: usize) -> EntityId {
    EntityId::parse(&format!("e{n}")).unwrap()
}

/// The same checks while many callers write. What they write with is not there for checks, so that checks are compared by the
/// share of the processors that is left to them.
async fn while_others_write(setting: &Setting, store: &str, address: SocketAddr, check: &[u8]) {
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let alone = load::run(address, check, CONNECTIONS, TIME).await.per_second;
        let (busy_before, apps_before) = (busy_processor_seconds(), setting.apps());
        write_for(setting, TIME).await;
        let seconds_each = (busy_processor_seconds() - busy_before) / (setting.apps() - apps_before) as f64;
        let apps_before = setting.apps();
        let (checks, ()) = tokio::join!(load::run(address, check, CONNECTIONS, TIME), write_for(setting, TIME));
        let written = (setting.apps() - apps_before) as f64;
        let processors = std::thread::available_parallelism().unwrap().get() as f64;
        let left = 1.0 - written * seconds_each / (processors * TIME.as_secs_f64());
        ours.push(checks.per_second);
        limits.push(alone * left.max(0.05));
    }
    let (ours, limit) = (median(ours), median(limits));
    println!(
        "gateway check while {WRITERS} callers write [{store}]: {}/s = {:.2} of alone, per core left",
        grouped(ours),
        ours / limit
    );
}

async fn write_for(setting: &Setting, time: Duration) {
    let end = Instant::now() + time;
    let one_caller = || async {
        while Instant::now() < end {
            setting.create().await;
        }
    };
    futures::future::join_all((0..WRITERS).map(|_| one_caller())).await;
}

/// How long the processors of this machine have worked, all processes together.
fn busy_processor_seconds() -> f64 {
    /// Clock ticks of `/proc` in a second, on every Linux.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/stat").unwrap();
    let fields: Vec<f64> = stat
        .lines()
        .next()
        .unwrap()
        .split_whitespace()
        .skip(1)
        .map(|field| field.parse().unwrap())
        .collect();
    // The fourth is idle, the fifth waits for disks.
    let busy = fields
        .iter()
        .enumerate()
        .filter(|(column, _)| ![3, 4].contains(column))
        .map(|(_, ticks)| ticks);
    busy.sum::<f64>() / TICKS
}

async fn compare(what: &str, store: &str, address: SocketAddr, request: &[u8]) {
    let body = answer_body(address, request).await;
    let bare = load::serve(bare(body)).await;
    let (mut ours, mut limits): (Vec<Load>, Vec<Load>) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(load::run(address, request, CONNECTIONS, TIME).await);
        limits.push(load::run(bare, request, CONNECTIONS, TIME).await);
    }
    let rate = |loads: &[Load]| median(loads.iter().map(|load| load.per_second).collect());
    let p99 = |loads: &[Load]| median(loads.iter().map(|load| load.p99.as_secs_f64() * 1_000.0).collect());
    let (our_rate, limit) = (rate(&ours), rate(&limits));
    println!(
        "{what} [{store}]: {}/s = {:.2} of bare",
        grouped(our_rate),
        our_rate / limit
    );
    let (our_p99, limit) = (p99(&ours), p99(&limits));
    println!(
        "{what}, p99 [{store}]: {our_p99:.2} ms = {:.2} of bare",
        our_p99 / limit
    );
}

/// A whole number with its thousands apart: 61,000.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(String::from_utf8_lossy)
        .collect();
    groups.join(",")
}

/// A handler that reads the body and answers these bytes.
fn bare(body: Vec<u8>) -> Router {
    let answer = move |_: axum::body::Bytes| {
        let body = body.clone();
        async move { body }
    };
    Router::new().fallback(any(answer))
}

async fn answer_body(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut buffer = Vec::new();
    load::read_answer(&mut stream, &mut buffer).await;
    let head = buffer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    buffer.split_off(head + 4)
}

/// The token of an AIQ Integrate application with this name, whose secret operators make.
pub async fn access_token(setting: &Setting, name: &str) -> String {
    let (_, secret) = client(setting, name).await;
    token_of(setting, &secret).await
}

async fn token_of(setting: &Setting, secret: &IssuedClientSecret) -> String {
    let operator = setting.operator();
    let client = setting
        .gatebook
        .authenticate_client(&operator, &secret.client_id, &secret.client_secret)
        .await;
    let client = client.unwrap_or_else(|failure| panic!("{failure}"));
    let scopes = Scopes {
        read: true,
        write: true,
    };
    setting.gatebook.issue_access_token(&client, scopes).unwrap().token
}

/// An AIQ Integrate application with this name, and its client secret.
pub async fn client(setting: &Setting, name: &str) -> (AppId, IssuedClientSecret) {
    client_with(setting, name, (1..=3).map(entity).collect()).await
}

async fn client_with(setting: &Setting, name: &str, entities: BTreeSet<EntityId>) -> (AppId, IssuedClientSecret) {
    let form = AiqIntegrateForm {
        integrate_type: catalog::integrate_type("bank_feeds").unwrap(),
        name: AppName::parse(name).unwrap(),
        description: Description::parse("Measured.").unwrap(),
        category: None,
        entities,
        ends_at: None,
        accept_charges: true,
        accept_data_access: true,
    };
    let created = setting
        .gatebook
        .create_app(
            setting.admin().await.manager().unwrap(),
            Creation::AiqIntegrate(form),
            None,
        )
        .await;
    let app_id = created.unwrap_or_else(|failure| panic!("{failure}")).0.app().app_id;
    let order = ClientSecretOrder::default();
    let made = setting
        .gatebook
        .operators_client_secret(setting.operator().operator().unwrap(), app_id, &order)
        .await;
    let secret = made.unwrap_or_else(|failure| panic!("{failure}")).shown().unwrap();
    (app_id, secret)
}
