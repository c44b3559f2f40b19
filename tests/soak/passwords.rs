//! What many passwords cost: no memory, neither while they are tried nor afterwards.

use std::time::Duration;

use futures::{StreamExt, stream};
use serde_json::json;

use super::times;
use crate::bad_days::crash::sign_up_form;
use crate::bad_days::installation::{Customer, Installation, Process};
use crate::support::eventually::eventually;
use crate::support::world::PASSWORD;
use crate::support::{APPS, World};

/// How many are tried at once.
const AT_ONCE: usize = 50;
const SESSION: &str = "/portal/api/v1/session";
const MIB: i64 = 1024 * 1024;

/// Memory of a process, by the names of `/proc/PID/status`.
fn memory(process: &Process, name: &str) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<i64>().unwrap() * 1024
}

/// Ten thousand for `make soak` as it is; `make test` has no time for so many.
fn tries() -> usize {
    match times() {
        1 => 100,
        times => 1_000 * times,
    }
}

/// Logs nobody in this often; each try hashes its password. One that found no room in the line is tried again.
async fn wrong_passwords(process: &Process, count: usize) {
    let tried = stream::iter(0..count).map(|number| async move {
        let form = json!({"email": format!("nobody{number}@example.com"), "password": "wrong horse battery staple"});
        loop {
            let answer = process.anybody().post(SESSION, form.clone()).await;
            match answer.status.as_u16() {
                401 => break,
                503 => tokio::time::sleep(Duration::from_millis(100)).await,
                other => panic!("{other}: {}", answer.text()),
            }
        }
    });
    tried.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_take_a_fixed_memory_and_give_it_back() {
    let installation = Installation::on_sqlite();
    let process = installation.start("serve", &["--throttle", "off"], &[]).await;
    // Whatever is made once is made by then.
    wrong_passwords(&process, AT_ONCE).await;
    let idle = settled(&process).await;
    wrong_passwords(&process, tries()).await;
    let more = memory(&process, "VmHWM:") - idle;
    assert!(more <= 64 * MIB, "{} MiB more", more / MIB);
    let after = settled(&process).await;
    assert!(after - idle <= 16 * MIB, "from {} to {} MiB", idle / MIB, after / MIB);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_log_ins_leave_at_most_sixty_mebibytes() {
    let installation = Installation::on_sqlite();
    let process = installation.start("serve", &["--throttle", "off"], &[]).await;
    let customer = Customer::settle(&installation, &process).await;
    let form = World::new_integration("Payroll Bridge");
    process.person(&customer.pam).post(APPS, form).await.expect(201);
    let form = sign_up_form(&installation, &process).await;
    process.anybody().post("/portal/api/v1/sign-up", form).await.expect(201);
    let log_in = json!({"email": "dev@example.com", "password": PASSWORD});
    let logged_in = stream::iter(0..100).map(|_| async {
        process.anybody().post(SESSION, log_in.clone()).await.expect(200);
    });
    logged_in.buffer_unordered(2).collect::<Vec<()>>().await;
    let idle = settled(&process).await;
    assert!(idle <= 60 * MIB, "{} MiB", idle / MIB);
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
