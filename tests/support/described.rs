//! Every answer has a status that the API's own description knows of its call.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use reqwest::Method;

/// A call of the description.
struct Call {
    method: String,
    pattern: Vec<String>,
    statuses: BTreeSet<String>,
}

static CALLS: LazyLock<Vec<Call>> = LazyLock::new(|| {
    let document = serde_json::to_value(gatebook::http::document()).unwrap();
    let mut calls = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(responses) = operation["responses"].as_object() else {
                continue;
            };
            calls.push(Call {
                method: method.to_uppercase(),
                pattern: parts(path),
                statuses: responses.keys().cloned().collect(),
            });
        }
    }
    calls
});

fn parts(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

/// Whether a path is one of a pattern.
fn matches(pattern: &[String], path: &[String]) -> bool {
    let same = |(pattern, part): (&String, &String)| pattern.starts_with('{') && !part.is_empty() || pattern == part;
    pattern.len() == path.len() && pattern.iter().zip(path).all(same)
}

/// The answer to this call may have this status. What is no call of ours is answered outside the description.
pub fn check(method: &Method, path: &str, status: u16, body: &str) {
    let path = parts(path.split('?').next().unwrap());
    let call = CALLS
        .iter()
        .find(|call| call.method == method.as_str() && matches(&call.pattern, &path));
    // A bug is described nowhere.
    if let Some(Call { pattern, statuses, .. }) = call.filter(|_| status != 500) {
        let pattern = pattern.join("/");
        assert!(
            statuses.contains(&status.to_string()),
            "{method} {pattern} answered {status}, but its description knows {statuses:?}: {body}"
        );
    }
}
