//! Delivers until the program stops: two lanes, and the connections that they use.

use std::sync::Arc;

use futures::join;
use tokio::sync::{Notify, watch};

use super::delivery::{Outbox, is_over, over};
use super::lane::{DeliveryLane, LOOK_EVERY};
use super::queue::Takes;

/// Additional places for urgent e-mails only (codes and password links), so that they never wait for slow ones.
const URGENT_PLACES: usize = 2;

impl Outbox {
    /// Delivers until `shutdown` is true or its sender is dropped. Then it finishes or gives back the e-mails in
    /// progress within eleven seconds. Call `wake.notify_one()` after writing e-mails; without it they are found within
    /// a second.
    pub async fn run(self: Arc<Self>, shutdown: watch::Receiver<bool>, wake: Arc<Notify>) {
        let (urgent, all) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let lane = |takes, places| DeliveryLane::new(self.clone(), takes, places, shutdown.clone());
        join!(
            lane(Takes::Urgent, URGENT_PLACES).run(urgent.clone()),
            lane(Takes::All, self.places).run(all.clone()),
            self.look_after_connections(shutdown.clone()),
            pass_on(&wake, [&urgent, &all], shutdown.clone()),
        );
        self.transport.close().await;
    }

    async fn look_after_connections(&self, mut shutdown: watch::Receiver<bool>) {
        while !is_over(&shutdown) {
            self.transport.close_unused().await;
            tokio::select! {
                () = over(&mut shutdown) => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}

/// Wakes all lanes when `wake` is notified.
async fn pass_on(wake: &Notify, lanes: [&Notify; 2], mut shutdown: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = over(&mut shutdown) => return,
            () = wake.notified() => lanes.iter().for_each(|lane| lane.notify_one()),
        }
    }
}
