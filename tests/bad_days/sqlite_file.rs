//! SQLite's file is moved, removed or replaced while a process has it open, is missing, lies where nothing can be written,
//! or is named in a way that means something else.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;
use serde_json::json;
use sqlx::{Connection, Executor, SqliteConnection};

use super::installation::{Customer, Finished, Installation, Process};
use crate::support::{APPS, Person, World};

/// A customer on an installation that serves.
struct Shop {
    installation: Installation,
    process: Process,
    customer: Customer,
    pam: Person,
}

impl Shop {
    async fn open() -> Self {
        let installation = Installation::on_sqlite();
        let process = installation.serve().await;
        let customer = Customer::settle(&installation, &process).await;
        let pam = process.person(&customer.pam);
        Self {
            installation,
            process,
            customer,
            pam,
        }
    }

    async fn create(&self, name: &str) -> u16 {
        let answer = self.pam.post(APPS, World::new_integration(name)).await;
        answer.status.as_u16()
    }

    /// What the gate says to a gateway about a token that it has to look up.
    async fn authorize(&self) -> (u16, String) {
        let headers = [("x-entity-id", "e1"), ("x-api-access", "read")];
        let answer = self.pam.send(Method::GET, "/gateway/authorize", None, &headers).await;
        (answer.status.as_u16(), answer.header("x-reason"))
    }

    async fn verify(&self) -> u16 {
        let (id, secret) = &self.customer.gateway;
        let check = json!({"token": "x", "entity": "e1", "access": "read"});
        let request = reqwest::Client::new().post(format!("{}/gateway/verify", self.process.base_url));
        let answer = request.basic_auth(id, Some(secret)).json(&check).send().await;
        answer.unwrap().status().as_u16()
    }

    /// Twenty commands, none of which may be acknowledged, and questions that may not be answered.
    async fn does_nothing(&self, why: &str) {
        let ready = self.pam.get("/readyz").await.refused(503, "unavailable").json();
        assert!(
            ready["reason"].as_str().is_some_and(|reason| !reason.is_empty()),
            "{why}: {ready}"
        );
        for number in 0..20 {
            assert_eq!(self.create(&format!("Lost {number}")).await, 503, "{why}");
        }
        assert_eq!(self.pam.get(APPS).await.status, 503, "{why}");
        assert_eq!(self.verify().await, 503, "{why}");
    }

    fn database(&self) -> PathBuf {
        self.beside("gatebook.db")
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.installation.folder().join(name)
    }
}

