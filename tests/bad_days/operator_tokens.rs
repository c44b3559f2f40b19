//! An operator's token has got into wrong hands: the command line shows which there are, and ends one.

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
        let (leaked, kept) = (create("Leaked <laptop>"), create("Provisioning"));
        let listed = || -> Vec<Value> {
            let listed = installation.succeed(&["operator-token", "list", "--json"]);
            assert!(!listed.contains(&leaked) && !listed.contains(&kept), "{listed}");
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
        process.person(&kept).get(groups).await.expect(200);
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
