//! Whatever is sent to a call, its answer is one that the description knows, and never a fault of ours. What is sent is
//! made from the description itself, good and bad by turns, and is the same in every run; `make fuzz` does the same with
//! schemathesis, and at length.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::soak;
use crate::support::described::{self, CALLS, Call, DOCUMENT};
use crate::support::{APPS, World, id, on_both_databases};

on_both_databases! {
    whatever_is_sent_is_answered_as_described,
}

/// How many requests are sent to each call.
const ROUNDS: usize = 10;

/// Texts that other programs have stumbled over.
const ODD: [&str; 20] = [
    "",
    " ",
    "\u{0}",
    "a\r\nb",
    "\u{202e}abc",
    "=1+1",
    "' or '1'='1",
    "null",
    "../../etc/passwd",
    "%00",
    "%",
    "👩‍💻",
    "ＡＤＭＩＮ",
    "9999-12-31T23:59:60Z",
    "+10000-01-01T00:00:00Z",
    "-1",
    "1e999",
    "\"",
    "{}",
    "99999999999999999999",
];

/// The people and things of a world that requests can be about.
struct Known {
    apps: Vec<String>,
    user: String,
    operator: String,
    developer: String,
    gateway: (String, String),
    client: (String, String),
    access_token: String,
}

async fn whatever_is_sent_is_answered_as_described(world: World) {
    let mut rng = StdRng::seed_from_u64(9);
    let (ada, app, dev, client) = world.running("Payroll").await;
    let feeds = ada.post(APPS, World::aiq_integrate("Feeds")).await.expect(201).json();
    let token = |person: &crate::support::Person| person.token.clone().unwrap();
    let known = Known {
        apps: vec![id(&app).to_owned(), id(&feeds).to_owned()],
        user: token(&world.user("acme", "pam").await),
        operator: token(&world.operator),
        developer: token(&dev),
        gateway: world.gateway.clone(),
        access_token: world.access_token(&client).await,
        client,
    };
    // Whoever logs out is out.
    let mut calls: Vec<_> = CALLS.iter().collect();
    calls.sort_by_key(|call| {
        (
            call.method == "DELETE" && call.path().ends_with("/session"),
            call.path(),
        )
    });
    let (mut taken, mut refused) = (0, 0);
    for call in calls {
        for _ in 0..ROUNDS * soak::times() {
            let status = send(&world, &known, call, &mut rng).await;
            assert!(status < 500, "{} {}: {status}", call.method, call.path());
            if status < 400 { taken += 1 } else { refused += 1 }
        }
    }
    // Neither knocking at closed doors only, nor being polite only.
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
    let report = gatebook::replay::verify_log(&world.gatebook.log.database, &gatebook::replay::Silent)
        .await
        .unwrap();
    assert!(report.all_equal(), "{report:?}");
}