/// A file beside the database.
fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[track_caller]
fn refused(finished: &Finished, parts: &[&str]) {
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    for part in parts {
        assert!(finished.err.contains(part), "{part}: {finished:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_or_answered_while_the_database_file_is_moved_away() {
    let shop = Shop::open().await;
    assert_eq!(shop.create("Payroll Bridge").await, 201);
    assert_eq!(shop.verify().await, 200);
    let aside = shop.beside("aside.db");
    fs::rename(shop.database(), &aside).unwrap();
    shop.does_nothing("moved").await;
    assert!(!shop.database().exists(), "no new one was made in its place");
    fs::rename(&aside, shop.database()).unwrap();
    assert_eq!(shop.create("Invoice Bridge").await, 201, "it is back");
    let apps = shop.pam.get(APPS).await.expect(200);
    assert_eq!(apps.all("name").len(), 2, "nothing that was refused had happened");
    shop.process.stop().await;
    shop.installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_or_answered_when_another_file_took_its_place() {
    let shop = Shop::open().await;
    let (backup, aside) = (shop.beside("backup.db"), shop.beside("aside.db"));
    let mut connection = SqliteConnection::connect(&shop.installation.database_url)
        .await
        .unwrap();
    let copy = format!("vacuum into '{}'", backup.display());
    connection.execute(copy.as_str()).await.unwrap();
    connection.close().await.unwrap();
    assert_eq!(shop.create("Payroll Bridge").await, 201);
    fs::rename(shop.database(), &aside).unwrap();
    fs::rename(&backup, shop.database()).unwrap();
    shop.does_nothing("replaced").await;
    shop.process.stop().await;

    let process = shop.installation.serve().await;
    let apps = process.person(&shop.customer.pam).get(APPS).await.expect(200);
    assert!(
        apps.all("name").is_empty(),
        "the new file is served, with nothing of the old one"
    );
    process.stop().await;
    shop.installation.holds_together();
    let moved = Installation::on(format!("sqlite://{}", aside.display()));
    moved.holds_together();
    let names = "select count(*) from app_list where name = 'Payroll Bridge'";
    assert_eq!(
        moved.number(names).await,
        1,
        "what was acknowledged is in the file that was moved"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_or_answered_when_one_of_sqlites_files_was_removed() {
    for ending in ["", "-wal", "-shm"] {
        let shop = Shop::open().await;
        assert_eq!(shop.create("Payroll Bridge").await, 201);
        fs::remove_file(beside(&shop.database(), ending)).unwrap();
        shop.does_nothing(ending).await;
        let (status, reason) = shop.authorize().await;
        assert!(
            status == 401 || (status, reason.as_str()) == (403, "unavailable"),
            "{status} {reason}"
        );
        shop.process.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_whose_files_were_moved_away_does_not_remove_the_commits_of_the_next_one() {
    let shop = Shop::open().await;
    for ending in ["", "-wal", "-shm"] {
        let file = beside(&shop.database(), ending);
        fs::rename(&file, beside(&shop.beside("aside.db"), ending)).unwrap();
    }
    let next = shop.installation.start("serve", &["--new-database"], &[]).await;
    let customer = Customer::settle(&shop.installation, &next).await;
    let pam = next.person(&customer.pam);
    pam.post(APPS, World::new_integration("Payroll Bridge"))
        .await
        .expect(201);
    shop.process.stop().await;
    next.kill().await;
    let next = shop.installation.serve().await;
    let apps = next.person(&customer.pam).get(APPS).await.expect(200);
    assert_eq!(apps.all("name"), ["Payroll Bridge"]);
    next.stop().await;
    shop.installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_files_are_nobody_elses_also_in_a_folder_that_everybody_may_enter() {
    let mut installation = Installation::on_sqlite();
    let folder = installation.folder().join("open");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let database = folder.join("gatebook.db");
    installation.database_url = format!("sqlite://{}", database.display());
    let process = installation.serve().await;
    Customer::settle(&installation, &process).await;
    for ending in ["", "-wal", "-shm"] {
        let mode = beside(&database, ending).metadata().unwrap().mode() & 0o777;
        assert_eq!(mode, 0o600, "gatebook.db{ending}: {mode:o}");
    }
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_missing_beside_its_key_file_is_not_begun_anew_by_mistake() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        let installation = installation;
        installation.serve().await.stop().await;
        let key = fs::read(installation.folder().join("gatebook.key")).unwrap();
        let database = installation.folder().join("gatebook.db");
        let lost = if database.exists() {
            fs::remove_file(&database).unwrap();
            installation
        } else {
            let elsewhere = Installation::on_postgres().await;
            fs::write(elsewhere.folder().join("gatebook.key"), &key).unwrap();
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(elsewhere.folder().join("gatebook.key"), private).unwrap();
            elsewhere
        };
        for command in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["demo", "--listen", "127.0.0.1:0"],
            &["migrate"],
            &["operator-token", "create", "--name", "Olga"],
            &["resource-server", "create", "--name", "G"],
            &["projections", "rebuild"],
        ] {
            let finished = lost.run(command);
            refused(&finished, &["gatebook.key", "--new-database", "GATEBOOK_NEW_DATABASE"]);
            assert!(!database.exists(), "{command:?}");
        }
        lost.succeed(&["migrate", "--new-database"]);
        lost.serve().await.stop().await;
        assert_eq!(fs::read(lost.folder().join("gatebook.key")).unwrap(), key);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_handed_out_before_the_first_start_begins_a_database() {
    let elsewhere = tempfile::tempdir().unwrap();
    let key = elsewhere.path().join("secret.key");
    fs::write(&key, "ab".repeat(32)).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        let process = installation
            .start("serve", &["--key-file", key.to_str().unwrap()], &[])
            .await;
        assert!(
            process.log().contains("creating a new, empty database"),
            "{}",
            process.log()
        );
        process.stop().await;
        assert!(!installation.folder().join("gatebook.key").exists());
    }
}

/// Runs a command where the installation's folder can only be read, whoever runs it.
fn run_read_only(installation: &Installation, arguments: &[&str]) -> Finished {
    let folder = installation.folder().to_str().unwrap();
    let program = installation.command(arguments);
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let mut namespace = Command::new("unshare");
    namespace.args(if is_root {
        &["--mount"][..]
    } else {
        &["--map-root-user", "--mount"]
    });
    let script = r#"mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && cd / && exec "$@""#;
    namespace.args(["sh", "-ec", script, "sh", folder]);
    namespace.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => namespace.env(name, value),
            None => namespace.env_remove(name),
        };
    }
    let output = tokio::task::block_in_place(|| namespace.output().unwrap());
    Finished {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Everything that looks finds what is there.
#[track_caller]
fn can_be_looked_at(installation: &Installation, verdict: &str) {
    let verified = run_read_only(installation, &["log", "verify"]);
    assert_eq!(
        (verified.code, verified.out.as_str()),
        (Some(0), verdict),
        "{verified:#?}"
    );
    for command in [&["projections", "verify"], &["projections", "status"]] {
        let finished = run_read_only(installation, command);
        assert_eq!(finished.code, Some(0), "{command:?}: {finished:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_on_a_read_only_mount_can_be_verified() {
    let shop = Shop::open().await;
    let (installation, database) = (&shop.installation, shop.database());
    assert_eq!(shop.create("Payroll Bridge").await, 201);
    let verdict = installation.succeed(&["log", "verify"]);
    can_be_looked_at(installation, &verdict);
    shop.process.kill().await;
    assert!(beside(&database, "-wal").metadata().unwrap().len() > 0);
    can_be_looked_at(installation, &verdict);

    fs::remove_file(beside(&database, "-shm")).unwrap();
    let finished = run_read_only(installation, &["log", "verify"]);
    refused(&finished, &["gatebook.db", "-wal", "copy both files"]);

    installation.serve().await.stop().await;
    assert!(!beside(&database, "-wal").exists());
    let verdict = installation.succeed(&["log", "verify"]);
    can_be_looked_at(installation, &verdict);
    let finished = run_read_only(installation, &["log", "export", "--group", "acme"]);
    refused(
        &finished,
        &["gatebook.db", "can only be read here", "this command writes"],
    );
    let finished = run_read_only(installation, &["serve", "--listen", "127.0.0.1:0"]);
    refused(&finished, &["gatebook.db", "Read-only file system"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_url_says_how_the_file_may_be_opened_and_nothing_that_is_not_understood() {
    let mut installation = Installation::on_sqlite();
    let base = installation.database_url.clone();
    let files = |installation: &Installation| fs::read_dir(installation.folder()).unwrap().count();
    for (query, parts) in [
        ("?cache=shared", &["cache=shared", "mode=rwc"][..]),
        ("?mode=memory", &["mode=memory"]),
        ("?mode=rw", &["there is no database", "gatebook.db"]),
        ("?mode=ro", &["there is no database", "gatebook.db"]),
    ] {
        installation.database_url = format!("{base}{query}");
        refused(&installation.run(&["migrate"]), parts);
        assert_eq!(files(&installation), 0, "{query}");
    }
    installation.database_url = format!("{base}?mode=rwc");
    installation.succeed(&["migrate"]);
    assert!(installation.folder().join("gatebook.db").exists());
    installation.database_url = format!("{base}?mode=ro");
    installation.succeed(&["log", "verify"]);
    refused(&installation.run(&["migrate"]), &["mode=ro", "this command writes"]);
    installation.database_url = format!("{base}?mode=rw");
    installation.serve().await.stop().await;
}
