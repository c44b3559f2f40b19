//! A lane of the outbox: claims e-mails that are due, sends a few at a time, and records the results. A slow e-mail
//! occupies only its own place.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::delivery::{DeliveryAttempt, Outbox, is_over, over};
use super::queue::{self, ClaimedEmail, Takes};
use crate::store::StoreError;

/// How often to look for e-mails without a notification: those of other processes, and those whose wait is over.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long claimed e-mails may wait for a free place. After that they are given back, because another process may have
/// a free place.
const BACKLOG_MAX: Duration = Duration::from_secs(2);
/// The pause after a database error.
const PAUSE_AFTER_TROUBLE: Duration = Duration::from_secs(5);

pub(super) struct DeliveryLane {
    outbox: Arc<Outbox>,
    takes: Takes,
    /// How many e-mails may be in progress at a time.
    places: usize,
    shutdown: watch::Receiver<bool>,
    /// Claimed, but not started.
    backlog: VecDeque<ClaimedEmail>,
    under_way: JoinSet<DeliveryAttempt>,
    /// Attempts whose results are not recorded yet.
    tried: Vec<DeliveryAttempt>,
}

impl DeliveryLane {
    pub(super) fn new(outbox: Arc<Outbox>, takes: Takes, places: usize, shutdown: watch::Receiver<bool>) -> Self {
        Self {
            outbox,
            takes,
            places,
            shutdown,
            backlog: VecDeque::new(),
            under_way: JoinSet::new(),
            tried: Vec::new(),
        }
    }

    /// Works until shutdown, then finishes or gives back the e-mails in progress.
    pub(super) async fn run(mut self, wake: Arc<Notify>) {
        while !is_over(&self.shutdown) {
            if let Err(error) = self.turn(&wake).await {
                tracing::error!(%error, "e-mails are waiting for the database");
                tokio::select! {
                    () = over(&mut self.shutdown) => {}
                    () = tokio::time::sleep(PAUSE_AFTER_TROUBLE) => {}
                }
            }
        }
        if let Err(error) = self.finish().await {
            tracing::error!(%error, "the results of the last e-mails were not saved; they may be sent again");
        }
    }

    async fn turn(&mut self, wake: &Notify) -> Result<(), StoreError> {
        // Start first, so that no place stays empty while the database writes.
        self.start().await?;
        self.outbox.write_down(&mut self.tried).await?;
        if self.backlog.is_empty() && self.has_a_place() {
            if self.takes == Takes::All {
                self.outbox.address_due().await?;
            }
            let claimed = queue::claim(self.outbox.database(), &self.outbox.clock, self.takes).await?;
            self.backlog.extend(claimed);
            self.start().await?;
        }
        tokio::select! {
            () = over(&mut self.shutdown) => {}
            Some(ended) = self.under_way.join_next() => {
                self.note(ended);
                while let Some(ended) = self.under_way.try_join_next() {
                    self.note(ended);
                }
            }
            _ = tokio::time::timeout(LOOK_EVERY, wake.notified()), if self.has_a_place() => {}
            () = tokio::time::sleep(BACKLOG_MAX), if !self.backlog.is_empty() => self.give_back().await?,
        }
        Ok(())
    }

    fn has_a_place(&self) -> bool {
        self.under_way.len() < self.places
    }

    /// Starts as many e-mails as there are free places. If a lease could end before the attempt does, the backlog is
    /// given back.
    async fn start(&mut self) -> Result<(), StoreError> {
        while self.has_a_place() {
            let now = self.outbox.clock.now();
            match self.backlog.front() {
                None => break,
                Some(next) if !next.can_be_sent_at(now) => return self.give_back().await,
                Some(_) => {}
            }
            let Some(email) = self.backlog.pop_front() else { break };
            let (outbox, shutdown) = (self.outbox.clone(), self.shutdown.clone());
            self.under_way
                .spawn(async move { outbox.attempt(email, shutdown).await });
        }
        Ok(())
    }

    fn note(&mut self, ended: Result<DeliveryAttempt, tokio::task::JoinError>) {
        match ended {
            Ok(tried) => self.tried.push(tried),
            // Its lease ends by itself.
            Err(error) => tracing::error!(%error, "sending an e-mail ended in an unexpected way"),
        }
    }

    async fn give_back(&mut self) -> Result<(), StoreError> {
        // The backlog is emptied even if the database fails: another process may get these e-mails. Otherwise their
        // leases end by themselves.
        let emails = std::mem::take(&mut self.backlog);
        let now = self.outbox.clock.now();
        queue::hand_back(self.outbox.database(), &emails, now).await
    }

    /// Attempts in progress see the shutdown themselves and end soon.
    async fn finish(&mut self) -> Result<(), StoreError> {
        let given_back = self.give_back().await;
        while let Some(ended) = self.under_way.join_next().await {
            self.note(ended);
        }
        self.outbox.write_down(&mut self.tried).await.and(given_back)
    }
}
