//! `gatebook log export`, and what `gatebook log verify FILE` says of files that are not as they were exported.

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_whole_is_told_from_one_that_was_changed() {
    let installation = Installation::on_sqlite();
    let process = installation.serve().await;
    let customer = Customer::settle(&installation, &process).await;
    let pam = process.person(&customer.pam);
    let app = pam
        .post(APPS, World::new_integration("Payroll Bridge"))
        .await
        .expect(201)
        .json();
    process.stop().await;
    let export = |more: &[&str]| installation.succeed(&[&["log", "export", "--format", "ndjson"][..], more].concat());
    let file = installation.folder().join("log.ndjson");
    let verify = |content: &str, more: &[&str]| {
        std::fs::write(&file, content).unwrap();
        let verified = installation.run(&[&["log", "verify", file.to_str().unwrap()][..], more].concat());
        (verified.code, verified.out)
    };
    let verdict = |verified: &(Option<i32>, String)| {
        let last = verified.1.lines().last().unwrap().to_owned();
        (verified.0.unwrap(), last[last.find(": ").unwrap() + 2..].to_owned())
    };
    let whole = (0, "the file is intact".to_owned());
    let not_whole = (2, "THE FILE IS INCOMPLETE".to_owned());
    let changed = (2, "THE FILE IS NOT INTACT".to_owned());

    let of_app = export(&["--app", &word(&app, "id")]);
    let of_group = export(&["--group", "acme"]);
    for (log, is_of_group) in [(&of_app, false), (&of_group, true)] {
        for edited in [
            log.clone(),
            format!("\u{feff}{log}"),
            format!("{log}\r\n\n"),
            log.replace('\n', "\r\n"),
        ] {
            let verified = verify(&edited, &[]);
            assert_eq!(verdict(&verified), whole, "{verified:?}");
            let note = "does not show whether an application is missing";
            assert_eq!(verified.1.contains(note), is_of_group, "{verified:?}");
        }
        let lines: Vec<_> = log.lines().collect();
        let in_the_middle = &log[..log.len() - 100];
        let without_last = lines[..lines.len() - 1].join("\n");
        let without_first = lines[1..].join("\n");
        for (cut, says) in [
            ("", "the file holds no event"),
            ("\u{feff}\n", "the file holds no event"),
            (in_the_middle, "in the middle of which the file ends"),
            (
                without_last.as_str(),
                "the last line is not the record of the file's own download",
            ),
            (without_first.as_str(), "missing: event 1 of "),
        ] {
            let verified = verify(cut, &[]);
            assert_eq!(verdict(&verified), not_whole, "{verified:?}");
            assert!(verified.1.contains(says), "{says}: {verified:?}");
        }
        for changed_file in [
            log.replacen("Payroll Bridge", "Payroll Bridgf", 1),
            format!("{}\n{}", lines[0], lines[2..].join("\n")),
            format!("{}\n{log}", &lines[0][..50]),
        ] {
            let verified = verify(&changed_file, &[]);
            assert_eq!(verdict(&verified), changed, "{verified:?}");
        }
    }

    // Another one's download in it is not its own record.
    let until_then = of_group
        .lines()
        .position(|line| line.contains("\"ActivityLogDownloaded\""))
        .unwrap();
    let cut: Vec<_> = of_group.lines().take(until_then + 1).collect();
    assert_eq!(verdict(&verify(&cut.join("\n"), &[])), not_whole);

    // A part of the time says from when on it is; up to when, whoever verifies has to say.
    let times: Vec<_> = of_group.lines().map(time).collect();
    let (from, to) = (times[2].as_str(), times[times.len() - 1].as_str());
    let later = export(&["--group", "acme", "--from", from]);
    assert_eq!(verdict(&verify(&later, &[])), whole);
    let between = export(&["--group", "acme", "--from", from, "--to", to]);
    assert_eq!(verdict(&verify(&between, &[])), not_whole);
    let said = verify(&between, &["--from", from, "--to", to]);
    assert_eq!(verdict(&said), whole, "{said:?}");
    assert!(
        said.1.contains("does not show whether lines are missing at its end"),
        "{said:?}"
    );
    let outside = verify(&of_group, &["--from", from, "--to", to]);
    assert_eq!(verdict(&outside), changed, "{outside:?}");
    assert!(outside.1.contains("it was recorded at"), "{outside:?}");
    let csv = installation.succeed(&["log", "export", "--group", "acme"]);
    let verified = verify(&csv, &[]);
    assert!(
        verified.0 == Some(2) && verified.1.contains("this is a CSV"),
        "{verified:?}"
    );
}

fn time(line: &str) -> String {
    word(&serde_json::from_str::<Value>(line).unwrap(), "recorded_at")
}
