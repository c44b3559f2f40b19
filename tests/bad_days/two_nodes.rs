//! R26: two processes on one PostgreSQL behave as one. What one has acknowledged, the other goes by at once.

use reqwest::Method;
use serde_json::{Value, json};

use super::installation::{Customer, Installation, Process, client, word};
use crate::support::world::PASSWORD;
use crate::support::{APPS, Answer, Person, World, app_at, portal_at};

/// Two processes, and a customer whose application is running.
struct Nodes {
    installation: Installation,
    a: Process,
    b: Process,
    customer: Customer,
}

impl Nodes {
    /// Both start at the same moment, on an empty database.
    async fn start() -> Self {
        let installation = Installation::on_postgres().await;
        let one_name = ["--public-url", "https://gatebook.example"];
        let start = async || installation.start("serve", &one_name, &[]).await;
        let (a, b) = tokio::join!(start(), start());
        let customer = Customer::settle(&installation, &a).await;
        Self {
            installation,
            a,
            b,
            customer,
        }
    }

    async fn stop(self) {
        self.installation.holds_together();
        self.a.stop().await;
        self.b.stop().await;
    }

    /// Invited by one node, signed up at the other; the application and the developer's token.
    async fn invited(&self, name: &str) -> (Value, String) {
        let pam = self.a.person(&self.customer.pam);
        let app = pam.post(APPS, World::new_integration(name)).await.expect(201).json();
        let invite_token = self.installation.mail(1, "dev@example.com").await.invite_token();
        let asked = json!({"invite_token": invite_token});
        self.b
            .anybody()
            .post("/portal/api/v1/sign-up/code", asked)
            .await
            .expect(202);
        let code = self.installation.mail(2, "dev@example.com").await.code();
        let form = json!({"invite_token": invite_token, "code": code, "full_name": "Dev Eloper", "password": PASSWORD});
        self.a.anybody().post("/portal/api/v1/sign-up", form).await.expect(201);
        (app, self.logged_in(&self.b).await)
    }

    async fn logged_in(&self, node: &Process) -> String {
        let form = json!({"email": "dev@example.com", "password": PASSWORD});
        word(
            &node
                .anybody()
                .post("/portal/api/v1/session", form)
                .await
                .expect(200)
                .json(),
            "token",
        )
    }

    /// The developer gets a client secret at one node, and the integration a token at the other.
    async fn token(&self, app: &Value, dev: &str) -> (Value, String) {
        let issued = self
            .a
            .person(dev)
            .post(&portal_at(app, "/client-secrets"), json!({"overlap_seconds": 0}))
            .await;
        let issued = issued.expect(201).json();
        let form = [("grant_type", "client_credentials")];
        let answer = basic(&self.b, "/oauth/token", &client_of(&issued))
            .form(&form)
            .send()
            .await
            .unwrap();
        let token = word(&Answer::read(answer).await.expect(200).json(), "access_token");
        (issued, token)
    }

    /// What a node says about a token.
    async fn gate(&self, node: &Process, token: &str) -> String {
        let check = json!({"token": token, "entity": "e1", "access": "read"});
        let answer = basic(node, "/gateway/verify", &self.customer.gateway)
            .json(&check)
            .send()
            .await
            .unwrap();
        word(&Answer::read(answer).await.expect(200).json(), "reason")
    }
}

fn client_of(issued: &Value) -> (String, String) {
    (word(issued, "client_id"), word(issued, "client_secret"))
}

