//! What is held of all that was read: true of the log up to its mark, and of nothing that was appended behind it.
//!
//! It may forget anything at any time; only remembering too much would be wrong.

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::timestamp::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::answer::{Answer, Head};
use super::facts::{Fact, Facts, Wanted};
use super::names::{Name, Touched};
use super::question::{EVENTS_MAX, Mark};
use crate::store::{CommitsSeen, StoreError};

/// About what an application without entities and secrets takes.
const WEIGHT: u64 = 400;
/// About what an entity takes in a set, or a client secret in a list.
const WEIGHT_OF_EACH: u64 = 64;

/// What is held.
pub(super) struct Memory {
    /// What is held is true up to here. None: nothing is held.
    mark: Option<Mark>,
    /// Where the commits of others stood before the question was sent whose answer was applied last.
    seen: Option<CommitsSeen>,
    /// The number of the last question whose answer was applied.
    pub(super) applied: u64,
    tokens_ended_before: Option<Timestamp>,
    /// None when nothing is to be held.
    facts: Option<Cache<Name, Fact, Weight>>,
}

impl Memory {
    /// A memory that takes so many bytes at the most, as far as that can be estimated. With 0 it holds nothing.
    pub(super) fn new(bytes: u64) -> Self {
        let facts = (bytes > 0).then(|| Cache::with_weighter((bytes / WEIGHT) as usize, bytes, Weight));
        Self {
            mark: None,
            seen: None,
            applied: 0,
            tokens_ended_before: None,
            facts,
        }
    }

    pub(super) fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    /// Whether all of it is still true because nobody has committed anything.
    pub(super) fn is_untouched(&self, seen: Option<CommitsSeen>) -> bool {
        self.mark.is_some() && seen.is_some() && self.seen == seen
    }

    /// What is held of this.
    pub(super) fn find<W: Wanted>(&self, wanted: &W) -> Option<W::Made> {
        wanted.make(self).ok().flatten()
    }

    /// Moves on to the end of the log as the answer tells it: drops what was changed up to there, and takes up what was read
    /// there. Whoever looks in between must see neither half.
    pub(super) fn apply(&mut self, answer: &Answer, number: u64, seen: Option<CommitsSeen>) {
        let Some(facts) = &self.facts else {
            self.applied = number;
            return;
        };
        let head = &answer.head;
        let is_same = head.is_readable && self.mark.as_ref().is_some_and(|mark| continues(mark, head));
        let mut touched = Vec::with_capacity(answer.events.len());
        let is_kept = is_same
            && answer.events.iter().all(|event| match event.touches() {
                Touched::Everything => false,
                Touched::One(name) => {
                    touched.push(name);
                    true
                }
                Touched::Nothing => true,
            });
        match is_kept {
            true => touched.iter().for_each(|name| drop(facts.remove(name))),
            false => facts.clear(),
        }
        // While something cannot be read, or nobody has read it back, what is closed by it can change without an event.
        if head.is_readable {
            let read = answer.facts.iter();
            let read = read.filter_map(|(name, fact)| Some((name.clone(), fact.as_ref().ok()?.clone())));
            read.for_each(|(name, fact)| facts.insert(name, fact));
        }
        self.mark = head.is_readable.then(|| head.mark.clone());
        self.tokens_ended_before = head.tokens_ended_before;
        self.seen = seen;
        self.applied = number;
    }
}

/// Whether the log that this is the head of continues the one that ended at the mark, and not too far behind it. Another
/// history can have the same positions, or be shorter.
fn continues(mark: &Mark, head: &Head) -> bool {
    let is_same_history = head.event_id_at_mark.as_deref() == Some(&*mark.event_id);
    let appended = head.mark.position - mark.position;
    is_same_history && mark.generations == head.mark.generations && (0..=EVENTS_MAX).contains(&appended)
}

impl Facts for Memory {
    fn get(&self, name: &Name) -> Result<Option<Fact>, StoreError> {
        Ok(self.facts.as_ref().and_then(|facts| facts.get(name)))
    }

    fn has(&self, name: &Name) -> bool {
        self.facts.as_ref().is_some_and(|facts| facts.contains_key(name))
    }

    fn tokens_ended_before(&self) -> Option<Timestamp> {
        self.tokens_ended_before
    }

    fn is_unreadable(&self, _: &AppId) -> bool {
        // Nothing is held otherwise.
        false
    }
}

/// About how many bytes a fact takes.
#[derive(Clone)]
struct Weight;

impl Weighter<Name, Fact> for Weight {
    fn weight(&self, _: &Name, fact: &Fact) -> u64 {
        let parts = match fact {
            Fact::App(app, _) => app.entities.len() + 4 * app.client_secrets.len(),
            Fact::Group(group) => group.entities.len(),
            Fact::Token { .. } | Fact::Client(_) | Fact::ResourceServer(_) => 0,
        };
        WEIGHT + WEIGHT_OF_EACH * parts as u64
    }
}

#[cfg(test)]
mod tests;
