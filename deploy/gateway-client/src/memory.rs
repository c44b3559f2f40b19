//! What is held: answers that are true up to the mark, and of nothing that was appended behind it.
//!
//! It may forget anything at any time; only remembering too much would be wrong.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::error::GateError;
use crate::moment::Moment;
use crate::wire::{Check, FeedAnswer, VerifyAnswer};

/// The end of the log at one moment, and where the projections stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub place: String,
    pub generation: i64,
}

/// What is held.
pub struct Memory {
    mark: Option<Mark>,
    /// The node's time when it gave the last answer of the feed, and when that was asked for.
    told: Option<(DateTime<Utc>, Moment)>,
    answers: HashMap<Check, VerifyAnswer>,
    /// Answers that are true at a mark that the feed has not come to.
    ahead: HashMap<Check, VerifyAnswer>,
    answers_max: usize,
}

impl Memory {
    pub fn new(answers_max: usize) -> Self {
        Self {
            mark: None,
            told: None,
            answers: HashMap::new(),
            ahead: HashMap::new(),
            answers_max,
        }
    }

    pub fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether anything is held about this.
    pub fn has(&self, check: &Check) -> bool {
        self.answers.contains_key(check)
    }

    /// The answer, if it is held, and if its time was not over when the last answer of the feed came.
    pub fn find(&self, check: &Check) -> Option<&VerifyAnswer> {
        let (at, _) = self.told?;
        self.good_at(check, at)
    }

    /// The answer, if it is held, the feed was last asked no longer ago than this, and its time is not over. The node's time is
    /// what it said then, and as much more as has passed since it was asked.
    pub fn find_within(&self, check: &Check, bound: Duration) -> Option<&VerifyAnswer> {
        let (at, asked) = self.told?;
        let elapsed = asked.elapsed();
        if elapsed >= bound {
            return None;
        }
        let at = at.checked_add_signed(TimeDelta::from_std(elapsed).ok()?)?;
        self.good_at(check, at)
    }

    fn good_at(&self, check: &Check, at: DateTime<Utc>) -> Option<&VerifyAnswer> {
        let answer = self.answers.get(check)?;
        answer.good_until.is_some_and(|until| at < until).then_some(answer)
    }

    /// Moves on to where the feed's answer goes: drops what is not true there, and takes up what is known to be true there.
    ///
    /// # Errors
    /// When it is the answer to another question. Nothing is held then.
    pub fn apply(&mut self, feed: &FeedAnswer, asked: Moment) -> Result<(), GateError> {
        if feed.from.as_deref() != self.mark.as_ref().map(|mark| mark.place.as_str()) {
            self.clear();
            return Err(GateError::Untrusted("it does not begin where it was asked to"));
        }
        let to = Mark {
            place: feed.to.clone(),
            generation: feed.generation,
        };
        let is_same_generation = self.mark.as_ref().is_some_and(|mark| mark.generation == to.generation);
        match feed.all || !is_same_generation || !are_known(feed) {
            true => self.answers.clear(),
            false => self.evict(feed),
        }
        let (there, ahead): (Vec<_>, Vec<_>) = self
            .ahead
            .drain()
            .filter(|(_, answer)| position(answer.as_of.as_deref()) >= position(Some(&to.place)))
            .partition(|(_, answer)| mark_of(answer).as_ref() == Some(&to));
        self.ahead.extend(ahead);
        there.into_iter().for_each(|(check, answer)| self.insert(check, answer));
        self.mark = Some(to);
        self.told = Some((feed.at, asked));
        Ok(())
    }

    /// Takes up an answer, if it is true at the mark. Returns whether it would be at a later one.
    pub fn keep(&mut self, check: Check, answer: VerifyAnswer) -> bool {
        let Some(at) = mark_of(&answer) else {
            return false;
        };
        if self.mark.as_ref() == Some(&at) {
            self.insert(check, answer);
            return false;
        }
        if self.ahead.len() >= self.answers_max {
            self.ahead.clear();
        }
        self.ahead.insert(check, answer);
        true
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::new(self.answers_max);
    }

    fn insert(&mut self, check: Check, answer: VerifyAnswer) {
        if let Some((at, _)) = self.told.filter(|_| self.answers.len() >= self.answers_max) {
            self.answers
                .retain(|_, answer| answer.good_until.is_some_and(|until| at < until));
        }
        if self.answers.len() >= self.answers_max {
            self.answers.clear();
        }
        self.answers.insert(check, answer);
    }

    /// Looks at all that is held, once for each answer of the feed that names something.
    fn evict(&mut self, feed: &FeedAnswer) {
        let named = |key: &str| -> HashSet<&str> {
            let ids = feed.evict.get(key).into_iter().flatten();
            ids.map(String::as_str).collect()
        };
        let (applications, groups, tokens) = (named("applications"), named("groups"), named("tokens"));
        if applications.is_empty() && groups.is_empty() && tokens.is_empty() {
            return;
        }
        // What does not say what it is about goes with everything.
        let stays = |ids: &HashSet<&str>, id: &Option<String>| match id {
            Some(id) => !ids.contains(id.as_str()),
            None => ids.is_empty(),
        };
        self.answers.retain(|_, answer| {
            stays(&applications, &answer.app_id) && stays(&groups, &answer.group_id) && stays(&tokens, &answer.token_id)
        });
    }
}

/// Whether all ids that are to be dropped are of kinds that answers have. Installations have none yet.
fn are_known(feed: &FeedAnswer) -> bool {
    let known = ["applications", "groups", "tokens"];
    let mut named = feed.evict.iter().filter(|(_, ids)| !ids.is_empty());
    named.all(|(key, _)| known.contains(&key.as_str()))
}

fn mark_of(answer: &VerifyAnswer) -> Option<Mark> {
    Some(Mark {
        place: answer.as_of.clone()?,
        generation: answer.generation?,
    })
}

fn position(place: Option<&str>) -> Option<i64> {
    place?.split_once('.')?.0.parse().ok()
}

#[cfg(test)]
mod tests;
