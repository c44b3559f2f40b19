//! Every call is what the API's own description says: the statuses it may have, the schema of its answer, the schema of
//! what was sent where that was taken, and no code that `docs/errors.md` does not explain. The validator is strict:
//! what a schema does not name may not be there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, OnceLock};

use gatebook::web::api::meta::error_codes::error_codes;
use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

/// A call of the description.
pub struct Call {
    pub method: String,
    /// The parts of its path; some are `{parameters}`.
    pub pattern: Vec<String>,
    /// What it is described by.
    pub operation: Value,
    /// By status: what the answer must look like, if it is JSON.
    answers: BTreeMap<String, Option<Described>>,
    /// What is sent must look like this, if it is JSON.
    body: Option<Described>,
}

/// A schema, compiled when it is first asked: of the thousand there are, a test needs few.
struct Described {
    schema: Value,
    validator: OnceLock<Validator>,
}

/// The whole description.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(gatebook::web::document()).unwrap());

/// All calls of the description.
pub static CALLS: LazyLock<Vec<Call>> = LazyLock::new(|| {
    let mut calls = Vec::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(responses) = operation["responses"].as_object() else {
                continue;
            };
            let answer = |response: &Value| json_schema(response).map(Described::by);
            calls.push(Call {
                method: method.to_uppercase(),
                pattern: parts(path),
                answers: responses
                    .iter()
                    .map(|(status, response)| (status.clone(), answer(response)))
                    .collect(),
                body: json_schema(&operation["requestBody"]).map(Described::by),
                operation: operation.clone(),
            });
        }
    }
    calls
});

static SCHEMAS: LazyLock<Value> = LazyLock::new(closed_schemas);

static CODES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    let kinds = error_codes();
    kinds
        .iter()
        .flat_map(|kind| &kind.codes)
        .map(|code| code.code)
        .collect()
});

impl Described {
    fn by(schema: &Value) -> Self {
        Self {
            schema: schema.clone(),
            validator: OnceLock::new(),
        }
    }

    fn validator(&self) -> &Validator {
        self.validator.get_or_init(|| validator(&self.schema, &SCHEMAS))
    }
}

impl Call {
    /// Its path, as the description writes it.
    pub fn path(&self) -> String {
        self.pattern.join("/")
    }

    /// What is wrong with an answer, if anything is.
    pub fn problem_of(&self, status: u16, body: &str) -> Option<String> {
        let Some(validator) = self.answers.get(&status.to_string()) else {
            let known: Vec<_> = self.answers.keys().collect();
            return Some(format!("the description knows {known:?}"));
        };
        let validator = validator.as_ref().filter(|_| !body.is_empty())?;
        match serde_json::from_str(body) {
            Ok(body) => problem(validator.validator(), &body),
            Err(error) => Some(format!("it is no JSON: {error}")),
        }
    }

    /// Whether the description has a schema for its JSON body.
    pub fn takes_json(&self) -> bool {
        self.body.is_some()
    }

    /// The statuses of success whose answer is JSON.
    pub fn json_successes(&self) -> impl Iterator<Item = &str> {
        let json = self.answers.iter().filter(|(_, schema)| schema.is_some());
        json.map(|(status, _)| status.as_str())
            .filter(|status| status.starts_with('2'))
    }

    /// What is wrong with a body that is sent, if anything is.
    pub fn problem_of_body(&self, body: &Value) -> Option<String> {
        problem(self.body.as_ref()?.validator(), body)
    }
}

/// The call of the description that this is one of; none for what is no call of ours.
pub fn call(method: &Method, path: &str) -> Option<&'static Call> {
    let path = parts(path.split('?').next().unwrap());
    CALLS
        .iter()
        .find(|call| call.method == method.as_str() && matches(&call.pattern, &path))
}

/// Checks a call with its answer. What is no call of ours is answered outside the description.
pub fn check(method: &Method, path: &str, sent: Option<&Value>, status: u16, body: &str) {
    let Some(call) = call(method, path) else { return };
    check_codes(body);
    // A bug is described nowhere.
    if status == 500 {
        return;
    }
    if let Some(problem) = call.problem_of(status, body) {
        panic!("{method} {} answered {status}, and {problem}: {body}", call.path());
    }
    if let Some(problem) = sent
        .filter(|_| status < 300)
        .and_then(|sent| call.problem_of_body(sent))
    {
        panic!("{method} {} took {sent:?}, and {problem}", call.path());
    }
}

/// The codes of a problem, and of its fields, or of an OAuth refusal stand in `docs/errors.md`.
fn check_codes(body: &str) {
    let Ok(Value::Object(problem)) = serde_json::from_str(body) else {
        return;
    };
    let is_problem = problem.contains_key("title") && problem.contains_key("detail");
    let code = if is_problem {
        problem.get("code")
    } else {
        problem.get("error")
    };
    let of_fields = problem.get("errors").and_then(Value::as_array).into_iter().flatten();
    let codes = code.into_iter().chain(of_fields.filter_map(|error| error.get("code")));
    for code in codes.filter_map(Value::as_str) {
        assert!(
            CODES.contains(code) || code.starts_with("invalid_"),
            "docs/errors.md does not say what to do about {code}: {body}"
        );
    }
}

fn parts(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

/// Whether a path is one of a pattern.
fn matches(pattern: &[String], path: &[String]) -> bool {
    let same = |(pattern, part): (&String, &String)| pattern.starts_with('{') && !part.is_empty() || pattern == part;
    pattern.len() == path.len() && pattern.iter().zip(path).all(same)
}

/// The schema of a body or answer, if it is JSON.
fn json_schema(described: &Value) -> Option<&Value> {
    let content = described["content"].as_object()?;
    let json = content
        .iter()
        .find(|(kind, _)| kind.ends_with("json") && !kind.ends_with("ndjson"))?;
    json.1.get("schema")
}

/// The named schemas, in which every place that holds an object takes what is named and nothing else.
fn closed_schemas() -> Value {
    let mut schemas = DOCUMENT["components"]["schemas"].clone();
    schemas.as_object_mut().unwrap().values_mut().for_each(close_parts);
    schemas
}

fn validator(schema: &Value, schemas: &Value) -> Validator {
    let mut place = schema.clone();
    close(&mut place);
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": {"schemas": schemas},
        "allOf": [place],
    });
    jsonschema::options()
        .should_validate_formats(true)
        .build(&whole)
        .unwrap()
}

/// Closes a place that holds something. What is put together of several schemas is closed as a whole.
fn close(place: &mut Value) {
    close_parts(place);
    let named = ["$ref", "properties", "allOf", "oneOf", "anyOf"];
    if let Value::Object(place) = place
        && named.iter().any(|name| place.contains_key(*name))
        && !place.contains_key("additionalProperties")
    {
        place.insert("unevaluatedProperties".to_owned(), false.into());
    }
}

/// Closes the places within a schema.
fn close_parts(schema: &mut Value) {
    let Value::Object(schema) = schema else { return };
    for (name, part) in schema.iter_mut() {
        match (name.as_str(), part) {
            ("properties", Value::Object(fields)) => fields.values_mut().for_each(close),
            ("allOf" | "oneOf" | "anyOf", Value::Array(members)) => members.iter_mut().for_each(close_parts),
            ("items" | "additionalProperties", part) => close(part),
            _ => {}
        }
    }
}

fn problem(validator: &Validator, value: &Value) -> Option<String> {
    let problems: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{} at “{}”", error, error.instance_path()))
        .collect();
    (!problems.is_empty()).then(|| problems.join("; "))
}
