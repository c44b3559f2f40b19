//! An operator's token has got into wrong hands: the command line shows which there are, and ends one.

use std::process::Command;

use serde_json::Value;

use super::installation::{Installation, word};
use crate::support::browser::Browser;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_operator_token_is_dead_at_once_and_so_are_its_sessions() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        let create = |name: &str| {
            let token = installation.succeed(&["operator-token", "create", "--name", name]);
            token.trim().to_owned()
        };
        let (leaked, stored) = (create("Leaked <laptop>"), create("Provisioning"));
        let listed = || -> Vec<Value> {
            let listed = installation.succeed(&["operator-token", "list", "--json"]);
            assert!(!listed.contains(&leaked) && !listed.contains(&stored), "{listed}");
            serde_json::from_str(&listed).unwrap()
        };
        let id = word(&listed()[0], "id");
        assert_eq!(word(&listed()[0], "name"), "Leaked <laptop>");
        assert!(listed().iter().all(|token| token["last_used_at"].is_null()));

        let process = installation.serve().await;
        let groups = "/operator/api/v1/groups";
        process.person(&leaked).get(groups).await.expect(200);
        let mut thief = Browser::at(&process.base_url);
        thief.open("/operator/sign-in").await;
        thief.send("/operator/sign-in", &[("token", &leaked)]).await.expect(200);
        installation.succeed(&["operator-token", "revoke", "--id", &id]);
        process
            .person(&leaked)
            .get(groups)
            .await
            .refused(401, "unauthenticated");
        thief.open("/operator/groups").await.shows("Sign in as an operator");
        process.person(&stored).get(groups).await.expect(200);
        process.stop().await;

        let left = listed();
        assert_eq!(left.len(), 1);
        assert_eq!(word(&left[0], "name"), "Provisioning");
        assert!(!word(&left[0], "last_used_at").is_empty());
        let lines = installation.succeed(&["operator-token", "list"]);
        assert!(
            lines.contains(&word(&left[0], "id")) && lines.ends_with("Provisioning\n"),
            "{lines}"
        );
        let again = installation.run(&["operator-token", "revoke", "--id", &id]);
        assert_eq!(again.code, Some(1), "{again:#?}");
        assert!(again.err.contains("there is no operator token"), "{again:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sits_at_the_command_line_is_who_the_system_says_whatever_the_variables_say() {
    let installation = Installation::on_sqlite();
    let said = |program: &str, argument: &[&str]| {
        let output = Command::new(program).args(argument).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let user = said("id", &["-un"]);
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let machine = machine.trim();
    let forged = [("LOGNAME", "mallory"), ("USER", "mallory")];
    for (sudo, name) in [
        (None, format!("{user}@{machine}")),
        (Some("olga"), format!("{user} (sudo by olga)@{machine}")),
        (
            Some("olga) and (mallory"),
            format!("{user} (sudo by olgaandmallory)@{machine}"),
        ),
    ] {
        let mut command = installation.command(&["operator-token", "create", "--name", "Provisioning"]);
        command.env_remove("SUDO_USER").envs(forged);
        if let Some(sudo) = sudo {
            command.env("SUDO_USER", sudo);
        }
        assert!(command.output().unwrap().status.success());
        let exported = installation.succeed(&["log", "export", "--system", "--format", "ndjson"]);
        let newest_first = exported.lines().rev();
        let mut events = newest_first.map(|line| serde_json::from_str::<Value>(line).unwrap());
        let last = events.find(|line| line["event"] == "OperatorTokenCreated");
        assert_eq!(word(&last.unwrap(), "actor_name"), format!("command line ({name})"));
    }
}
