//! Clients that work at once, and look back together.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::client::Client;
use super::observations::Seen;
use crate::bad_days::installation::Customer;

/// How many clients work at once.
const CLIENTS: u64 = 6;

pub struct Crowd {
    pub seen: Arc<Seen>,
    resting: Vec<Client>,
    working: Vec<JoinHandle<Client>>,
    go_on: watch::Sender<bool>,
}

impl Crowd {
    /// Clients who rest. Each draws its chances from the seed.
    pub fn new(seed: u64, nodes: &[String], customer: &Customer) -> Self {
        let seen = Arc::default();
        Self {
            resting: (1..=CLIENTS)
                .map(|number| Client::new(number, seed, nodes, customer, &seen))
                .collect(),
            seen,
            working: Vec::new(),
            go_on: watch::Sender::new(false),
        }
    }

    /// All begin to work.
    pub fn begins(&mut self) {
        self.go_on.send_replace(true);
        let works = |client: Client| tokio::spawn(client.works(self.go_on.subscribe()));
        self.working = self.resting.drain(..).map(works).collect();
    }

    /// All end what they have begun, and look back at what changed meanwhile, or at everything. The nodes have to serve.
    pub async fn looks_back(&mut self, at_everything: bool) {
        self.go_on.send_replace(false);
        for client in self.working.drain(..) {
            self.resting.push(client.await.unwrap());
        }
        for client in &mut self.resting {
            client.looks_back(at_everything).await;
        }
        self.seen.was_right();
    }

    /// How many applications there have to be, how many of them have a developer who was invited, and of how many of these
    /// that still holds.
    pub fn created(&self) -> (usize, usize, usize) {
        let all: Vec<_> = self.resting.iter().flat_map(Client::apps).collect();
        let invited = || all.iter().filter(|app| !app.is_aiq_integrate());
        let still_invited = invited().filter(|app| !app.is("revoked"));
        (all.len(), invited().count(), still_invited.count())
    }
}
