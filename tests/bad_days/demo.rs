//! `gatebook demo` and the command line, as the contract promises them to whoever tries Gatebook first.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::installation::{Installation, Process, word};
use crate::support::eventually::eventually;
use crate::support::mailbox::Mailbox;
use crate::support::{APPS, Person, World, app_at};

fn demo_json(installation: &Installation) -> Value {
    serde_json::from_slice(&std::fs::read(installation.folder().join("demo.json")).unwrap()).unwrap()
}

/// The user of the sample data with this id.
fn user(demo: &Value, id: &str) -> Value {
    let groups = demo["groups"].as_array().unwrap().iter();
    let mut users = groups.flat_map(|group| group["users"].as_array().unwrap());
    users.find(|user| user["id"] == id).unwrap().clone()
}

fn person(process: &Process, demo: &Value, id: &str) -> Person {
    process.person(&word(&user(demo, id), "token"))
}

fn form(name: &str, entities: &[&str]) -> Value {
    World::with(World::new_integration(name), json!({"entities": entities}))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_says_all_that_is_needed_to_try_it() {
    let installation = Installation::on_sqlite();
    let process = installation.start("demo", &[], &[]).await;
    let demo = demo_json(&installation);
    assert_eq!(demo["base_url"], process.base_url.as_str());
    assert_eq!(demo["mail_dir"], installation.folder().join("mail").to_str().unwrap());
    let mode = installation
        .folder()
        .join("demo.json")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "tokens and passwords are inside");

    process
        .person(&word(&demo, "operator_token"))
        .get("/operator/api/v1/groups")
        .await
        .expect(200);
    let server = &demo["resource_server"];
    let check = reqwest::Client::new()
        .post(format!("{}/gateway/verify", process.base_url))
        .basic_auth(word(server, "client_id"), Some(word(server, "client_secret")))
        .json(&json!({"token": "x", "entity": "e1", "access": "read"}));
    assert_eq!(check.send().await.unwrap().status(), 200);

    let groups = demo["groups"].as_array().unwrap();
    let on_the_plan = groups.iter().filter(|group| group["product_plan"] == "AIQ3").count();
    assert_eq!((groups.len(), on_the_plan), (3, 2));
    for group in groups {
        assert!(!word(group, "id").is_empty() && !word(group, "name").is_empty());
        for entity in group["entities"].as_array().unwrap() {
            assert!(!word(entity, "id").is_empty() && !word(entity, "name").is_empty());
        }
        for user in group["users"].as_array().unwrap() {
            let me = process
                .person(&word(user, "token"))
                .get("/api/v1/me")
                .await
                .expect(200)
                .json();
            for field in ["id", "email", "name", "role", "permissions"] {
                assert_eq!(me["user"][field], user[field], "{field}");
            }
            for field in ["id", "name", "product_plan"] {
                assert_eq!(me["group"][field], group[field], "{field}");
            }
            assert!(word(user, "password").len() >= 15);
        }
    }
    let roles: Vec<_> = groups[0]["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| (&user["role"], &user["permissions"]))
        .collect();
    assert!(roles.iter().any(|(role, _)| *role == "practice_admin"));
    for permissions in [
        json!(["manage_integration_applications"]),
        json!(["view_activity_logs"]),
        json!([]),
    ] {
        assert!(
            roles.contains(&(&json!("user"), &permissions)),
            "{permissions}: {roles:?}"
        );
    }
    process.stop().await;
    installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_that_is_started_again_keeps_applications_and_tokens_on_sqlite() {
    a_demo_that_is_started_again_keeps_applications_and_tokens(Installation::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_that_is_started_again_keeps_applications_and_tokens_on_postgres() {
    a_demo_that_is_started_again_keeps_applications_and_tokens(Installation::on_postgres().await).await;
}

async fn a_demo_that_is_started_again_keeps_applications_and_tokens(installation: Installation) {
    let process = installation.start("demo", &[], &[]).await;
    let demo = demo_json(&installation);
    let (ida, entities) = (person(&process, &demo, "ida"), ["nw-dublin", "nw-london"]);
    let app = ida
        .post(APPS, form("Payroll Bridge", &entities))
        .await
        .expect(201)
        .json();
    assert!(
        installation
            .mail(1, "dev@example.com")
            .await
            .link()
            .starts_with(&process.base_url)
    );
    process.stop().await;
    let events = installation.number("select position from log_head").await;

    let process = installation.start("demo", &[], &[]).await;
    let again = demo_json(&installation);
    assert_eq!(again["base_url"], process.base_url.as_str());
    assert_eq!(
        World::with(again.clone(), json!({"base_url": null})),
        World::with(demo, json!({"base_url": null}))
    );
    assert_eq!(
        installation.number("select position from log_head").await,
        events,
        "nothing happened by itself"
    );
    let ida = person(&process, &again, "ida");
    assert_eq!(
        ida.get(&app_at(&app, "")).await.expect(200).json()["name"],
        "Payroll Bridge"
    );
    ida.post(APPS, form("PAYROLL BRIDGE", &entities))
        .await
        .refused(409, "name_taken");
    process
        .person(&word(&again, "operator_token"))
        .get("/operator/api/v1/groups")
        .await
        .expect(200);
    assert_eq!(installation.mails().len(), 1, "no e-mail is sent again");
    process.kill().await;

    let process = installation.start("demo", &[], &[]).await;
    let ida = person(&process, &demo_json(&installation), "ida");
    assert_eq!(ida.get(APPS).await.expect(200).all("name"), ["Payroll Bridge"]);
    process.stop().await;
    installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_on_another_database_does_not_trust_the_file_of_the_first() {
    let mut installation = Installation::on_sqlite();
    installation.start("demo", &[], &[]).await.stop().await;
    let first = demo_json(&installation);
    let other = installation.folder().join("other.db");
    let database_url = std::mem::replace(&mut installation.database_url, format!("sqlite://{}", other.display()));
    for new in [&["--new-database"][..], &[]] {
        let process = installation.start("demo", new, &[]).await;
        let demo = demo_json(&installation);
        assert_ne!(demo["operator_token"], first["operator_token"]);
        let operator = process.person(&word(&demo, "operator_token"));
        operator.get("/operator/api/v1/groups").await.expect(200);
        person(&process, &demo, "ida").get("/api/v1/me").await.expect(200);
        process.stop().await;
    }
    installation.database_url = database_url;
    let process = installation.start("demo", &[], &[]).await;
    assert!(
        process.log().contains("creating sample data and tokens"),
        "{}",
        process.log()
    );
    person(&process, &demo_json(&installation), "ida")
        .get("/api/v1/me")
        .await
        .expect(200);
    process.stop().await;
    installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_says_where_mails_really_go() {
    let (installation, elsewhere) = (Installation::on_sqlite(), tempfile::tempdir().unwrap());
    let url = format!("file:{}", elsewhere.path().display());
    let process = installation.start("demo", &["--mail", &url], &[]).await;
    let demo = demo_json(&installation);
    assert_eq!(demo["mail_dir"], elsewhere.path().to_str().unwrap());
    let ida = person(&process, &demo, "ida");
    ida.post(APPS, form("Payroll Bridge", &["nw-dublin"])).await.expect(201);
    let mailbox = Mailbox::default();
    let email = async || mailbox.open(elsewhere.path()).into_iter().next();
    assert_eq!(eventually("the invitation", email).await.to, "dev@example.com");
    process.stop().await;
    let process = installation.start("demo", &["--mail", "smtp://127.0.0.1:1"], &[]).await;
    assert_eq!(
        demo_json(&installation)["mail_dir"],
        "",
        "a mail server has no folder to look into"
    );
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_port_is_a_clear_error_that_says_what_to_do() {
    let installation = Installation::on_sqlite();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for command in ["serve", "demo"] {
        let finished = installation.run(&[command, "--listen", &address]);
        assert_eq!(finished.code, Some(1), "{finished:#?}");
        for part in [&address, "--listen", "in use"] {
            assert!(finished.err.contains(part), "{finished:#?}");
        }
    }
    assert!(!installation.folder().join("demo.json").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_not_there_is_a_clear_error_without_its_password() {
    for url in [
        "postgres://gatebook:hunter2@127.0.0.1:1/gatebook",
        "mysql://root:hunter2@127.0.0.1/gatebook",
    ] {
        let installation = Installation::on(url.to_owned());
        for command in [
            &["migrate"][..],
            &["serve"],
            &["projections", "verify"],
            &["log", "verify"],
        ] {
            let finished = installation.run(command);
            assert_eq!(finished.code, Some(1), "{finished:#?}");
            assert!(finished.err.contains("gatebook: "), "{finished:#?}");
            assert!(!finished.err.contains("hunter2"), "{finished:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_explains_itself() {
    let installation = Installation::on_sqlite();
    let commands: [&[&str]; 38] = [
        &[],
        &["demo"],
        &["serve"],
        &["migrate"],
        &["operator-token"],
        &["operator-token", "create"],
        &["operator-token", "list"],
        &["operator-token", "revoke"],
        &["resource-server", "create"],
        &["resource-server", "list"],
        &["resource-server", "show"],
        &["resource-server", "revoke"],
        &["app", "list"],
        &["app", "show"],
        &["app", "suspend"],
        &["app", "resume"],
        &["app", "revoke"],
        &["app", "secrets"],
        &["app", "secrets", "list"],
        &["app", "secrets", "retire"],
        &["group", "list"],
        &["group", "show"],
        &["user", "list"],
        &["user", "show"],
        &["user", "end-token"],
        &["user", "remove"],
        &["entity", "list"],
        &["entity", "show"],
        &["entity", "remove"],
        &["completions"],
        &["man"],
        &["tokens", "end"],
        &["projections"],
        &["projections", "status"],
        &["projections", "rebuild"],
        &["projections", "verify"],
        &["log", "export"],
        &["log", "verify"],
    ];
    for command in commands {
        let help = installation.succeed(&[command, &["--help"]].concat());
        for part in [
            "Usage: gatebook",
            "--database-url",
            "GATEBOOK_DATABASE_URL",
            "--data",
            "GATEBOOK_DATA",
        ] {
            assert!(help.contains(part), "{command:?} does not mention {part}: {help}");
        }
    }
    let serve = installation.succeed(&["serve", "--help"]);
    for flag in ["--listen", "--public-url", "--mail", "--throttle", "--log-format"] {
        let variable = format!(
            "GATEBOOK_{}",
            flag.trim_start_matches('-').replace('-', "_").to_uppercase()
        );
        assert!(serve.contains(flag) && serve.contains(&variable), "{flag}: {serve}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_on_an_installation_beside_a_serving_process_work() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        let process = installation.start("demo", &[], &[]).await;
        let demo = demo_json(&installation);
        let ida = person(&process, &demo, "ida");
        let app = ida
            .post(APPS, form("Payroll Bridge", &["nw-dublin"]))
            .await
            .expect(201)
            .json();
        let token = installation.succeed(&["operator-token", "create", "--name", "Second operator"]);
        process
            .person(token.trim())
            .get("/operator/api/v1/groups")
            .await
            .expect(200);
        let made: Value =
            serde_json::from_str(&installation.succeed(&["resource-server", "create", "--name", "G2"])).unwrap();
        assert!(!word(&made, "client_id").is_empty() && !word(&made, "client_secret").is_empty());
        let csv = installation.succeed(&["log", "export", "--app", &word(&app, "id")]);
        assert!(
            csv.starts_with(r#""position","sequence","recorded_at","app_id","app_name","event","summary","#),
            "{csv}"
        );
        let ndjson = installation.succeed(&["log", "export", "--group", "northwind", "--format", "ndjson"]);
        let file = installation.folder().join("northwind.ndjson");
        std::fs::write(&file, ndjson).unwrap();
        installation.succeed(&["log", "verify", file.to_str().unwrap()]);
        let nobody = uuid::Uuid::nil().to_string();
        let unknown = installation.run(&["log", "export", "--developer", &nobody]);
        assert_eq!((unknown.code, unknown.out.as_str()), (Some(1), ""), "{unknown:#?}");
        installation.succeed(&["projections", "rebuild"]);
        installation.succeed(&["migrate"]);
        assert_eq!(ida.get(APPS).await.expect(200).all("name"), ["Payroll Bridge"]);
        installation.holds_together();
        process.stop().await;
    }
}
