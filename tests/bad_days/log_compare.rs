//! `gatebook log compare`, as an operator calls it. What it finds after a restore is in `soak::restore`.

use serde_json::Value;

use super::installation::{Customer, Finished, Installation};
use crate::support::{APPS, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_compared_with_the_database_and_the_exit_code_says_whether_it_lacks_something() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        let process = installation.serve().await;
        let customer = Customer::settle(&installation, &process).await;
        let form = World::new_integration("Payroll Bridge");
        process.person(&customer.pam).post(APPS, form).await.expect(201);
        process.stop().await;
        let exported = installation.succeed(&["log", "export", "--group", "acme", "--format", "ndjson"]);
        let file = installation.folder().join("acme.ndjson");
        std::fs::write(&file, &exported).unwrap();
        let file = file.to_str().unwrap();
        let same = installation.succeed(&["log", "compare", file]);
        assert!(same.contains("none are missing from the database"), "{same}");
        let json = installation.succeed(&["log", "compare", "--json", file, file]);
        let totals: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(totals["finding"], "totals");
        assert_eq!(totals["events"].as_u64().unwrap(), 2 * exported.lines().count() as u64);

        let other = Installation::on_sqlite();
        other.succeed(&["migrate"]);
        let lacking = other.run(&["log", "compare", file]);
        found(&lacking, &["is this the right database?"]);
        found(
            &lacking,
            &["“Payroll Bridge”", "Pam Practice created", "NewIntegrationCreated"],
        );
        let lacking = other.run(&["log", "compare", file, "--json"]);
        let first: Value = serde_json::from_str(lacking.out.lines().next().unwrap()).unwrap();
        assert_eq!((&first["finding"], &first["line"]), (&"missing".into(), &1.into()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_there_or_is_no_export_is_told() {
    let installation = Installation::on_sqlite();
    installation.succeed(&["migrate"]);
    assert_eq!(installation.run(&["log", "compare"]).code, Some(64));
    let missing = installation.run(&["log", "compare", "nowhere.ndjson"]);
    assert_eq!(missing.code, Some(1), "{missing:#?}");
    assert!(missing.err.contains("nowhere.ndjson"), "{missing:#?}");
    let csv = installation.folder().join("acme.csv");
    std::fs::write(&csv, "position,sequence\r\n".repeat(50)).unwrap();
    let unusable = installation.run(&["log", "compare", csv.to_str().unwrap()]);
    found(&unusable, &["line 1:", "CANNOT BE USED"]);
    found(&unusable, &["50 lines cannot be used"]);
    assert!(!unusable.out.contains("line 11:"), "{unusable:#?}");
}

/// Exit code 2, and a line with all these parts.
#[track_caller]
fn found(finished: &Finished, parts: &[&str]) {
    assert_eq!(finished.code, Some(2), "{finished:#?}");
    let holds = |line: &str| parts.iter().all(|part| line.contains(part));
    assert!(finished.out.lines().any(holds), "{parts:?}: {finished:#?}");
}