fn basic(node: &Process, path: &str, (id, secret): &(String, String)) -> reqwest::RequestBuilder {
    client()
        .post(format!("{}{path}", node.base_url))
        .basic_auth(id, Some(secret))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_what_one_node_has_revoked_the_other_refuses_at_the_very_next_check() {
    let nodes = Nodes::start().await;
    let (app, dev) = nodes.invited("Payroll Bridge").await;
    let otp = json!({"otp": app["verification"]["otp"]});
    nodes
        .a
        .person(&dev)
        .post(&portal_at(&app, "/verify"), otp)
        .await
        .expect(200);
    let (pam, operator) = (
        nodes.a.person(&nodes.customer.pam),
        nodes.a.person(&nodes.customer.operator),
    );
    let acme = "/operator/api/v1/groups/acme";
    let (_, token) = nodes.token(&app, &dev).await;
    for _ in 0..20 {
        assert_eq!(nodes.gate(&nodes.b, &token).await, "ok");
        pam.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
        assert_eq!(nodes.gate(&nodes.b, &token).await, "app_suspended");
        pam.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
        assert_eq!(nodes.gate(&nodes.b, &token).await, "ok");
        pam.patch(&app_at(&app, ""), json!({"entities": ["e2"]}))
            .await
            .expect(200);
        assert_eq!(nodes.gate(&nodes.b, &token).await, "entity_not_assigned");
        pam.patch(&app_at(&app, ""), json!({"entities": ["e1", "e2"]}))
            .await
            .expect(200);
        operator
            .put(acme, json!({"name": "Acme Group", "product_plan": "AIQ2"}))
            .await
            .expect(200);
        assert_eq!(nodes.gate(&nodes.b, &token).await, "group_not_on_plan");
        operator
            .put(acme, json!({"name": "Acme Group", "product_plan": "AIQ3"}))
            .await
            .expect(200);
    }
    operator.delete(&format!("{acme}/entities/e1")).await.done();
    assert_eq!(nodes.gate(&nodes.b, &token).await, "entity_not_assigned");
    operator
        .put(&format!("{acme}/entities/e1"), json!({"name": "Entity e1"}))
        .await
        .done();
    assert_eq!(nodes.gate(&nodes.b, &token).await, "ok");

    let (issued, token) = nodes.token(&app, &dev).await;
    let secret = portal_at(&app, &format!("/client-secrets/{}", word(&issued, "client_secret_id")));
    nodes.a.person(&dev).delete(&secret).await.expect(204);
    assert_eq!(nodes.gate(&nodes.b, &token).await, "secret_retired");

    let (issued, token) = nodes.token(&app, &dev).await;
    let revocation = basic(&nodes.a, "/oauth/revoke", &client_of(&issued)).form(&[("token", &token)]);
    Answer::read(revocation.send().await.unwrap()).await.expect(200);
    assert_eq!(nodes.gate(&nodes.b, &token).await, "token_revoked");

    let (_, token) = nodes.token(&app, &dev).await;
    pam.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    assert_eq!(nodes.gate(&nodes.b, &token).await, "app_revoked");
    nodes.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_a_person_whose_access_ended_at_one_node_is_nobody_at_the_other() {
    let nodes = Nodes::start().await;
    let (_, dev) = nodes.invited("Payroll Bridge").await;
    nodes.a.person(&dev).get("/portal/api/v1/apps").await.expect(200);
    nodes.a.person(&dev).delete("/portal/api/v1/session").await.done();
    nodes
        .b
        .person(&dev)
        .get("/portal/api/v1/apps")
        .await
        .refused(401, "unauthenticated");

    let operator = nodes.a.person(&nodes.customer.operator);
    let users = "/operator/api/v1/groups/acme/users";
    let uma = json!({"email": "uma@acme.example", "name": "Uma User", "role": "practice_admin"});
    operator.put(&format!("{users}/uma"), uma).await.expect(201);
    let issued = operator
        .post(&format!("{users}/uma/tokens"), json!({"name": "test"}))
        .await
        .expect(201)
        .json();
    let there = nodes.b.person(&word(&issued, "token"));
    there.get("/api/v1/me").await.expect(200);
    operator.delete(&format!("{users}/uma")).await.done();
    there.get("/api/v1/me").await.refused(401, "unauthenticated");
    nodes.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_wrong_one_time_passwords_are_counted_across_nodes() {
    let nodes = Nodes::start().await;
    let (app, dev) = nodes.invited("Payroll Bridge").await;
    let people = [nodes.a.person(&dev), nodes.b.person(&dev)];
    for (left, person) in (0..5).rev().zip(people.iter().cycle()) {
        let answer = person
            .post(&portal_at(&app, "/verify"), json!({"otp": "2222-2222"}))
            .await;
        assert_eq!(answer.refused(422, "otp_wrong").json()["attempts_left"], left);
    }
    for person in &people {
        let right = json!({"otp": app["verification"]["otp"]});
        person
            .post(&portal_at(&app, "/verify"), right)
            .await
            .refused(423, "otp_locked");
    }
    nodes.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_a_name_taken_at_one_node_is_taken_at_the_other_in_any_letter_case() {
    let nodes = Nodes::start().await;
    let people = [nodes.a.person(&nodes.customer.pam), nodes.b.person(&nodes.customer.pam)];
    for round in 0..10 {
        let spellings = [format!("Payroll Bridge {round}"), format!("PAYROLL bridge {round}")];
        let forms = spellings.map(|name| World::new_integration(&name));
        let [one, other] = forms;
        let (one, other) = tokio::join!(people[0].post(APPS, one), people[1].post(APPS, other));
        let refused = match (one.status.as_u16(), other.status.as_u16()) {
            (201, _) => other,
            (_, 201) => one,
            both => panic!("{both:?}"),
        };
        refused.refused(409, "name_taken");
    }
    assert_eq!(people[1].get(APPS).await.expect(200).all("name").len(), 10);
    nodes.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_at_the_other_node_answers_like_the_first() {
    let nodes = Nodes::start().await;
    let (form, key) = (World::new_integration("Payroll Bridge"), [("idempotency-key", "k1")]);
    let ask = async |person: Person| person.send(Method::POST, APPS, Some(form.clone()), &key).await;
    let first = ask(nodes.a.person(&nodes.customer.pam)).await.expect(201);
    let repeat = ask(nodes.b.person(&nodes.customer.pam)).await.expect(201);
    assert_eq!(repeat.json(), first.json());
    assert_eq!(repeat.header("etag"), first.header("etag"));
    let other = World::new_integration("Another Bridge");
    let reused = nodes
        .b
        .person(&nodes.customer.pam)
        .send(Method::POST, APPS, Some(other), &key)
        .await;
    reused.refused(422, "idempotency_key_reused");
    nodes.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_email_is_sent_once_although_two_nodes_look_for_emails() {
    let nodes = Nodes::start().await;
    let people = [nodes.a.person(&nodes.customer.pam), nodes.b.person(&nodes.customer.pam)];
    for number in 0..20 {
        people[number % 2]
            .post(APPS, World::new_integration(&format!("Bridge {number}")))
            .await
            .expect(201);
    }
    nodes.installation.mail(20, "dev@example.com").await;
    let waiting = "select count(*) from outbox where state <> 'sent'";
    crate::support::eventually::eventually("empty outbox", async || {
        (nodes.installation.number(waiting).await == 0).then_some(())
    })
    .await;
    // Both put an e-mail into the same file; but each time that one of them takes it is counted.
    let attempts = "select cast(sum(attempts) as bigint) from outbox";
    assert_eq!(nodes.installation.number(attempts).await, 20);
    assert_eq!(nodes.installation.mails().len(), 20);
    nodes.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_another_key_file_refuses_to_start() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        installation.serve().await.stop().await;
        let other = installation.folder().join("other.key");
        std::fs::copy(installation.folder().join("gatebook.key"), &other).unwrap();
        std::fs::write(&other, "ab".repeat(32)).unwrap();
        let other = ["--key-file", other.to_str().unwrap()];
        let listen = ["serve", "--listen", "127.0.0.1:0"];
        let finished = installation.run(&[&listen[..], &other[..]].concat());
        assert_eq!(finished.code, Some(1), "{finished:#?}");
        assert!(
            finished.err.contains("does not belong to this database"),
            "{finished:#?}"
        );
        let created = ["operator-token", "create", "--name", "Olga"];
        let finished = installation.run(&[&created[..], &other[..]].concat());
        assert_eq!((finished.code, finished.out.as_str()), (Some(1), ""), "{finished:#?}");
        installation.serve().await.stop().await;
    }
}
