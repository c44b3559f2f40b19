//! The log of the database: events, each of which changes a fact.

/// The number of a fact.
pub type Name = usize;

/// For each fact whether it allows, or nothing if it is not known.
pub type Facts = [Option<bool>; 2];

/// What holds before the first event: one fact allows and one does not, so that both kinds of change come early.
const AT_FIRST: Facts = [Some(true), Some(false)];

/// The event at position `n` is the `n`th. A snapshot of the database is a copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Log(Vec<Event>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    pub id: u8,
    /// The fact that it changes.
    pub name: Name,
    /// What the fact is from now on.
    pub allows: bool,
}

/// Names a beginning of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    pub position: usize,
    /// Of the event at the position; 0 before the first event.
    pub id: u8,
}

impl Log {
    pub fn append(&mut self, event: Event) {
        self.0.push(event);
    }

    /// A failover to a standby that had not got the last events.
    pub fn lose(&mut self, events: usize) {
        self.0.truncate(self.length().saturating_sub(events));
    }

    pub fn length(&self) -> usize {
        self.0.len()
    }

    pub fn head(&self) -> Mark {
        Mark {
            position: self.length(),
            id: self.0.last().map_or(0, |event| event.id),
        }
    }

    pub fn contains(&self, mark: Mark) -> bool {
        let last = mark.position.checked_sub(1);
        last.is_none_or(|last| self.0.get(last).is_some_and(|event| event.id == mark.id))
    }

    /// The facts that have changed since then.
    pub fn touched_since(&self, mark: Mark) -> impl Iterator<Item = Name> {
        self.0.iter().skip(mark.position).map(|event| event.name)
    }

    pub fn facts(&self) -> Facts {
        let mut facts = AT_FIRST;
        for event in &self.0 {
            facts[event.name] = Some(event.allows);
        }
        facts
    }
}
