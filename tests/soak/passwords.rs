//! What many passwords cost: no memory, neither while they are tried nor afterwards.

use futures::StreamExt;
use futures::stream;
use serde_json::json;

use super::times;
use crate::bad_days::installation::{Customer, Installation, Process};
use crate::support::eventually::eventually;

/// How many are tried at once.
const AT_ONCE: usize = 50;
const MIB: i64 = 1024 * 1024;

/// Memory of a process, by the names of `/proc/PID/status`.
fn memory(process: &Process, name: &str) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<i64>().unwrap() * 1024
}

/// So many log-ins of nobody, each of which hashes its password.
async fn wrong_passwords(process: &Process, count: usize) {
    let tried = stream::iter(0..count).map(|number| async move {
        let form = json!({"email": format!("nobody{number}@example.com"), "password": "wrong horse battery staple"});
        let answer = process.anybody().post("/portal/api/v1/session", form).await;
        let status = answer.status.as_u16();
        assert!(matches!(status, 401 | 503), "{status}: {}", answer.text());
    });
    tried.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_take_a_fixed_memory_and_give_it_back() {
    let installation = Installation::on_sqlite();
    let process = installation.start("serve", &["--throttle", "off"], &[]).await;
    Customer::settle(&installation, &process).await;
    // Whatever is made once is made by then.
    wrong_passwords(&process, AT_ONCE).await;
    let idle = settled(&process).await;
    wrong_passwords(&process, 100 * times()).await;
    let more = memory(&process, "VmHWM:") - idle;
    assert!(more <= 64 * MIB, "{} MiB more", more / MIB);
    let after = settled(&process).await;
    assert!(after - idle <= 16 * MIB, "from {} to {} MiB", idle / MIB, after / MIB);
    // What of the program itself is in memory depends on how it was built.
    let own = after - memory(&process, "RssFile:");
    assert!(own <= 60 * MIB, "{} MiB", own / MIB);
    process.stop().await;
}

/// The memory once the threads have given theirs back, which they had at the peak: two times 19 MiB.
async fn settled(process: &Process) -> i64 {
    let peak = memory(process, "VmHWM:");
    eventually("memory that is given back", async || {
        let now = memory(process, "VmRSS:");
        (now <= peak - 30 * MIB).then_some(now)
    })
    .await
}
