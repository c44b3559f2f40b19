//! Signals that do not end the program, those that do, and what a service manager hears of it.

use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

use super::installation::{Installation, Process, free_port};
use crate::support::eventually::eventually;

/// Longer than any test.
const LONG_DRAIN: [&str; 2] = ["--drain-seconds", "600"];

async fn says(process: &Process, text: &str) {
    eventually(text, async || process.log().contains(text).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sighup_and_the_users_signals_do_not_end_a_server() {
    let installation = Installation::on_sqlite();
    let process = installation.serve().await;
    for signal in ["HUP", "USR1", "USR2"] {
        process.signal(signal);
        says(&process, &format!("SIG{signal}")).await;
    }
    assert!(
        process.log().contains("there are no files to reopen"),
        "{}",
        process.log()
    );
    process.anybody().get("/readyz").await.expect(200);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_terminal_ends_a_demo_in_good_order() {
    let installation = Installation::on_sqlite();
    let process = installation.start("demo", &[], &[]).await;
    // Terminals and shells both send one.
    process.signal("HUP");
    process.signal("HUP");
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
    installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_that_nohup_started_outlives_its_terminal() {
    let installation = Installation::on_sqlite();
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = std::process::Command::new("sh");
    let demo = installation.command(&["demo", "--listen", &address]);
    command
        .args(["-c", "trap '' HUP; exec \"$@\"", "sh"])
        .arg(demo.get_program())
        .args(demo.get_args())
        .current_dir(installation.folder())
        .stdin(Stdio::null());
    let process = installation.spawn(command, &address);
    assert!(process.becomes_ready().await, "{}", process.log());
    process.signal("HUP");
    // Both are signals, and they are heard in order or together.
    process.signal("USR1");
    says(&process, "SIGUSR1").await;
    process.anybody().get("/healthz").await.expect(200);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draining_server_serves_on_and_says_that_it_is_not_ready() {
    let installation = Installation::on_sqlite();
    let process = installation.start("serve", &LONG_DRAIN, &[]).await;
    let before = process.anybody().get("/healthz").await.expect(200);
    assert!(!before.headers.contains_key("connection"));
    process.signal("TERM");
    eventually("draining", async || {
        let answer = process.anybody().get("/readyz").await;
        (answer.status == 503).then_some(())
    })
    .await;
    let answer = process.anybody().get("/gateway/authorize").await.expect(401);
    assert_eq!(answer.header("connection"), "close");
    let refused = process.anybody().get("/readyz").await.expect(503).text();
    assert!(
        refused.contains("draining") || refused.contains("unavailable"),
        "{refused}"
    );
    process.signal("TERM");
    assert_eq!(
        process.ended().await.code(),
        Some(143),
        "a second signal ends it at once"
    );
    assert!(process.log().contains("a second signal"), "{}", process.log());
    installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_does_not_wait_for_the_time_to_drain() {
    let installation = Installation::on_sqlite();
    let process = installation.start("serve", &LONG_DRAIN, &[]).await;
    process.signal("INT");
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_manager_hears_when_it_is_ready_lives_and_ends() {
    let installation = Installation::on_sqlite();
    let path = installation.folder().join("notify.sock");
    let manager = UnixDatagram::bind(&path).unwrap();
    let heard = |word: &str| {
        let mut buffer = [0; 1024];
        loop {
            let length = manager.recv(&mut buffer).unwrap();
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if message.lines().any(|line| line == word) {
                return;
            }
        }
    };
    manager
        .set_read_timeout(Some(std::time::Duration::from_secs(60)))
        .unwrap();
    let environment = [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "100000")];
    let process = installation.start("serve", &[], &environment).await;
    tokio::task::block_in_place(|| {
        heard("READY=1");
        heard("WATCHDOG=1");
    });
    process.signal("TERM");
    tokio::task::block_in_place(|| heard("STOPPING=1"));
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
}
