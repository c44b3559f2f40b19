//! Who may call what: every operation of the API's description by every kind of caller, over HTTP. What is expected stands
//! in `table.txt`, and nowhere else.

mod callers;
mod calls;
mod stage;

use std::collections::{BTreeMap, BTreeSet};

use callers::{Caller, Credentials};
use calls::{CALLS, Call, Sent};
use futures::StreamExt;
use reqwest::Method;
use serde_json::Value;
use stage::Stage;

use crate::support::{Answer, described};

const TABLE: &str = include_str!("table.txt");

/// How many rows are asked at the same time.
const AT_ONCE: usize = 4;
/// What the paths begin with, section by section.
const SECTIONS: [&str; 4] = ["/api/v1", "/portal/api/v1", "/operator/api/v1", ""];

/// Codes that are clear from their status, and those that have a letter in the table.
const SHORT: [(&str, &str); 7] = [
    ("unauthenticated", ""),
    ("invalid_client", ""),
    ("forbidden", ""),
    ("not_found", ""),
    ("plan_required", "p"),
    ("otp_verification_needed", "o"),
    ("already_verified", "v"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_call_what_the_table_says() {
    let stage = Stage::set().await;
    let columns: Vec<_> = stage.callers.iter().map(|caller| caller.column.to_owned()).collect();
    let (mut wanted, actual) = (expected(&columns), actual(&stage).await);
    let mut wrong = Vec::new();
    for (operation, actual) in &actual {
        let wanted = wanted.remove(operation);
        if wanted.as_ref() != Some(actual) {
            let wanted = wanted.map(|cells| line("table.txt has", &cells));
            let wanted = wanted.unwrap_or_else(|| "table.txt has no such row".to_owned());
            let (head, is) = (line(operation, &columns), line("but it is", actual));
            wrong.push(format!("{head}\n{wanted}\n{is}"));
        }
    }
    wrong.extend(
        wanted
            .into_keys()
            .map(|operation| format!("{operation}\nis no operation")),
    );
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n\n"));
}

#[test]
fn every_operation_of_the_description_is_called() {
    let called: Vec<_> = CALLS.iter().map(operation).collect();
    let all: BTreeSet<_> = described::CALLS
        .iter()
        .map(|call| format!("{} {}", call.method, call.path()))
        .collect();
    let missing: Vec<_> = all.iter().filter(|operation| !called.contains(operation)).collect();
    assert!(missing.is_empty(), "add to calls.rs and to table.txt: {missing:#?}");
    assert_eq!(called.len(), all.len(), "an operation is called twice");
}

/// The cells of the table by operation.
fn expected(columns: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut section = "";
    let mut rows = BTreeMap::new();
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        match &words[..] {
            [path, head @ ..] if path.starts_with('/') => {
                assert_eq!(head, columns, "the head of {path}");
                section = SECTIONS
                    .into_iter()
                    .find(|section| *section == path.trim_end_matches('/'))
                    .unwrap();
            }
            [method, path, cells @ ..] => {
                let twice = rows.insert(format!("{method} {section}{path}"), cells.to_vec());
                assert!(twice.is_none(), "{method} {section}{path} is there twice");
            }
            _ => panic!("no row: {line}"),
        }
    }
    rows
}

async fn actual(stage: &Stage) -> Vec<(String, Vec<String>)> {
    let rows = CALLS
        .iter()
        .map(|call| async move { (operation(call), row(stage, call).await) });
    futures::stream::iter(rows).buffered(AT_ONCE).collect().await
}

/// What the description calls it.
fn operation(call: &Call) -> String {
    let (method, path) = call.parts();
    let method: Method = method.parse().unwrap();
    let described = described::call(&method, path).unwrap_or_else(|| panic!("the description has no {}", call.line));
    format!("{method} {}", described.path())
}

fn line(first: &str, cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| format!("{cell:<4}")).collect();
    format!("{first:<77}{}", cells.join(" "))
}

/// An operation, called by everybody.
async fn row(stage: &Stage, call: &Call) -> Vec<String> {
    let mut copy = stage.copy().await;
    let mut cells = Vec::new();
    for caller in &stage.callers {
        let mut answers: BTreeMap<String, &str> = BTreeMap::new();
        for (name, credentials) in &caller.credentials {
            let answer = ask(stage, &copy.base_url, call, caller, credentials).await;
            answers.insert(reported(&answer), name);
            if answer.status.is_success() && !call.leaves_no_trace {
                copy.close().await;
                copy = stage.copy().await;
            }
        }
        cells.push(cell(&answers));
    }
    stage.take_back(copy);
    cells
}

/// One answer, or how the ways to say who one is differ.
fn cell(answers: &BTreeMap<String, &str>) -> String {
    let different = |(reported, name): (&String, &&str)| format!("{reported} ({name})");
    match answers.len() {
        1 => answers.keys().next().unwrap().clone(),
        _ => answers.iter().map(different).collect::<Vec<_>>().join(", "),
    }
}

async fn ask(stage: &Stage, base_url: &str, call: &Call, caller: &Caller, credentials: &Credentials) -> Answer {
    let fill = |text: &str| {
        let names = caller.names.iter().chain(&stage.names);
        names.fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    };
    let (method, path) = call.parts();
    let (method, path) = (method.parse::<Method>().unwrap(), fill(path));
    let request = stage.world.http().request(method.clone(), format!("{base_url}{path}"));
    let request = credentials.sign(request);
    let mut body = None;
    let request = match call.sent {
        Sent::Nothing => request,
        Sent::Json(text) => {
            let sent: &Value = body.insert(serde_json::from_str(&fill(text)).unwrap());
            request.json(sent)
        }
        Sent::Form(fields) => {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, fill(value))).collect();
            request.form(&fields)
        }
        Sent::Headers(headers) => headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value)),
    };
    let answer = Answer::read(request.send().await.unwrap()).await;
    described::check(&method, &path, body.as_ref(), answer.status.as_u16(), &answer.text());
    answer
}

/// The status, and the code unless the status says it.
fn reported(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = match status {
        400.. => body["code"].as_str().or(body["error"].as_str()).unwrap_or_default(),
        _ => "",
    };
    match SHORT.iter().find(|(long, _)| *long == code) {
        Some((_, short)) => format!("{status}{short}"),
        None if code.is_empty() => status.to_string(),
        None => format!("{status}:{code}"),
    }
}
