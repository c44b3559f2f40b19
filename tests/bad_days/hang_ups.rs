//! The client hangs up, at any byte: no half command, no broken pool, and the next caller notices nothing.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use gatebook::replay::{Silent, verify};
use gatebook_projections::registry;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::world::PASSWORD;
use crate::support::{APPS, Person, World, app_at, on_both_databases};

on_both_databases!(
    a_creation_that_is_broken_off_before_its_last_byte_never_happened,
    an_edit_that_is_broken_off_before_its_last_byte_never_happened,
    a_sign_up_that_is_broken_off_before_its_last_byte_never_happened_and_can_be_done_again,
    right_log_ins_whose_callers_do_not_wait_do_not_count_as_failed,
    a_creation_whose_caller_does_not_wait_for_the_answer_happens_once,
    edits_whose_callers_do_not_wait_leave_a_version_for_each_that_happened,
    questions_whose_principals_do_not_wait_leave_the_pool_whole,
);

/// A request as it goes over the wire.
fn wire(method: Method, path: &str, person: &Person, body: &Value, headers: &[(&str, &str)]) -> Vec<u8> {
    let (host, body) = (host(person), body.to_string());
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n");
    if let Some(token) = &person.token {
        head.push_str(&format!("authorization: Bearer {token}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn host(person: &Person) -> &str {
    person.base_url.strip_prefix("http://").unwrap()
}

/// Sends so much of a request, and hangs up without a look at the answer.
async fn hang_up_after(person: &Person, request: &[u8], length: usize) {
    let (host, bytes) = (host(person).to_owned(), request[..length].to_vec());
    let sent = tokio::task::spawn_blocking(move || TcpStream::connect(host).unwrap().write_all(&bytes));
    sent.await.unwrap().unwrap();
}

/// Hangs up at many places of a request, the last of them just before its last byte.
async fn break_off(person: &Person, request: &[u8]) {
    let last = request.len() - 1;
    let head = request.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    let evenly = (0..16).map(|part| part * last / 16);
    for length in evenly.chain([head - 1, head, head + 1, last]) {
        hang_up_after(person, request, length).await;
    }
}

async fn holds_together(world: &World) {
    let database = Arc::clone(&world.gatebook.log.database);
    let report = verify(&database, &registry::all(), &Silent).await.unwrap();
    assert!(report.all_equal(), "{report:#?}");
}

async fn a_creation_that_is_broken_off_before_its_last_byte_never_happened(world: World) {
    let ada = world.ada().await;
    let before = world.traces().await;
    let form = World::new_integration("Payroll Bridge");
    break_off(&ada, &wire(Method::POST, APPS, &ada, &form, &[])).await;
    assert_eq!(ada.get(APPS).await.expect(200).json()["items"], json!([]));
    assert_eq!(world.traces().await, before);
    world.created(&ada, "Payroll Bridge").await;
    holds_together(&world).await;
}

async fn an_edit_that_is_broken_off_before_its_last_byte_never_happened(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll Bridge").await;
    let before = world.traces().await;
    let edit = json!({"description": "Something else.", "entities": ["e3"]});
    break_off(&ada, &wire(Method::PATCH, &app_at(&app, ""), &ada, &edit, &[])).await;
    let now = ada.get(&app_at(&app, "")).await.expect(200).json();
    assert_eq!(
        (&now["description"], &now["version"]),
        (&app["description"], &app["version"])
    );
    assert_eq!(world.traces().await, before);
    ada.patch(&app_at(&app, ""), edit).await.expect(200);
    holds_together(&world).await;
}

async fn a_sign_up_that_is_broken_off_before_its_last_byte_never_happened_and_can_be_done_again(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll Bridge").await;
    let invite_token = world.last_mail_to("dev@example.com").await.invite_token();
    let anybody = world.anybody();
    let asked = json!({"invite_token": invite_token});
    anybody.post("/portal/api/v1/sign-up/code", asked).await.expect(202);
    let code = world.last_mail_to("dev@example.com").await.code();
    let form = json!({"invite_token": invite_token, "code": code, "full_name": "Dev Eloper", "password": PASSWORD});
    let before = world.traces().await;
    break_off(
        &anybody,
        &wire(Method::POST, "/portal/api/v1/sign-up", &anybody, &form, &[]),
    )
    .await;
    assert_eq!(world.traces().await, before);
    anybody.post("/portal/api/v1/sign-up", form).await.expect(201);
    world.logged_in("dev@example.com").await;
    holds_together(&world).await;
}

async fn right_log_ins_whose_callers_do_not_wait_do_not_count_as_failed(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll Bridge").await;
    world.signed_up("dev@example.com").await;
    let anybody = world.anybody();
    let form = json!({"email": "dev@example.com", "password": PASSWORD});
    let request = wire(Method::POST, "/portal/api/v1/session", &anybody, &form, &[]);
    for _ in 0..30 {
        hang_up_after(&anybody, &request, request.len()).await;
    }
    for _ in 0..30 {
        anybody.post("/portal/api/v1/session", form.clone()).await.expect(200);
    }
    holds_together(&world).await;
}

async fn a_creation_whose_caller_does_not_wait_for_the_answer_happens_once(world: World) {
    let ada = world.ada().await;
    let names: Vec<_> = (0..60).map(|number| format!("Bridge {number}")).collect();
    for name in &names {
        let request = wire(
            Method::POST,
            APPS,
            &ada,
            &World::new_integration(name),
            &[("idempotency-key", &name.replace(' ', "-"))],
        );
        hang_up_after(&ada, &request, request.len()).await;
    }
    for name in &names {
        let key = name.replace(' ', "-");
        let key = [("idempotency-key", key.as_str())];
        let form = World::new_integration(name);
        let answer = ada.send(Method::POST, APPS, Some(form), &key).await.expect(201).json();
        assert!(answer["verification"]["otp"].is_string());
    }
    let mut there = ada
        .get(&format!("{APPS}?limit=200&sort=created_at"))
        .await
        .expect(200)
        .all("name");
    there.sort();
    let mut expected = names;
    expected.sort();
    assert_eq!(there, expected);
    holds_together(&world).await;
}

async fn edits_whose_callers_do_not_wait_leave_a_version_for_each_that_happened(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll Bridge").await;
    for number in 0..40 {
        let edit = json!({"description": format!("Description {number}.")});
        let request = wire(Method::PATCH, &app_at(&app, ""), &ada, &edit, &[]);
        hang_up_after(&ada, &request, request.len()).await;
    }
    let last = ada
        .patch(&app_at(&app, ""), json!({"description": "The last."}))
        .await
        .expect(200)
        .json();
    let version = last["version"].as_i64().unwrap();
    assert!((3..=43).contains(&version), "{version}");
    let timeline = ada.get(&app_at(&app, "/events?limit=200")).await.expect(200).json();
    assert!(timeline["items"].as_array().unwrap().len() as i64 >= version);
    holds_together(&world).await;
}

async fn questions_whose_principals_do_not_wait_leave_the_pool_whole(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll Bridge").await;
    let question = wire(Method::GET, APPS, &ada, &Value::Null, &[]);
    for _ in 0..300 {
        hang_up_after(&ada, &question, question.len()).await;
    }
    let principals: Vec<_> = (0..60)
        .map(|_| {
            let ada = ada.clone();
            tokio::spawn(async move { ada.get(APPS).await })
        })
        .collect();
    for principal in principals {
        assert_eq!(principal.await.unwrap().expect(200).all("name"), ["Payroll Bridge"]);
    }
    world.created(&ada, "Another Bridge").await;
    holds_together(&world).await;
}
