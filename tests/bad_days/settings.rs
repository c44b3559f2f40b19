//! Settings as they really come: variables that nobody filled in, names instead of numbers, folders that are not there.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use super::installation::{Customer, Finished, Installation, Process, free_port};
use crate::support::eventually::eventually;
use crate::support::{APPS, World};

/// Every command, as its help is asked for.
const COMMANDS: [&[&str]; 15] = [
    &["demo"],
    &["serve"],
    &["migrate"],
    &["operator-token", "create"],
    &["operator-token", "list"],
    &["operator-token", "revoke"],
    &["resource-server", "create"],
    &["projections", "status"],
    &["projections", "rebuild"],
    &["projections", "verify"],
    &["log", "export"],
    &["log", "verify"],
    &["log", "compare"],
    &["log", "quarantine"],
    &["tokens", "end"],
];

/// Every variable that a command's help names, and those that help cannot name as a flag's.
fn variables(installation: &Installation) -> BTreeSet<String> {
    let helps = COMMANDS.map(|command| installation.succeed(&[command, &["--help"]].concat()));
    let named = helps.iter().flat_map(|help| help.split("[env: ").skip(1));
    let mut variables: BTreeSet<_> = named
        .map(|rest| rest.split(['=', ']']).next().unwrap().to_owned())
        .collect();
    assert!(variables.len() > 25, "{variables:?}");
    for other in ["GATEBOOK_KEY", "GATEBOOK_LOG", "CREDENTIALS_DIRECTORY"] {
        variables.insert(other.to_owned());
    }
    variables
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_variable_that_is_blank_counts_as_not_set_whichever_it_is() {
    let installation = Installation::on_sqlite();
    let variables = variables(&installation);
    for blank in ["", " "] {
        let environment: Vec<_> = variables.iter().map(|name| (name.as_str(), blank)).collect();
        let process = installation.start("serve", &[], &environment).await;
        assert!(
            process.log().contains("listening"),
            "log lines as usual: {}",
            process.log()
        );
        process.stop().await;
        for command in [
            &["migrate"][..],
            &["projections", "status"],
            &["projections", "verify"],
            &["log", "verify"],
            &["operator-token", "list"],
            &["resource-server", "create", "--name", "G"],
        ] {
            let run = |variables: &[(&str, &str)]| {
                let output = installation.command(command).envs(variables.iter().copied()).output();
                output.unwrap()
            };
            let (plain, with_blanks) = (run(&[]), run(&environment));
            assert_eq!(with_blanks.status.code(), Some(0), "{command:?}: {with_blanks:?}");
            assert_eq!(with_blanks.stdout.first(), plain.stdout.first(), "{command:?}");
        }
        let missing = installation
            .command(&["operator-token", "create"])
            .envs(environment.iter().copied())
            .output();
        assert_eq!(
            missing.unwrap().status.code(),
            Some(64),
            "a name that is blank is missing"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_blank_variable_alone_changes_nothing() {
    let installation = Installation::on_sqlite();
    let process = installation.serve().await;
    Customer::settle(&installation, &process).await;
    for name in variables(&installation) {
        let mut command = installation.command(&["log", "export", "--group", "acme"]);
        let output = command.env(&name, "").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
    }
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blank_folder_and_a_blank_database_are_the_usual_ones() {
    let place = tempfile::tempdir().unwrap();
    for (arguments, made) in [
        (&["migrate"][..], "gatebook-data/gatebook.db"),
        (
            &["operator-token", "create", "--name", "Olga"],
            "gatebook-data/gatebook.key",
        ),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatebook"));
        for name in [
            "GATEBOOK_DATA",
            "GATEBOOK_DATABASE_URL",
            "GATEBOOK_KEY_FILE",
            "GATEBOOK_KEY",
        ] {
            command.env(name, "");
        }
        let output = command.args(arguments).current_dir(place.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(place.path().join(made).is_file(), "{made}");
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "nothing else was made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_can_be_listened_on() {
    let installation = Installation::on_sqlite();
    let address = format!("localhost:{}", free_port());
    let mut serving = installation
        .command(&["serve", "--listen", &address])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("readiness", async || {
        let answer = reqwest::get(format!("http://{address}/readyz")).await;
        answer.is_ok_and(|answer| answer.status().is_success()).then_some(())
    })
    .await;
    let ended = Command::new("kill")
        .args(["-s", "TERM", &serving.id().to_string()])
        .status();
    assert!(ended.unwrap().success());
    assert_eq!(serving.wait().unwrap().code(), Some(0));

    let unknown = installation.run(&["serve", "--listen", "no-such-host.invalid:8080"]);
    assert_eq!(unknown.code, Some(1), "{unknown:#?}");
    assert!(
        unknown.err.contains("no-such-host.invalid:8080") && unknown.err.contains("--listen"),
        "{unknown:#?}"
    );
    let nonsense = installation.run(&["serve", "--listen", "localhost"]);
    assert_eq!(nonsense.code, Some(64), "{nonsense:#?}");
    assert!(nonsense.err.contains("localhost:8080"), "{nonsense:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_or_folder_that_cannot_be_made_is_named_with_the_cause() {
    let place = tempfile::tempdir().unwrap();
    let (file, missing) = (place.path().join("file"), place.path().join("missing"));
    fs::write(&file, "").unwrap();
    let (below, not_found_page) = (file.join("data"), missing.join("x"));
    let (below, not_found_page) = (below.to_str().unwrap(), not_found_page.to_str().unwrap());
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatebook"));
        let settings = std::env::vars_os().map(|(name, _)| name);
        for name in settings.filter(|name| name.to_string_lossy().starts_with("GATEBOOK_")) {
            command.env_remove(name);
        }
        let output = command.args(arguments).current_dir(place.path()).output().unwrap();
        Finished {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    };
    let token = ["operator-token", "create", "--name", "Olga"];
    let database = format!("sqlite://{not_found_page}");
    let folder = format!("sqlite://{}", place.path().display());
    for (arguments, parts) in [
        (&["migrate", "--data", below][..], [below, "Not a directory"]),
        (
            &["migrate", "--database-url", &database],
            [not_found_page, "No such file or directory"],
        ),
        (
            &["migrate", "--database-url", &folder],
            [place.path().to_str().unwrap(), "not a file"],
        ),
        (
            &[&token[..], &["--key-file", not_found_page]].concat(),
            [not_found_page, "No such file or directory"],
        ),
        (
            &[&token[..], &["--key-file", place.path().to_str().unwrap()]].concat(),
            ["key file", "chmod"],
        ),
    ] {
        let finished = run(arguments);
        assert_eq!(finished.code, Some(1), "{arguments:?}: {finished:#?}");
        for part in parts {
            assert!(finished.err.contains(part), "{arguments:?}: {part}: {finished:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blank_variables_of_postgresql_count_as_not_set() {
    let mut installation = Installation::on_postgres().await;
    // Without a user in the URL, it is the one of this machine, for whom the server has no role.
    let (before, after) = installation.database_url.split_once("gatebook@").unwrap();
    installation.database_url = format!("{before}{after}");
    let blank = ["PGUSER", "PGPASSWORD", "PGDATABASE", "PGSSLROOTCERT", "PGOPTIONS"];
    let mut command = installation.command(&["migrate"]);
    let output = command.envs(blank.map(|name| (name, " "))).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let user = Command::new("id").arg("-un").output().unwrap().stdout;
    let user = String::from_utf8(user).unwrap();
    assert!(said.contains(&format!("role \"{}\"", user.trim())), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_on_emails_and_applications_are_as_the_flags_say_and_lifted_with_throttling() {
    let installation = Installation::on_sqlite();
    let process = installation.serve().await;
    let customer = Customer::settle(&installation, &process).await;
    process.stop().await;
    let mut made = 0;
    let mut create = async |process: &Process| {
        made += 1;
        let mut app = World::new_integration(&format!("Bridge {made}"));
        app["developer_email"] = "dev@example.com".into();
        process.person(&customer.pam).post(APPS, app).await
    };
    // One more than were made with the flags before.
    for (flag, most, code, message) in [
        ("--emails-per-recipient", "1", "too_many_emails", "to this address"),
        ("--emails-per-admin", "2", "too_many_emails", "for you"),
        ("--emails-per-group", "3", "too_many_emails", "for your group"),
        ("--applications-per-group", "4", "application_limit", "4"),
    ] {
        let process = installation.start("serve", &[flag, most], &[]).await;
        create(&process).await.expect(201);
        let refused = create(&process).await;
        let status = if code == "application_limit" { 409 } else { 429 };
        assert!(refused.text().contains(message), "{flag}: {}", refused.text());
        refused.refused(status, code);
        process.stop().await;
    }
    let all = [
        "--emails-per-recipient",
        "1",
        "--emails-per-admin",
        "1",
        "--emails-per-group",
        "1",
        "--applications-per-group",
        "1",
        "--throttle",
        "off",
    ];
    let process = installation.start("serve", &all, &[]).await;
    for _ in 0..2 {
        create(&process).await.expect(201);
    }
    process.stop().await;
}
