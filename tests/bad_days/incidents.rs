//! An incident: operators look around and stop things at the command line, while the program serves.

use serde_json::{Value, json};

use super::installation::{Customer, Finished, Installation, Process, word};
use super::integration::{Integration, gate};
use crate::support::{Answer, id};

/// A customer with an integration that runs.
struct Scene {
    installation: Installation,
    process: Process,
    customer: Customer,
    integration: Integration,
    app: String,
}

impl Scene {
    async fn on(installation: Installation) -> Self {
        let process = installation.serve().await;
        let customer = Customer::settle(&installation, &process).await;
        let integration = Integration::running(&process, &customer, "Bank Feeds").await;
        let app = id(&integration.app).to_owned();
        Self {
            installation,
            process,
            customer,
            integration,
            app,
        }
    }

    /// What the command line prints as JSON.
    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.installation.succeed(&[arguments, &["--output", "json"]].concat());
        serde_json::from_str(&printed).unwrap()
    }

    /// What the operators' API answers.
    async fn api(&self, path: &str) -> Value {
        let operator = self.process.person(&self.customer.operator);
        operator
            .get(&format!("/operator/api/v1{path}"))
            .await
            .expect(200)
            .json()
    }

    async fn gate(&self, token: &str) -> String {
        gate(&self.process, &self.customer, token).await
    }

    /// The lines of the application's log with an event, as an auditor downloads them.
    async fn csv_of(&self, event: &str) -> Vec<String> {
        let pam = self.process.person(&self.customer.pam);
        let csv: Answer = pam
            .get(&format!("/api/v1/integration-apps/{}/activity-log", self.app))
            .await;
        let csv = csv.expect(200).text();
        let lines = csv.lines().filter(|line| line.contains(event));
        lines.map(str::to_owned).collect()
    }

    async fn end(self) {
        self.process.stop().await;
        self.installation.holds_together();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r27_an_operator_stops_an_application_at_the_command_line_on_sqlite() {
    an_operator_stops_an_application(Installation::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r27_an_operator_stops_an_application_at_the_command_line_on_postgres() {
    an_operator_stops_an_application(Installation::on_postgres().await).await;
}

async fn an_operator_stops_an_application(installation: Installation) {
    let scene = Scene::on(installation).await;
    let token = scene.integration.token(&scene.process).await;
    let run = |arguments: &[&str]| scene.installation.succeed(arguments);
    let app = scene.app.as_str();
    assert_eq!(scene.gate(&token).await, "ok");

    let suspend = ["app", "suspend", app, "--reason", "Ticket 4711, odd calls"];
    let done = run(&suspend);
    assert!(done.starts_with("suspended “Bank Feeds” of Acme Group"), "{done}");
    assert_eq!(done.lines().count(), 1, "{done}");
    assert_eq!(scene.gate(&token).await, "app_suspended");
    let again = run(&suspend);
    assert!(again.starts_with("nothing to do:"), "{again}");
    let resumed = scene.json(&["app", "resume", app, "--reason", "It was us"]);
    assert_eq!(resumed["status"], "active");
    assert_eq!(scene.gate(&token).await, "ok");
    let running = scene.installation.run(&["app", "resume", app, "--reason", "Again"]);
    assert_eq!(running.code, Some(1), "{running:#?}");
    assert!(
        running.err.contains("This application is not suspended."),
        "{running:#?}"
    );

    let done = run(&["app", "revoke", app, "--reason", "Ticket 4711, leaked", "--yes"]);
    assert!(
        done.starts_with("revoked “Bank Feeds” of Acme Group for ever"),
        "{done}"
    );
    assert_eq!(scene.gate(&token).await, "app_revoked");

    for (event, reason, how_many) in [
        ("ApplicationSuspended", "Ticket 4711, odd calls", 1),
        ("ApplicationResumed", "It was us", 1),
        ("ApplicationRevoked", "Ticket 4711, leaked", 1),
    ] {
        let lines = scene.csv_of(event).await;
        assert_eq!(lines.len(), how_many, "{lines:#?}");
        for part in [reason, r#""operator","","command line ("#] {
            assert!(lines[0].contains(part), "{part}: {}", lines[0]);
        }
    }
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r23_an_operator_retires_a_leaked_secret_at_the_command_line() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        let scene = Scene::on(installation).await;
        let token = scene.integration.token(&scene.process).await;
        let (app, secret) = (scene.app.as_str(), scene.integration.client_secret_id.as_str());
        let list = ["app", "secrets", "list", app];
        let without_use = |mut listed: Value| {
            // The node writes it every few seconds.
            listed["items"][0]["last_used_at"] = Value::Null;
            listed
        };
        let listed = without_use(scene.json(&list));
        let answer = scene.api(&format!("/integration-apps/{app}/client-secrets")).await;
        assert_eq!(listed, without_use(answer));
        assert_eq!(listed["items"][0]["id"], secret);
        let table = scene.installation.succeed(&list);
        assert!(
            table.starts_with("ID ") && table.contains(&scene.integration.client.1[..8]),
            "{table}"
        );
        assert!(!table.contains(&scene.integration.client.1), "{table}");

        let retire = ["app", "secrets", "retire", app, secret, "--yes"];
        let done = scene.installation.succeed(&retire);
        assert!(
            done.starts_with(&format!("retired the client secret {secret} of “Bank Feeds”")),
            "{done}"
        );
        assert_eq!(scene.gate(&token).await, "secret_retired");
        assert_eq!(scene.json(&list), json!({"items": []}));
        assert!(scene.csv_of("ClientSecretRetired").await[0].contains("command line ("));
        let again = scene.installation.run(&retire);
        assert_eq!(again.code, Some(1), "{again:#?}");
        assert!(again.err.contains("has no client secret"), "{again:#?}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_listed_and_shown_has_the_form_of_the_api() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        let scene = Scene::on(installation).await;
        let app = scene.app.as_str();
        let items = |answer: Value| json!({"items": answer["items"]});
        let apps = items(scene.api("/integration-apps").await);
        assert_eq!(scene.json(&["app", "list"]), apps);
        assert_eq!(scene.json(&["app", "show", app]), apps["items"][0]);
        for (filter, value, there) in [
            ("--group", "acme", true),
            ("--group", "nobody", false),
            ("--status", "active", true),
            ("--status", "revoked", false),
            ("--name", "bank", true),
            ("--name", "payroll", false),
            ("--integration-type", "aiq_integrate", true),
            ("--developer-status", "verified", false),
            ("--entity", "e1", true),
            ("--sort", "-name", true),
        ] {
            let found = scene.json(&["app", "list", filter, value]);
            assert_eq!(
                !found["items"].as_array().unwrap().is_empty(),
                there,
                "{filter} {value}"
            );
        }

        assert_eq!(scene.json(&["group", "list"]), scene.api("/groups").await);
        let group = scene.api("/groups/acme").await;
        assert_eq!(scene.json(&["group", "show", "acme"]), group);
        assert_eq!(
            scene.json(&["user", "list", "--group", "acme"])["items"],
            group["users"]
        );
        assert_eq!(
            scene.json(&["user", "show", "pam", "--group", "acme"]),
            group["users"][0]
        );
        assert_eq!(
            scene.json(&["entity", "list", "--group", "acme"])["items"],
            group["entities"]
        );
        assert_eq!(
            scene.json(&["entity", "show", "e2", "--group", "acme"]),
            group["entities"][1]
        );
        let servers = scene.api("/resource-servers").await;
        assert_eq!(scene.json(&["resource-server", "list"]), servers);
        let client_id = &scene.customer.gateway.0;
        assert_eq!(scene.json(&["resource-server", "show", client_id]), servers["items"][0]);

        for (arguments, parts) in [
            (
                &["app", "list"][..],
                &["ID ", "STATUS", "active", "acme", "Bank Feeds"][..],
            ),
            (
                &["app", "show", app],
                &["Bank Feeds", "Acme Group (acme)", "e1", "aiq_integrate"],
            ),
            (&["group", "list"], &["PLAN", "AIQ3", "Acme Group"]),
            (&["group", "show", "acme"], &["AIQ3", "entities  3"]),
            (
                &["user", "list", "--group", "acme"],
                &["pam@acme.example", "practice_admin"],
            ),
            (
                &["user", "show", "pam", "--group", "acme"],
                &["Pam Practice", "token", "ends"],
            ),
            (&["entity", "list", "--group", "acme"], &["ID  NAME", "e1  Entity e1"]),
            (&["entity", "show", "e1", "--group", "acme"], &["Entity e1"]),
            (&["resource-server", "list"], &["CLIENT ID", "SOAP gateway"]),
            (&["resource-server", "show", client_id], &["SOAP gateway"]),
        ] {
            let table = scene.installation.succeed(arguments);
            for part in parts {
                assert!(table.contains(part), "{arguments:?}: no {part} in {table}");
            }
        }
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r27_people_entities_and_gateways_are_cut_off_at_the_command_line() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        let scene = Scene::on(installation).await;
        let token = scene.integration.token(&scene.process).await;
        let run = |arguments: &[&str]| scene.installation.succeed(&[arguments, &["--yes"]].concat());

        let done = run(&["entity", "remove", "e1", "--group", "acme"]);
        assert!(done.starts_with("removed the entity e1 of acme"), "{done}");
        assert_eq!(scene.gate(&token).await, "entity_not_assigned");

        let pam = scene.process.person(&scene.customer.pam);
        pam.get("/api/v1/me").await.expect(200);
        let tokens = scene.json(&["user", "show", "pam", "--group", "acme"])["tokens"].clone();
        let done = run(&["user", "end-token", "pam", &word(&tokens[0], "id"), "--group", "acme"]);
        assert!(done.contains("of Pam Practice"), "{done}");
        pam.get("/api/v1/me").await.refused(401, "unauthenticated");
        let done = run(&["user", "remove", "pam", "--group", "acme"]);
        assert!(done.starts_with("removed Pam Practice (pam) from acme"), "{done}");
        assert_eq!(scene.json(&["user", "list", "--group", "acme"]), json!({"items": []}));

        let done = run(&["resource-server", "revoke", &scene.customer.gateway.0]);
        assert!(done.contains("“SOAP gateway”"), "{done}");
        assert_eq!(scene.json(&["resource-server", "list"]), json!({"items": []}));
        let (client_id, secret) = &scene.customer.gateway;
        let check = reqwest::Client::new()
            .post(format!("{}/gateway/verify", scene.process.base_url))
            .basic_auth(client_id, Some(secret))
            .json(&json!({"token": token, "entity": "e2", "access": "read"}));
        assert_eq!(check.send().await.unwrap().status(), 401);

        for (log, events) in [
            (
                &["--group", "acme"][..],
                &["EntityRemoved", "UserTokenRevoked", "UserRemoved"][..],
            ),
            (&["--system"], &["ResourceServerEnded"]),
        ] {
            let log = scene.installation.succeed(&[&["log", "export"][..], log].concat());
            for event in events {
                let line = log.lines().find(|line| line.contains(&format!("\"{event}\"")));
                let line = line.unwrap_or_else(|| panic!("no {event} in {log}"));
                assert!(line.contains("command line ("), "{line}");
            }
        }
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_at_the_command_line_is_refused_and_writes_nothing() {
    let empty = Installation::on_sqlite();
    let missing = empty.run(&["app", "list"]);
    assert_eq!(missing.code, Some(1), "{missing:#?}");
    assert!(missing.err.contains("there is no database"), "{missing:#?}");

    let scene = Scene::on(Installation::on_sqlite()).await;
    let (app, nobody) = (scene.app.clone(), uuid::Uuid::nil().to_string());
    let position = "select position from log_head";
    let before = scene.installation.number(position).await;
    let refused = |code: i32, says: &str, arguments: &[&str]| {
        let finished: Finished = scene.installation.run(arguments);
        assert_eq!(finished.code, Some(code), "{arguments:?}: {finished:#?}");
        assert!(finished.err.contains(says), "{arguments:?}: {finished:#?}");
        assert_eq!(finished.out, "", "{arguments:?}");
    };
    let secret = scene.integration.client_secret_id.as_str();
    // Nobody can be asked here.
    for arguments in [
        &["app", "revoke", &app, "--reason", "Why"][..],
        &["app", "secrets", "retire", &app, secret],
        &["entity", "remove", "e1", "--group", "acme"],
        &["user", "remove", "pam", "--group", "acme"],
        &["user", "end-token", "pam", &nobody, "--group", "acme"],
        &["resource-server", "revoke", &scene.customer.gateway.0],
    ] {
        refused(64, "add --yes", arguments);
    }
    for verb in ["suspend", "resume", "revoke"] {
        refused(64, "--reason", &["app", verb, &app]);
        refused(64, "say why", &["app", verb, &app, "--reason", " "]);
        refused(64, "invalid value", &["app", verb, "Bank Feeds", "--reason", "Why"]);
    }
    for verb in ["suspend", "resume"] {
        refused(1, "see “gatebook app list”", &["app", verb, &nobody, "--reason", "Why"]);
    }
    for (says, arguments) in [
        ("see “gatebook app list”", &["app", "show", &nobody][..]),
        (
            "see “gatebook app list”",
            &["app", "revoke", &nobody, "--reason", "Why", "--yes"],
        ),
        ("see “gatebook app list”", &["app", "secrets", "list", &nobody]),
        (
            "see “gatebook app secrets list",
            &["app", "secrets", "retire", &app, &nobody, "--yes"],
        ),
        ("see “gatebook group list”", &["group", "show", "nobody"]),
        ("see “gatebook group list”", &["user", "list", "--group", "nobody"]),
        (
            "see “gatebook user list",
            &["user", "show", "nobody", "--group", "acme"],
        ),
        (
            "see “gatebook user list",
            &["user", "remove", "nobody", "--group", "acme", "--yes"],
        ),
        (
            "see “gatebook user show",
            &["user", "end-token", "pam", &nobody, "--group", "acme", "--yes"],
        ),
        (
            "see “gatebook entity list",
            &["entity", "show", "nothing", "--group", "acme"],
        ),
        (
            "see “gatebook entity list",
            &["entity", "remove", "nothing", "--group", "acme", "--yes"],
        ),
        (
            "see “gatebook resource-server list”",
            &["resource-server", "show", "nobody"],
        ),
        (
            "see “gatebook resource-server list”",
            &["resource-server", "revoke", "nobody", "--yes"],
        ),
    ] {
        refused(1, says, arguments);
    }
    refused(64, "active, suspended, revoked", &["app", "list", "--status", "alive"]);
    refused(64, "created_at", &["app", "list", "--sort", "colour"]);
    refused(64, "An id has 1 to 64", &["entity", "list", "--group", "a b"]);
    refused(64, "table", &["app", "list", "--output", "yaml"]);
    assert_eq!(scene.installation.number(position).await, before);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_applications_are_listed_however_many_and_the_first_of_them_if_wished() {
    let scene = Scene::on(Installation::on_sqlite()).await;
    let pam = scene.process.person(&scene.customer.pam);
    for number in 0..205 {
        let form = crate::support::World::aiq_integrate(&format!("Feeds {number}"));
        pam.post(crate::support::APPS, form).await.expect(201);
    }
    let names = |arguments: &[&str]| -> Vec<String> {
        let listed = scene.json(&[&["app", "list", "--sort", "name"][..], arguments].concat());
        let items = listed["items"].as_array().unwrap().iter();
        items.map(|app| word(app, "name")).collect()
    };
    let all = names(&[]);
    assert_eq!(all.len(), 206);
    assert_eq!(names(&["--limit", "203"]), all[..203]);
    assert_eq!(names(&["--limit", "2"]), all[..2]);
    scene.end().await;
}
