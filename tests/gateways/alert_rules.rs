//! The alert rules that are shipped: a metric that was renamed would leave an alert that never comes.

use std::collections::BTreeSet;

use super::private_proxy::shipped;
use crate::support::World;

#[tokio::test]
async fn alert_rules_speak_of_metrics_that_there_are() {
    let world = World::on_sqlite().await;
    // What was not counted yet is not shown: a request, and a mail.
    world.created(&world.ada().await, "Payroll").await;
    world.mails().await;
    let metrics = world.anybody().get("/metrics").await.expect(200).text();
    let rules = shipped("prometheus/gatebook.rules.yml", &[]);
    let words = rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let named: BTreeSet<_> = words.filter(|word| word.starts_with("gatebook_")).collect();
    for name in &named {
        let family = name.trim_end_matches("_total").trim_end_matches("_bucket");
        assert!(metrics.contains(&format!("# TYPE {family} ")), "no {family}");
    }
    assert!(named.len() >= 3, "{named:?}");
}
