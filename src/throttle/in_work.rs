//! Limits how many requests of one kind are processed at once for each key. A request without a place is refused before
//! any work is done.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places of each key.
#[derive(Clone)]
pub struct InWork {
    places: usize,
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

/// A place, held until it is dropped.
#[must_use = "the place is given back when this is dropped"]
pub struct InWorkPermit {
    of: InWork,
    key: String,
}

impl InWork {
    /// `places` for each key.
    pub fn new(places: usize) -> Self {
        Self {
            places,
            taken: Arc::default(),
        }
    }

    /// Takes a place for this key. `None` if all are taken.
    pub fn enter(&self, key: &str) -> Option<InWorkPermit> {
        let mut taken = self.taken();
        let here = taken.entry(key.to_owned()).or_default();
        if *here >= self.places {
            return None;
        }
        *here += 1;
        let (of, key) = (self.clone(), key.to_owned());
        Some(InWorkPermit { of, key })
    }

    /// A thread that panicked has left consistent numbers.
    fn taken(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InWorkPermit {
    fn drop(&mut self) {
        let mut taken = self.of.taken();
        match taken.get_mut(&self.key) {
            Some(here @ 2..) => *here -= 1,
            _ => drop(taken.remove(&self.key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_places_and_nothing_is_kept_of_those_that_nobody_uses() {
        let in_work = InWork::new(2);
        let (one, two) = (in_work.enter("a").unwrap(), in_work.enter("a").unwrap());
        assert!(in_work.enter("a").is_none());
        assert!(in_work.enter("b").is_some());
        drop(one);
        let three = in_work.enter("a").unwrap();
        assert!(in_work.enter("a").is_none());
        drop((two, three));
        assert!(in_work.taken().is_empty());
    }
}
