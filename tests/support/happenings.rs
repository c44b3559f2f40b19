//! What people do in many stories, up to where a story begins: an application is created, a developer signs up, an
//! integration runs.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{PASSWORD, World};
use super::{Answer, Person, described};

impl World {
    /// What Ada fills in for a New Integration.
    pub fn new_integration(name: &str) -> Value {
        json!({
            "integration_type": "new_integration",
            "name": name,
            "description": "Posts the payroll journals of every month.",
            "category": "payroll_and_hr",
            "developer_email": "dev@example.com",
            "api_permission": "read_write",
            "entities": ["e1", "e2"],
        })
    }

    /// What Ada fills in for a preset AIQ Integrate.
    pub fn aiq_integrate(name: &str) -> Value {
        json!({
            "integration_type": "aiq_integrate",
            "integrate_type": "bank_feeds",
            "name": name,
            "description": "Books the bank statements of every day.",
            "entities": ["e1", "e2"],
            "accept_charges": true,
            "accept_data_access": true,
        })
    }

    /// What Ada fills in, with something else in some fields; null leaves a field out.
    pub fn with(mut form: Value, other: Value) -> Value {
        let fields = form.as_object_mut().unwrap();
        for (field, value) in other.as_object().unwrap() {
            match value {
                Value::Null => drop(fields.remove(field)),
                value => drop(fields.insert(field.clone(), value.clone())),
            }
        }
        form
    }

    /// Ada creates a New Integration; the answer with its OTP.
    pub async fn created(&self, ada: &Person, name: &str) -> Value {
        ada.post("/api/v1/integration-apps", Self::new_integration(name))
            .await
            .expect(201)
            .json()
    }

    /// The invited developer signs up with the newest invitation and logs in.
    pub async fn signed_up(&self, address: &str) -> Person {
        let invite_token = self.last_mail_to(address).await.invite_token();
        self.signs_up(address, &invite_token).await
    }

    /// The invited developer signs up with this invitation and logs in.
    pub async fn signs_up(&self, address: &str, invite_token: &str) -> Person {
        // Whatever waits is sent first, so that the code is the newest mail.
        self.mails().await;
        let anybody = self.anybody();
        anybody
            .post("/portal/api/v1/sign-up/code", json!({"invite_token": invite_token}))
            .await
            .expect(202);
        let code = self.last_mail_to(address).await.code();
        let form = json!({
            "invite_token": invite_token, "code": code, "full_name": "Dev Eloper", "password": PASSWORD,
        });
        anybody.post("/portal/api/v1/sign-up", form).await.expect(201);
        self.logged_in(address).await
    }

    /// A developer logs in.
    pub async fn logged_in(&self, address: &str) -> Person {
        let form = json!({"email": address, "password": PASSWORD});
        let session = self
            .anybody()
            .post("/portal/api/v1/session", form)
            .await
            .expect(200)
            .json();
        self.person(Some(session["token"].as_str().unwrap().to_owned()))
    }

    /// The developer verifies an application with its OTP.
    pub async fn verified(&self, developer: &Person, app: &Value) {
        let path = format!("/portal/api/v1/apps/{}/verify", app["id"].as_str().unwrap());
        developer
            .post(&path, json!({"otp": app["verification"]["otp"]}))
            .await
            .expect(200);
    }

    /// The developer generates a client secret: client id and secret.
    pub async fn client_secret(&self, developer: &Person, app: &Value) -> (String, String) {
        let path = format!("/portal/api/v1/apps/{}/client-secrets", app["id"].as_str().unwrap());
        let issued = developer.post(&path, json!({})).await.expect(201).json();
        let text = |name: &str| issued[name].as_str().unwrap().to_owned();
        (text("client_id"), text("client_secret"))
    }

    /// Everything up to a running integration: application, developer, client id and secret.
    pub async fn running(&self, name: &str) -> (Person, Value, Person, (String, String)) {
        let ada = self.ada().await;
        let app = self.created(&ada, name).await;
        let developer = self.signed_up("dev@example.com").await;
        self.verified(&developer, &app).await;
        let client = self.client_secret(&developer, &app).await;
        (ada, app, developer, client)
    }

    /// The integration asks for an access token.
    pub async fn token(&self, client: &(String, String)) -> Answer {
        self.oauth("/oauth/token", client, &[("grant_type", "client_credentials")])
            .await
    }

    /// The integration's access token.
    pub async fn access_token(&self, client: &(String, String)) -> String {
        self.token(client).await.expect(200).json()["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// A form with client credentials.
    pub async fn oauth(&self, path: &str, (id, secret): &(String, String), form: &[(&str, &str)]) -> Answer {
        let request = self
            .http
            .post(format!("{}{path}", self.base_url))
            .basic_auth(id, Some(secret))
            .form(form);
        let answer = Answer::read(request.send().await.unwrap()).await;
        described::check(&Method::POST, path, None, answer.status.as_u16(), &answer.text());
        answer
    }

    /// What the gateway says about a token, an entity and an access: the reason's code.
    pub async fn gate(&self, token: &str, entity: &str, access: &str) -> String {
        let (id, secret) = &self.gateway;
        let request = self
            .http
            .post(format!("{}/gateway/verify", self.base_url))
            .basic_auth(id, Some(secret))
            .json(&json!({"token": token, "entity": entity, "access": access}));
        let answer = Answer::read(request.send().await.unwrap()).await.expect(200);
        described::check(&Method::POST, "/gateway/verify", None, 200, &answer.text());
        let answer = answer.json();
        assert_eq!(answer["allowed"], answer["reason"] == "ok");
        answer["reason"].as_str().unwrap().to_owned()
    }
}
