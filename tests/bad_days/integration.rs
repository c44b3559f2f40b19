//! An integration that runs at processes of the program: an AIQ Integrate application, whose secrets operators make, so
//! that no developer and no mail is needed.

use reqwest::RequestBuilder;
use serde_json::{Value as Json, json};

use super::installation::{Customer, Process, client, word};
use crate::support::{APPS, Answer, World, id};

/// An application with a client secret.
pub struct Integration {
    pub app: Json,
    pub client: (String, String),
    pub client_secret_id: String,
}

impl Integration {
    /// The customer's Practice Admin creates it, and an operator makes its client secret.
    pub async fn running(process: &Process, customer: &Customer, name: &str) -> Self {
        let pam = process.person(&customer.pam);
        let app = pam.post(APPS, World::aiq_integrate(name)).await.expect(201).json();
        let secrets = format!("/operator/api/v1/integration-apps/{}/client-secrets", id(&app));
        let made = process.person(&customer.operator).post(&secrets, json!({})).await;
        let made = made.expect(201).json();
        Self {
            client: (word(&made, "client_id"), word(&made, "client_secret")),
            client_secret_id: word(&made, "client_secret_id"),
            app,
        }
    }

    /// A new access token.
    pub async fn token(&self, process: &Process) -> String {
        let request = basic(process, "/oauth/token", &self.client).form(&[("grant_type", "client_credentials")]);
        let answer = Answer::read(request.send().await.unwrap()).await;
        word(&answer.expect(200).json(), "access_token")
    }
}

/// What the gate of a process says about a token that wants to read the first entity: the reason's code.
pub async fn gate(process: &Process, customer: &Customer, token: &str) -> String {
    let check = json!({"token": token, "entity": "e1", "access": "read"});
    let request = basic(process, "/gateway/verify", &customer.gateway).json(&check);
    word(
        &Answer::read(request.send().await.unwrap()).await.expect(200).json(),
        "reason",
    )
}

fn basic(process: &Process, path: &str, (id, secret): &(String, String)) -> RequestBuilder {
    let url = format!("{}{path}", process.base_url);
    client().post(url).basic_auth(id, Some(secret))
}
