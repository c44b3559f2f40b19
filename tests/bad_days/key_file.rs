//! The key: where it comes from, who may read it, and what happens when it is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use gatebook::store::ConnectionPurpose;
use gatebook_projections::sql::Query;
use serde_json::json;

use super::installation::{Customer, Finished, Installation, word};
use super::integration::{Integration, gate};
use crate::support::{app_at, id};

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

#[track_caller]
fn refused(finished: &Finished, parts: &[&str]) {
    assert_eq!((finished.code, finished.out.as_str()), (Some(1), ""), "{finished:#?}");
    for part in parts {
        assert!(finished.err.contains(part), "{part}: {finished:#?}");
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn a_key(folder: &Path, mode: u32) -> PathBuf {
    let path = folder.join("gatebook.key");
    fs::write(&path, "ab".repeat(32)).unwrap();
    set_mode(&path, mode);
    path
}

/// Runs a command with a variable.
fn run_with(installation: &Installation, arguments: &[&str], variables: &[(&str, &str)]) -> Finished {
    let mut command = installation.command(arguments);
    let output = tokio::task::block_in_place(|| command.envs(variables.iter().copied()).output().unwrap());
    Finished {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_file_that_the_programs_group_may_read_is_taken_and_one_open_to_everybody_is_not() {
    let secrets = tempfile::tempdir().unwrap();
    for mode in [0o440, 0o640] {
        let key = a_key(secrets.path(), mode);
        let named = ["--key-file", key.to_str().unwrap()];
        Installation::on_sqlite().start("serve", &named, &[]).await.stop().await;
        for exposed in [0o444, 0o460, 0o644] {
            set_mode(&key, exposed);
            let finished = Installation::on_sqlite().run(&[&SERVE[..], &named].concat());
            refused(&finished, &["gatebook.key", &format!("{exposed:04o}"), "chmod"]);
        }
        fs::remove_file(&key).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_can_be_a_variable_or_a_credential_of_systemd() {
    let (installation, credentials) = (Installation::on_sqlite(), tempfile::tempdir().unwrap());
    let text = "ab".repeat(32);
    installation
        .start("serve", &[], &[("GATEBOOK_KEY", &text)])
        .await
        .stop()
        .await;
    a_key(credentials.path(), 0o400);
    let folder = [("CREDENTIALS_DIRECTORY", credentials.path().to_str().unwrap())];
    installation.start("serve", &[], &folder).await.stop().await;
    assert!(!installation.folder().join("gatebook.key").exists(), "none was made");

    let other = "cd".repeat(32);
    let finished = run_with(&installation, &SERVE, &[("GATEBOOK_KEY", &other)]);
    refused(&finished, &["the key in GATEBOOK_KEY does not belong to this database"]);
    let finished = run_with(&installation, &SERVE, &[("GATEBOOK_KEY", "abab")]);
    refused(&finished, &["GATEBOOK_KEY does not hold", "64 hexadecimal digits"]);
    assert!(!finished.err.contains("abab"), "{finished:#?}");
    let both = [
        ("GATEBOOK_KEY", text.as_str()),
        ("GATEBOOK_KEY_FILE", "/etc/gatebook.key"),
    ];
    refused(&run_with(&installation, &SERVE, &both), &["are both set"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_key_file_is_told_and_no_other_is_made_in_its_place() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        installation.serve().await.stop().await;
        let key = installation.folder().join("gatebook.key");
        let elsewhere = installation.folder().join("elsewhere.key");
        fs::rename(&key, &elsewhere).unwrap();
        for command in [
            &SERVE[..],
            &["demo", "--listen", "127.0.0.1:0"],
            &["operator-token", "create", "--name", "Olga"],
            &["resource-server", "create", "--name", "G"],
        ] {
            refused(
                &installation.run(command),
                &["gatebook.key is missing", "restore it from a backup"],
            );
            assert!(!key.exists(), "{command:?}");
        }
        fs::rename(&elsewhere, &key).unwrap();
        installation.serve().await.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_nodes_on_postgres_share_one_folder_and_its_key() {
    let installation = Installation::on_postgres().await;
    let (one, two, three) = tokio::join!(installation.serve(), installation.serve(), installation.serve());
    let four = installation.serve().await;
    for node in [one, two, three, four] {
        node.stop().await;
    }
}

/// `docs/operating/keys.md`, “When the key has leaked”.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_leak_a_new_key_ends_all_that_the_old_one_made_and_what_it_vouched_for_is_made_anew() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        let process = installation.serve().await;
        let mut customer = Customer::settle(&installation, &process).await;
        let integration = Integration::running(&process, &customer, "Payroll Feeds").await;
        let token = integration.token(&process).await;
        assert_eq!(gate(&process, &customer, &token).await, "ok");
        process.stop().await;

        a_key(installation.folder(), 0o600);
        refused(&installation.run(&SERVE), &["does not belong to this database"]);
        let database = installation.database().await;
        let mut transaction = database.begin(ConnectionPurpose::Write).await.unwrap();
        for statement in ["delete from facts where name = 'key'", "delete from idempotency_keys"] {
            transaction.execute(Query::new(statement, [])).await.unwrap();
        }
        transaction.commit().await.unwrap();
        database.close().await;

        let process = installation.serve().await;
        let app = app_at(&integration.app, "");
        process
            .person(&customer.pam)
            .get(&app)
            .await
            .refused(401, "unauthenticated");
        customer.operator = installation
            .succeed(&["operator-token", "create", "--name", "After the leak"])
            .trim()
            .to_owned();
        let operator = process.person(&customer.operator);
        let servers = "/operator/api/v1/resource-servers";
        let gateway = operator
            .post(servers, json!({"name": "gateway"}))
            .await
            .expect(201)
            .json();
        customer.gateway = (word(&gateway, "client_id"), word(&gateway, "client_secret"));
        assert_eq!(gate(&process, &customer, &token).await, "token_invalid");
        let secrets = format!(
            "/operator/api/v1/integration-apps/{}/client-secrets",
            id(&integration.app)
        );
        operator
            .delete(&format!("{secrets}/{}", integration.client_secret_id))
            .await
            .expect(204);
        let made = operator.post(&secrets, json!({})).await.expect(201).json();
        let renewed = Integration {
            client: (word(&made, "client_id"), word(&made, "client_secret")),
            client_secret_id: word(&made, "client_secret_id"),
            app: integration.app,
        };
        let token = renewed.token(&process).await;
        assert_eq!(gate(&process, &customer, &token).await, "ok");
        process.stop().await;
        installation.holds_together();
    }
}
