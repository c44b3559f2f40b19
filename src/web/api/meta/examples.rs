//! An example of what is sent to each operation and of what it answers, for the OpenAPI document; and the order of the
//! operations. Both are in `examples.json`: the common path first within each audience.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi, PathItem, RefOr};

const EXAMPLES: &str = include_str!("examples.json");

/// What is sent to an operation, and what it answers if all is well.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    operation: String,
    request: Option<Value>,
    answer: Option<Value>,
}

/// Adds the examples, and brings the paths into their order. An operation without an example goes to the end; a test asks
/// for one.
pub fn add_examples(document: &mut OpenApi) {
    // A test reads the file.
    let examples: Vec<Example> = serde_json::from_str(EXAMPLES).unwrap_or_default();
    let examples: BTreeMap<&str, (usize, &Example)> = examples
        .iter()
        .enumerate()
        .map(|(place, example)| (example.operation.as_str(), (place, example)))
        .collect();
    let example_of = |operation: &Operation| examples.get(operation.operation_id.as_deref()?).copied();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        if let Some((_, example)) = example_of(operation) {
            add(operation, example);
        }
    }
    document.paths.paths.sort_by_cached_key(|_, item| {
        let mut item = item.clone();
        let places = operations(&mut item).filter_map(|operation| Some(example_of(operation)?.0));
        places.min().unwrap_or(usize::MAX)
    });
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn add(operation: &mut Operation, example: &Example) {
    if let (Some(body), Some(request)) = (&mut operation.request_body, &example.request) {
        body.content.values_mut().for_each(|content| show(content, request));
    }
    let Some(answer) = &example.answer else { return };
    let taken = operation
        .responses
        .responses
        .iter_mut()
        .filter(|(status, _)| status.starts_with('2'));
    for (_, response) in taken {
        if let RefOr::T(response) = response {
            response.content.values_mut().for_each(|content| show(content, answer));
        }
    }
}

/// Where there are examples already, they stay.
fn show(content: &mut Content, example: &Value) {
    if content.examples.is_empty() {
        content.example = Some(example.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_read() {
        let examples: Vec<Example> = serde_json::from_str(EXAMPLES).unwrap();
        assert!(!examples.is_empty());
    }
}
