//! What gateways ask, when there may be nobody who answers.

use serde_json::{Value as Json, json};

/// What the gate says about a token.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    /// With the reason's code.
    Refused(String),
    /// It cannot say, or there is nobody who could.
    Undecided,
}

/// Asks a node about a token that wants to read the first entity, either as a proxy with forward-auth does or as a resource
/// server.
pub async fn ask(
    http: &reqwest::Client,
    node: &str,
    (id, secret): &(String, String),
    token: &str,
    is_forward_auth: bool,
) -> Verdict {
    let request = match is_forward_auth {
        false => http
            .post(format!("{node}/gateway/verify"))
            .basic_auth(id, Some(secret))
            .json(&json!({"token": token, "entity": "e1", "access": "read"})),
        true => http
            .get(format!("{node}/gateway/authorize"))
            .bearer_auth(token)
            .header("x-entity-id", "e1")
            .header("x-api-access", "read"),
    };
    match request.send().await {
        Ok(answer) => read(answer).await,
        Err(_) => Verdict::Undecided,
    }
}

async fn read(answer: reqwest::Response) -> Verdict {
    let (status, header) = (answer.status().as_u16(), answer.headers().get("x-reason").cloned());
    let Ok(body) = answer.bytes().await else {
        return Verdict::Undecided;
    };
    let body: Json = serde_json::from_slice(&body).unwrap_or_default();
    let header = header.as_ref().and_then(|header| header.to_str().ok());
    let reason = header.or_else(|| body["reason"].as_str()).unwrap_or_default();
    match (status, reason) {
        (503, _) | (_, "unavailable") => Verdict::Undecided,
        (200, "" | "ok") => Verdict::Accepted,
        (200 | 401 | 403, reason) => Verdict::Refused(reason.to_owned()),
        (status, reason) => panic!("the gate answered {status} “{reason}”"),
    }
}
