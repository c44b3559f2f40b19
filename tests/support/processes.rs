//! Processes of this machine, as the kernel lists them.

use std::process::Command;
use std::time::{Duration, Instant};

/// A process and those that it has started.
pub fn family(parent: u32) -> Vec<u32> {
    let children = all().filter(|id| stat(*id).is_some_and(|(_, its_parent)| its_parent == parent));
    std::iter::once(parent).chain(children).collect()
}

/// Sends each of them a signal, such as KILL. One that has ended meanwhile is not missed. After STOP all of them stand still.
pub fn signal(ids: &[u32], name: &str) {
    send(ids, name);
    if name == "STOP" {
        ids.iter().for_each(|id| stands_still(*id));
    }
}

/// The kernel stops the threads one after the other, and those that run meanwhile can still answer somebody.
fn stands_still(id: u32) {
    let end = Instant::now() + Duration::from_secs(30);
    while threads(id).any(|state| !["T", "t", "Z", "X"].contains(&state.as_str())) {
        assert!(Instant::now() < end, "process {id} goes on after SIGSTOP");
        std::thread::yield_now();
    }
}

/// The states of its threads; none if it has ended.
fn threads(id: u32) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten();
    let stats = entries.filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("stat")).ok());
    stats.filter_map(|stat| Some(stat.rsplit_once(')')?.1.split_whitespace().next()?.to_owned()))
}

fn send(ids: &[u32], name: &str) {
    let ids = ids.iter().filter(|id| lives(**id)).map(u32::to_string);
    let sent = Command::new("sh")
        .args([
            "-c",
            r#"signal=$0; for id; do kill -s "$signal" "$id" 2>/dev/null || true; done"#,
            name,
        ])
        .args(ids)
        .status();
    assert!(sent.unwrap().success());
}

fn lives(id: u32) -> bool {
    // One that has ended and that nobody has asked about yet is a zombie.
    stat(id).is_some_and(|(state, _)| state != "Z")
}

fn all() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The state of a process, and its parent.
fn stat(id: u32) -> Option<(String, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // Its name may have any character; it ends at the last bracket.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}
