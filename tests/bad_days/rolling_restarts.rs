//! Nodes that are restarted one after the other, behind a proxy that asks them whether they are ready and tries nothing
//! twice.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::installation::{Installation, Process, client, free_port};
use crate::support::eventually::eventually;

/// A real HAProxy. It is killed when the test is over.
struct HaProxy {
    child: Child,
    address: String,
    statistics: String,
}

impl HaProxy {
    fn start(installation: &Installation, nodes: &[String; 2]) -> Self {
        let [address, statistics] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
        let [first, second] = nodes;
        let configuration = format!(
            "defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    retries 0
frontend gatebook
    bind {address}
    default_backend nodes
backend nodes
    balance roundrobin
    option httpchk GET /readyz
    http-check expect status 200
    default-server check inter 100ms fall 1 rise 1 init-addr none
    server first {first}
    server second {second}
frontend statistics
    bind {statistics}
    stats enable
    stats uri /
"
        );
        let file = installation.folder().join("haproxy.cfg");
        std::fs::write(&file, configuration).unwrap();
        let log = std::fs::File::create(installation.folder().join("haproxy.log")).unwrap();
        let child = Command::new("haproxy")
            .arg("-db")
            .arg("-f")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("haproxy is missing; tests/prerequisites installs it");
        Self {
            child,
            address,
            statistics,
        }
    }

    /// Waits until it sends requests to so many nodes.
    async fn sees_up(&self, nodes: usize) {
        let client = client();
        eventually(&format!("{nodes} nodes up"), async || {
            let answer = client
                .get(format!("http://{}/;csv", self.statistics))
                .send()
                .await
                .ok()?;
            let csv = answer.text().await.ok()?;
            let up = csv
                .lines()
                .filter(|line| line.starts_with("nodes,") && !line.contains(",BACKEND,"));
            let up = up.filter(|line| line.split(',').nth(17) == Some("UP")).count();
            (up == nodes).then_some(())
        })
        .await;
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn start(installation: &Installation, address: &str) -> Process {
    let command = installation.command(&["serve", "--listen", address, "--drain-seconds", "2"]);
    let process = installation.spawn(command, address);
    assert!(process.becomes_ready().await, "{}", process.log());
    process
}

/// What callers met: how many requests were answered, and what went wrong with the others.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    answered: AtomicUsize,
    failed: std::sync::Mutex<Vec<String>>,
}

async fn call(load: Arc<Load>, url: String) {
    let client = client();
    while !load.stop.load(Ordering::Relaxed) {
        match client.get(&url).send().await {
            Ok(answer) if answer.status() == 401 => {
                load.answered.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => load.failed.lock().unwrap().push(answer.status().to_string()),
            Err(error) => load.failed.lock().unwrap().push(error.to_string()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_in_six_rolling_restarts_behind_a_proxy_that_tries_nothing_twice() {
    let installation = Installation::on_postgres().await;
    let nodes = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
    let mut processes = Vec::new();
    for node in &nodes {
        processes.push(start(&installation, node).await);
    }
    let proxy = HaProxy::start(&installation, &nodes);
    proxy.sees_up(2).await;
    let load = Arc::new(Load::default());
    let url = format!("http://{}/gateway/authorize", proxy.address);
    let callers: Vec<_> = (0..8).map(|_| tokio::spawn(call(load.clone(), url.clone()))).collect();
    for restart in 0..6 {
        let node = restart % 2;
        let so_far = load.answered.load(Ordering::Relaxed);
        eventually("load", async || {
            (load.answered.load(Ordering::Relaxed) > so_far + 50).then_some(())
        })
        .await;
        let process = processes.remove(0);
        assert_eq!(process.base_url, format!("http://{}", nodes[node]));
        process.stop().await;
        processes.push(start(&installation, &nodes[node]).await);
        proxy.sees_up(2).await;
    }
    load.stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    let answered = load.answered.load(Ordering::Relaxed);
    let failed = load.failed.lock().unwrap();
    assert!(failed.is_empty(), "{} of {answered} failed: {failed:?}", failed.len());
    assert!(answered > 300, "{answered}");
}
