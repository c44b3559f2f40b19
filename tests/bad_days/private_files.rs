//! What Gatebook writes is its owner's alone, whatever the shell lets new files be, and whoever made the folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::installation::{Installation, free_port};
use crate::support::eventually::eventually;
use crate::support::{APPS, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_mails_and_database_are_their_owners_alone_in_an_open_folder_too() {
    let installation = Installation::on_sqlite();
    fs::set_permissions(installation.folder(), Permissions::from_mode(0o777)).unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    // As started by somebody whose shell gives everything to everybody.
    let demo = installation.command(&["demo", "--listen", &address]);
    let mut open_handed = Command::new("sh");
    open_handed
        .args(["-c", "umask 000; exec \"$0\" \"$@\""])
        .arg(demo.get_program())
        .args(demo.get_args());
    for (name, _) in demo.get_envs() {
        open_handed.env_remove(name);
    }
    open_handed.current_dir(installation.folder());
    let process = installation.spawn(open_handed, &address);
    assert!(process.becomes_ready().await, "{}", process.log());
    let demo: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(installation.folder().join("demo.json")).unwrap()).unwrap();
    let users = demo["groups"][0]["users"].as_array().unwrap();
    let ida = users.iter().find(|user| user["id"] == "ida").unwrap()["token"]
        .as_str()
        .unwrap();
    let form = World::with(
        World::new_integration("Payroll Bridge"),
        serde_json::json!({"entities": ["nw-dublin"]}),
    );
    process.person(ida).post(APPS, form).await.expect(201);
    let mails = installation.folder().join("mail");
    eventually("a mail", async || fs::read_dir(&mails).ok()?.next().map(|_| ())).await;

    let mut found = Vec::new();
    look_at(installation.folder(), &mut found);
    let named = |part: &str| found.iter().any(|(path, _)| path.to_string_lossy().contains(part));
    for part in [
        "gatebook.key",
        "gatebook.db",
        "gatebook.db-wal",
        "demo.json",
        "mail",
        ".eml",
    ] {
        assert!(named(part), "{part}: {found:?}");
    }
    // The log file is the test's own.
    let open: Vec<_> = found
        .iter()
        .filter(|(path, mode)| mode & 0o077 != 0 && path.extension().is_none_or(|extension| extension != "log"))
        .collect();
    assert!(open.is_empty(), "{open:?}");
    let warning = format!("the folder {} has mode 777", installation.folder().display());
    assert!(process.log().contains(&warning), "{}", process.log());
    process.stop().await;

    fs::set_permissions(installation.folder(), Permissions::from_mode(0o700)).unwrap();
    let process = installation.start("demo", &[], &[]).await;
    assert!(!process.log().contains("has mode"), "{}", process.log());
    process.stop().await;
}

/// Everything below a folder, with what others may do with it.
fn look_at(folder: &Path, found: &mut Vec<(PathBuf, u32)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, Ok(metadata)) = (entry.path(), entry.metadata()) else {
            continue;
        };
        if metadata.is_dir() {
            look_at(&path, found);
        }
        found.push((path, metadata.permissions().mode()));
    }
}