/// Sends something to a call, whose answer has to be as described.
async fn send(world: &World, known: &Known, call: &Call, rng: &mut StdRng) -> u16 {
    let parameters = call.operation["parameters"].as_array().cloned().unwrap_or_default();
    let mut path = call.path();
    let mut query = form_urlencoded::Serializer::new(String::new());
    let mut headers = Vec::new();
    for parameter in &parameters {
        let name = parameter["name"].as_str().unwrap();
        match parameter["in"].as_str().unwrap() {
            "path" => {
                let value: String =
                    form_urlencoded::byte_serialize(in_path(call, name, known, rng).as_bytes()).collect();
                path = path.replace(&format!("{{{name}}}"), &value.replace('+', "%20"));
            }
            "query" if rng.random_bool(0.3) => {
                query.append_pair(name, &text(&a_value(name, &parameter["schema"], rng)));
            }
            "header" if rng.random_bool(0.2) => headers.push((name.to_owned(), a_header(rng))),
            _ => {}
        }
    }
    if rng.random_bool(0.05) {
        query.append_pair("no_such_parameter", "1");
    }
    let query = query.finish();
    let path = if query.is_empty() {
        path
    } else {
        format!("{path}?{query}")
    };
    let method: Method = call.method.parse().unwrap();
    let mut request = world.request(method.clone(), &path);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request = authorized(request, call, known, rng);
    let mut sent = None;
    if let Some(content) = call.operation["requestBody"]["content"].as_object() {
        let (kind, body) = content.iter().next().unwrap();
        let mut value = a_value("", &body["schema"], rng);
        if rng.random_bool(0.1) {
            value = spoilt(value, rng);
        }
        request = match kind.as_str() {
            "application/x-www-form-urlencoded" => request.form(&fields(&value)),
            _ if rng.random_bool(0.03) => request.header("content-type", kind).body("{\"unfinished\": "),
            _ => {
                sent = Some(value.clone());
                request.json(&value)
            }
        };
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.text().await.unwrap();
    described::check(&method, &path, sent.as_ref(), status, &body);
    status
}

fn authorized(
    request: reqwest::RequestBuilder,
    call: &Call,
    known: &Known,
    rng: &mut StdRng,
) -> reqwest::RequestBuilder {
    if rng.random_bool(0.05) {
        return request.header("authorization", *ODD[5..9].choose(rng).unwrap());
    }
    let schemes = call.operation["security"]
        .as_array()
        .and_then(|all| all.first())
        .and_then(Value::as_object);
    let scheme = schemes.and_then(|schemes| schemes.keys().next()).map(String::as_str);
    let basic =
        |request: reqwest::RequestBuilder, (id, secret): &(String, String)| request.basic_auth(id, Some(secret));
    match scheme {
        Some("user_token") => request.bearer_auth(&known.user),
        Some("operator_token") => request.bearer_auth(&known.operator),
        Some("developer_session") => request.bearer_auth(&known.developer),
        Some("access_token") => request.bearer_auth(&known.access_token),
        Some("client") => basic(request, &known.client),
        Some("resource_server") => basic(request, &known.gateway),
        _ => request,
    }
}

/// The groups and people that are needed later are not taken away.
fn in_path(call: &Call, name: &str, known: &Known, rng: &mut StdRng) -> String {
    if rng.random_bool(0.15) {
        // An empty part is another path.
        return ODD[1..].choose(rng).unwrap().replace('/', "");
    }
    let is_group = call.pattern.last().is_some_and(|part| part == "{group_id}");
    let among: Vec<&str> = match name {
        "id" if call.path().contains("/users/") => vec!["ulf", "audrey", "nobody"],
        "id" | "app_id" => known.apps.iter().map(String::as_str).collect(),
        "group_id" if is_group && call.method == "PUT" => vec!["globex", "initech"],
        "group_id" => vec!["acme", "globex", "nowhere"],
        "user_id" => vec!["ulf", "audrey", "new"],
        "entity_id" => vec!["e4", "e5", "e9"],
        "permission" => vec!["manage_integration_applications", "view_activity_logs", "fly"],
        _ => vec!["019ab000-0000-7000-8000-000000000010"],
    };
    (*among.choose(rng).unwrap()).to_owned()
}

fn a_header(rng: &mut StdRng) -> String {
    let among = ["\"1\"", "*", "W/\"1\"", "nonsense", "key-1", "two words", ""];
    (*among.choose(rng).unwrap()).to_owned()
}

/// Something for a field of this name: mostly what would do, sometimes what nobody expects.
fn a_value(name: &str, schema: &Value, rng: &mut StdRng) -> Value {
    if rng.random_bool(0.08) {
        return anything(rng);
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let named = reference.rsplit('/').next().unwrap();
        return a_value(name, &DOCUMENT["components"]["schemas"][named], rng);
    }
    for alternatives in ["oneOf", "anyOf", "allOf"] {
        if let Some(all) = schema[alternatives].as_array() {
            return a_value(name, all.choose(rng).unwrap(), rng);
        }
    }
    if let Some(all) = schema["enum"].as_array() {
        return all.choose(rng).unwrap().clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.choose(rng).unwrap().clone(),
        kind => kind.clone(),
    };
    match kind.as_str() {
        Some("object") => {
            let fields = schema["properties"].as_object().cloned().unwrap_or_default();
            let stored = fields.into_iter().filter(|_| rng.random_bool(0.9)).collect::<Vec<_>>();
            stored
                .into_iter()
                .map(|(name, field)| (name.clone(), a_value(&name, &field, rng)))
                .collect()
        }
        Some("array") => {
            let length = rng.random_range(0..4);
            (0..length).map(|_| a_value(name, &schema["items"], rng)).collect()
        }
        Some("integer") => json!(*[0, 1, 50, 60, -1, 3_600, i64::MAX].choose(rng).unwrap()),
        Some("number") => json!(rng.random::<f64>()),
        Some("boolean") => json!(rng.random_bool(0.7)),
        Some("null") => Value::Null,
        _ => json!(a_text(name, rng)),
    }
}

fn a_text(name: &str, rng: &mut StdRng) -> String {
    let number: u32 = rng.random_range(0..1_000);
    let among: Vec<String> = match name {
        "name" | "full_name" => vec![format!("Name {number}")],
        "description" | "reason" => vec![format!("Words {number}.")],
        "email" | "developer_email" => vec![format!("dev{number}@example.com")],
        "integration_type" => vec!["new_integration".into(), "aiq_integrate".into()],
        "integrate_type" => vec!["bank_feeds".into()],
        "category" => vec!["payroll_and_hr".into(), "other".into()],
        "api_permission" => vec!["read".into(), "read_write".into()],
        "entities" | "entity" => vec!["e1".into(), "e2".into()],
        "role" => vec!["user".into(), "practice_admin".into()],
        "product_plan" => vec!["AIQ3".into(), "AIQ2".into()],
        "grant_type" => vec!["client_credentials".into()],
        "scope" | "access" => vec!["read".into()],
        "from" | "to" | "created_from" | "created_to" => vec!["2026-11-23T09:00:00Z".into()],
        "sort" => vec!["name".into(), "-created_at".into()],
        "limit" => vec!["1".into(), "200".into()],
        "status" => vec!["active".into()],
        _ => vec![format!("text-{number}")],
    };
    match rng.random_bool(0.15) {
        true => (*ODD.choose(rng).unwrap()).to_owned(),
        false => among.choose(rng).unwrap().clone(),
    }
}

fn anything(rng: &mut StdRng) -> Value {
    let among = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!([]),
        json!({}),
        json!([[[null]]]),
        json!("x".repeat(3_000)),
        json!(*ODD.choose(rng).unwrap()),
    ];
    among.choose(rng).unwrap().clone()
}

/// The body with a field that there is not, or as a list.
fn spoilt(mut value: Value, rng: &mut StdRng) -> Value {
    match value.as_object_mut() {
        Some(fields) if rng.random_bool(0.7) => {
            fields.insert("no_such_field".to_owned(), anything(rng));
            value
        }
        _ => json!([value]),
    }
}

fn fields(value: &Value) -> Vec<(String, String)> {
    let fields = value.as_object().cloned().unwrap_or_default();
    fields.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
