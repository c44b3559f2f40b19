//! How many checks were answered from memory, so that a node can count them as its own.

use std::collections::HashMap;

use serde::Serialize;

use crate::wire::{Check, VerifyAnswer};

/// How many kinds are told apart until the next report; beyond that, entities are not.
const KINDS_MAX: usize = 10_000;
/// No id of an entity is longer.
const ENTITY_MAX: usize = 64;

/// Checks of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountedChecks {
    /// The application.
    pub app_id: String,
    /// The entity, if one was named that can be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// `read` or `write`, if it was one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// What was answered.
    pub reason: String,
    /// How many there were.
    pub count: u64,
}

/// The counts since the last report.
#[derive(Default)]
pub struct Counts(HashMap<(String, Option<String>, Option<String>, String), u64>);

impl Counts {
    /// Counts a check that was answered from memory.
    pub fn count(&mut self, check: &Check, answer: &VerifyAnswer) {
        let Some(app_id) = answer.app_id.clone() else {
            return;
        };
        let is_entity = (1..=ENTITY_MAX).contains(&check.entity.len())
            && check
                .entity
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let entity = (is_entity && self.0.len() < KINDS_MAX).then(|| check.entity.clone());
        let access = ["read", "write"]
            .contains(&check.access.as_str())
            .then(|| check.access.clone());
        *self
            .0
            .entry((app_id, entity, access, answer.reason.clone()))
            .or_default() += 1;
    }

    /// Takes so many kinds away for a report.
    pub fn take(&mut self, kinds: usize) -> Vec<CountedChecks> {
        let keys: Vec<_> = self.0.keys().take(kinds).cloned().collect();
        let taken = keys.into_iter().filter_map(|key| self.0.remove_entry(&key));
        taken
            .map(|((app_id, entity, access, reason), count)| CountedChecks {
                app_id,
                entity,
                access,
                reason,
                count,
            })
            .collect()
    }

    /// Puts back what could not be reported.
    pub fn put_back(&mut self, counted: Vec<CountedChecks>) {
        for one in counted {
            let key = (one.app_id, one.entity, one.access, one.reason);
            *self.0.entry(key).or_default() += one.count;
        }
    }
}
