//! Nodes of one installation, each at an address of its own, which it keeps however often it is started again.

use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use crate::bad_days::installation::{Installation, Process, free_ports};

pub struct Nodes {
    addresses: Vec<String>,
    processes: Vec<Option<Process>>,
}

impl Nodes {
    /// Starts this many nodes, and waits until all of them serve.
    pub async fn start(installation: &Installation, count: usize) -> Self {
        let addresses = free_ports(count).into_iter().map(|port| format!("127.0.0.1:{port}"));
        let mut nodes = Self {
            addresses: addresses.collect(),
            processes: Vec::new(),
        };
        for node in 0..count {
            nodes.processes.push(None);
            nodes.start_one(installation, node).await;
        }
        nodes
    }

    pub fn count(&self) -> usize {
        self.addresses.len()
    }

    /// Where they listen.
    pub fn base_urls(&self) -> Vec<String> {
        self.addresses
            .iter()
            .map(|address| format!("http://{address}"))
            .collect()
    }

    /// A node that serves.
    pub fn one(&self) -> &Process {
        self.processes.iter().flatten().next().unwrap()
    }

    /// Kills a node, at whatever it is.
    pub async fn kill(&mut self, node: usize) {
        if let Some(process) = self.processes[node].take() {
            assert!(!process.log().contains("panicked"), "{}", process.log());
            process.kill().await;
        }
    }

    /// Starts a node, and waits until it serves.
    pub async fn start_one(&mut self, installation: &Installation, node: usize) {
        let process = self.begin(installation, node);
        assert!(process.becomes_ready().await, "{}", process.log());
        self.processes[node] = Some(process);
    }

    /// Starts a node, and kills it before it has come far.
    pub async fn start_in_vain(&mut self, installation: &Installation, node: usize, random: &mut StdRng) {
        let process = self.begin(installation, node);
        tokio::time::sleep(Duration::from_millis(random.random_range(0..400))).await;
        process.kill().await;
    }

    fn begin(&self, installation: &Installation, node: usize) -> Process {
        let address = &self.addresses[node];
        let one_name = ["--public-url", "https://gatebook.example"];
        let mut command = installation.command(&["serve", "--listen", address]);
        command.args(one_name);
        installation.spawn(command, address)
    }

    /// Ends all of them as an operator does.
    pub async fn stop(self) {
        for process in self.processes.into_iter().flatten() {
            assert!(!process.log().contains("panicked"), "{}", process.log());
            process.stop().await;
        }
    }
}
