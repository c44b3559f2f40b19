//! How integrations and gateways ask.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Answer, Person, World};

/// The media type of every request to an OAuth endpoint.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The only grant.
pub const GRANT: (&str, &str) = ("grant_type", "client_credentials");
/// The endpoints that take a form.
pub const FORM_ENDPOINTS: [&str; 3] = ["/oauth/token", "/oauth/introspect", "/oauth/revoke"];

/// An integration that runs, and the people around it.
pub struct Integration {
    pub ada: Person,
    pub app: Value,
    pub developer: Person,
    pub client: (String, String),
}

impl Integration {
    /// Ada's application `Payroll`, whose developer has verified it and generated a client secret.
    pub async fn running(world: &World) -> Self {
        let (ada, app, developer, client) = world.running("Payroll").await;
        Self {
            ada,
            app,
            developer,
            client,
        }
    }

    /// The application's path for admins.
    pub fn path(&self) -> String {
        format!("/api/v1/integration-apps/{}", self.app["id"].as_str().unwrap())
    }

    /// The application's path for its developer.
    pub fn portal_path(&self) -> String {
        format!("/portal/api/v1/apps/{}", self.app["id"].as_str().unwrap())
    }

    /// One more application of the same people, with its client.
    pub async fn sibling(&self, world: &World, name: &str, api_permission: &str) -> Self {
        let mut form = World::new_integration(name);
        form["api_permission"] = json!(api_permission);
        let app = self.ada.post("/api/v1/integration-apps", form).await.expect(201).json();
        world.verified(&self.developer, &app).await;
        let client = world.client_secret(&self.developer, &app).await;
        Self {
            ada: self.ada.clone(),
            app,
            developer: self.developer.clone(),
            client,
        }
    }

    /// Ada suspends, resumes or revokes the application.
    pub async fn is(&self, verb: &str) {
        self.ada
            .post(&format!("{}/{verb}", self.path()), json!({}))
            .await
            .expect(200);
    }

    /// Ada gives the application an end date.
    pub async fn ends_at(&self, end: &str) {
        let body = json!({"ends_at": end});
        self.ada.patch(&self.path(), body).await.expect(200);
    }

    /// The developer generates one more client secret; the older one ends after so many seconds.
    pub async fn next_secret(&self, overlap_seconds: i64) -> (String, String) {
        let path = format!("{}/client-secrets", self.portal_path());
        let issued = self
            .developer
            .post(&path, json!({"overlap_seconds": overlap_seconds}))
            .await
            .expect(201)
            .json();
        let text = |name: &str| issued[name].as_str().unwrap().to_owned();
        (text("client_id"), text("client_secret"))
    }

    /// The developer retires every client secret.
    pub async fn retires_its_secrets(&self) {
        let details = self.developer.get(&self.portal_path()).await.expect(200).json();
        for secret in details["client_secrets"].as_array().unwrap() {
            let path = format!(
                "{}/client-secrets/{}",
                self.portal_path(),
                secret["id"].as_str().unwrap()
            );
            self.developer.delete(&path).await.expect(204);
        }
    }
}

/// Sends a request.
pub async fn ask(request: RequestBuilder) -> Answer {
    Answer::read(request.send().await.unwrap()).await
}

/// A POST with the client's Basic credentials.
pub fn post_as(world: &World, path: &str, (id, secret): &(String, String)) -> RequestBuilder {
    world.request(Method::POST, path).basic_auth(id, Some(secret))
}

/// A form without an `Authorization` header.
pub async fn post_form(world: &World, path: &str, form: &[(&str, &str)]) -> Answer {
    ask(world.request(Method::POST, path).form(form)).await
}

/// The client asks for a token with these parameters besides the grant.
pub async fn token_with(world: &World, client: &(String, String), form: &[(&str, &str)]) -> Answer {
    let form: Vec<_> = [GRANT].iter().chain(form).copied().collect();
    world.oauth("/oauth/token", client, &form).await
}

/// The gateway introspects a token.
pub async fn introspect(world: &World, token: &str) -> Answer {
    world
        .oauth("/oauth/introspect", &world.gateway, &[("token", token)])
        .await
}

/// A client gives a token back.
pub async fn revoke(world: &World, client: &(String, String), token: &str) -> Answer {
    world.oauth("/oauth/revoke", client, &[("token", token)]).await
}

/// What a call at the gate shows.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub token: Option<&'a str>,
    pub entity: Option<&'a str>,
    pub access: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// A call that reads the entity `e1`.
    pub fn reading(token: &'a str) -> Self {
        Self {
            token: Some(token),
            entity: Some("e1"),
            access: Some("read"),
        }
    }

    /// The call as `/gateway/verify` takes it.
    pub fn json(self) -> Value {
        let members = [("token", self.token), ("entity", self.entity), ("access", self.access)];
        members
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), json!(value?))))
            .collect()
    }

    /// The request as nginx sends it.
    pub fn request(self, world: &World) -> RequestBuilder {
        let mut request = world.request(Method::GET, "/gateway/authorize");
        if let Some(token) = self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in [("X-Entity-Id", self.entity), ("X-Api-Access", self.access)] {
            request = value
                .into_iter()
                .fold(request, |request, value| request.header(name, value));
        }
        request
    }
}

/// The gateway asks by header.
pub async fn authorize(world: &World, call: Call<'_>) -> Answer {
    ask(call.request(world)).await
}

/// The gateway asks by JSON.
pub async fn verify(world: &World, body: &Value) -> Answer {
    ask(post_as(world, "/gateway/verify", &world.gateway).json(body)).await
}

/// The reason that both ways of asking give; they must not differ.
pub async fn reason(world: &World, call: Call<'_>) -> String {
    let answer = authorize(world, call).await;
    let by_header = match answer.status.as_u16() {
        200 => "ok".to_owned(),
        401 | 403 => answer.header("x-reason"),
        other => panic!("the gate answered {other}: {}", answer.text()),
    };
    let answer = verify(world, &call.json()).await.expect(200).json();
    assert_eq!(answer["allowed"], answer["reason"] == "ok");
    assert_eq!(answer["reason"], by_header.as_str(), "the two ways of asking differ");
    by_header
}
