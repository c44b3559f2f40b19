//! The OpenAPI document shows an example of everything, and each example is what its schema says.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::described::{CALLS, DOCUMENT};

/// The examples of a body or answer, by `example` or `examples`.
fn examples(described: &Value) -> Vec<&Value> {
    let kinds = described["content"].as_object().into_iter().flatten();
    let kinds = kinds.filter(|(kind, _)| kind.ends_with("json") && !kind.ends_with("ndjson"));
    kinds
        .flat_map(|(_, content)| {
            let named = content["examples"].as_object().into_iter().flatten();
            let named = named.map(|(_, example)| &example["value"]);
            content.get("example").into_iter().chain(named)
        })
        .collect()
}

#[test]
fn every_operation_shows_a_valid_example_of_its_body_and_answer() {
    let mut problems = Vec::new();
    for call in CALLS.iter() {
        let name = call.operation["operationId"].as_str().unwrap();
        let sent = examples(&call.operation["requestBody"]);
        if call.takes_json() && sent.is_empty() {
            problems.push(format!("{name}: no example of what is sent"));
        }
        for body in sent {
            let problem = call.problem_of_body(body);
            problems.extend(problem.map(|problem| format!("{name}: {problem}")));
        }
        for status in call.json_successes() {
            let answers = examples(&call.operation["responses"][status]);
            if answers.is_empty() {
                problems.push(format!("{name}: no example of its answer {status}"));
            }
            // The document describes itself as any object.
            for answer in answers.into_iter().filter(|_| name != "openapi_json") {
                let problem = call.problem_of(status.parse().unwrap(), &answer.to_string());
                problems.extend(problem.map(|problem| format!("{name}: {status}: {problem}")));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_operation_has_its_place_and_is_named_in_the_imperative() {
    let examples: Vec<Value> = serde_json::from_str(include_str!("../../src/web/api/meta/examples.json")).unwrap();
    let placed: Vec<&str> = examples
        .iter()
        .map(|example| example["operation"].as_str().unwrap())
        .collect();
    let named: Vec<&str> = CALLS
        .iter()
        .map(|call| call.operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(BTreeSet::from_iter(&placed), BTreeSet::from_iter(&named));
    assert_eq!(placed.len(), named.len(), "each operation stands in examples.json once");
    let summaries: Vec<_> = CALLS
        .iter()
        .map(|call| call.operation["summary"].as_str().unwrap())
        .collect();
    for summary in &summaries {
        assert!(summary.len() <= 45 && !summary.ends_with(['.', '?']), "{summary}");
        let verb = summary.split(' ').next().unwrap();
        assert!(
            verb.starts_with(char::is_uppercase) && !verb.ends_with('s'),
            "{summary}"
        );
    }
}

#[test]
fn operations_are_in_groups_and_the_common_path_comes_first() {
    let tags: Vec<&str> = DOCUMENT["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        tags,
        [
            "Admins",
            "Developers",
            "Integrations",
            "Gateways",
            "Operators",
            "Service"
        ]
    );
    let first = |tag: &str| {
        let mut paths = CALLS.iter().filter(|call| call.operation["tags"][0] == tag);
        paths.next().unwrap().operation["operationId"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let firsts: Vec<String> = tags.into_iter().map(first).collect();
    assert_eq!(
        firsts,
        [
            "get_me",
            "open_invitation",
            "issue_token",
            "verify",
            "list_groups",
            "healthz"
        ]
    );
}
