//! What stands around a gateway: Gatebook as a real process, an application with its tokens, the SOAP service behind,
//! and the SOAP client in front.

use serde_json::{Value, json};

use super::soap_client::SoapClient;
use super::soap_service::SoapService;
use crate::bad_days::installation::{Customer, Installation, Process, word};
use crate::support::{Answer, World};

/// All but the proxy.
pub struct Place {
    pub installation: Installation,
    pub gatebook: Process,
    pub customer: Customer,
    pub service: SoapService,
    pub client: SoapClient,
    /// An application that may read and write the entities `e1` and `e2`, not `e3`.
    pub credentials: (String, String),
}

impl Place {
    /// With a Gatebook that only talks to resource servers.
    pub async fn guarded() -> Self {
        let installation = Installation::on_sqlite();
        let gatebook = installation.start("serve", &["--gateway-auth", "required"], &[]).await;
        let customer = Customer::settle(&installation, &gatebook).await;
        let credentials = application(&gatebook, &customer).await;
        Self {
            installation,
            gatebook,
            customer,
            service: SoapService::start().await,
            client: SoapClient::start(),
            credentials,
        }
    }

    /// Starts Gatebook again, as one that answers whoever asks.
    pub async fn restarted_unguarded(&mut self) {
        self.gatebook.signal("TERM");
        self.gatebook.ended().await;
        self.gatebook = self.installation.start("serve", &[], &[]).await;
    }

    /// Where Gatebook listens.
    pub fn gatebook_address(&self) -> &str {
        self.gatebook.base_url.trim_start_matches("http://")
    }

    /// An access token for this scope.
    pub async fn token(&self, scope: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        word(
            &self.oauth("/oauth/token", &form).await.expect(200).json(),
            "access_token",
        )
    }

    /// The application gives a token back.
    pub async fn revoke(&self, token: &str) {
        self.oauth("/oauth/revoke", &[("token", token)]).await.expect(200);
    }

    async fn oauth(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let (id, secret) = &self.credentials;
        let http = crate::bad_days::installation::client();
        let request = http
            .post(format!("{}{path}", self.gatebook.base_url))
            .basic_auth(id, Some(secret));
        Answer::read(request.form(form).send().await.unwrap()).await
    }
}

/// The credentials of an application of the provider's, which needs no developer.
async fn application(gatebook: &Process, customer: &Customer) -> (String, String) {
    let pam = gatebook.person(&customer.pam);
    let form: Value = World::aiq_integrate("Bank feeds");
    let app = pam.post("/api/v1/integration-apps", form).await.expect(201).json();
    let operator = gatebook.person(&customer.operator);
    let path = format!("/operator/api/v1/integration-apps/{}/client-secrets", word(&app, "id"));
    let issued = operator.post(&path, json!({})).await.done().json();
    (word(&issued, "client_id"), word(&issued, "client_secret"))
}
