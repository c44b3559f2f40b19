//! `gatebook log export`, of a part of the time.

use serde_json::Value;

use super::installation::{Customer, Installation, word};
use crate::support::{APPS, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_a_part_of_the_time_holds_the_events_from_its_beginning_until_before_its_end() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        let process = installation.serve().await;
        let customer = Customer::settle(&installation, &process).await;
        let form = World::new_integration("Payroll Bridge");
        process.person(&customer.pam).post(APPS, form).await.expect(201);
        process.stop().await;
        let export = ["log", "export", "--group", "acme", "--format", "ndjson"];
        let all = installation.succeed(&export);
        let times: Vec<_> = all.lines().map(time).collect();
        let (from, to) = (times[2].as_str(), times[times.len() - 2].as_str());
        assert!(times[0].as_str() < from && from < to, "{times:?}");
        let part = installation.succeed(&[&export[..], &["--from", from, "--to", to]].concat());
        let expected: Vec<_> = all
            .lines()
            .filter(|line| from <= time(line).as_str() && time(line).as_str() < to)
            .collect();
        assert_eq!(part.lines().collect::<Vec<_>>(), expected);
        let later = installation.succeed(&[&export[..], &["--from", "2999-01-01T00:00:00Z"]].concat());
        assert_eq!(later, "");
        let refused = installation.run(&[&export[..], &["--from", "yesterday"]].concat());
        assert_eq!((refused.code, refused.out.as_str()), (Some(64), ""), "{refused:?}");
        assert!(refused.err.contains("2026-11-23T09:15:00Z"), "{refused:?}");
    }
}

fn time(line: &str) -> String {
    word(&serde_json::from_str::<Value>(line).unwrap(), "recorded_at")
}
