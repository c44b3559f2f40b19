//! The last refusals of each application, for the question why a call was refused.

use std::collections::VecDeque;

use gatebook_aggregates::timestamp::Timestamp;

use super::REFUSALS_KEPT;

/// A check that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Unique, and later ones sort behind earlier ones.
    pub id: String,
    pub at: Timestamp,
    /// The gate's reason.
    pub reason: String,
    /// The entity that was named, if it can be one; otherwise empty.
    pub entity_id: String,
    /// `read`, `write`, or empty.
    pub access: String,
    /// The first characters of the client secret that the token was issued for; empty if it is not known any more.
    pub secret_prefix: String,
    pub request_id: String,
    /// The resource server that asked, or the address that the question came from.
    pub gateway: String,
}

/// The newest of one application.
#[derive(Clone, Debug, Default)]
pub(super) struct Newest(pub(super) VecDeque<Refusal>);

impl Newest {
    /// Adds one, for which the oldest may have to go. Returns by how many they have become more.
    pub(super) fn add(&mut self, refusal: Refusal) -> usize {
        self.0.push_back(refusal);
        match self.0.len() > REFUSALS_KEPT {
            true => {
                self.0.pop_front();
                0
            }
            false => 1,
        }
    }

    /// Adds those that another part of the memory held.
    pub(super) fn merge(&mut self, others: Self) {
        self.0.extend(others.0);
        self.0
            .make_contiguous()
            .sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        let too_many = self.0.len().saturating_sub(REFUSALS_KEPT);
        self.0.drain(..too_many);
    }
}
