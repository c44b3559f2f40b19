//! A check: what it needs to know, and how far it is.

use crate::log::{Facts, Log, Name};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Check {
    pub needs: Needs,
    pub phase: Phase,
    /// Whether the database has said no, and yes, since the check began. The node cannot know it: by this the model judges.
    said: [bool; 2],
}

/// The facts that a check needs. It passes if all of them allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Needs {
    First,
    Second,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// For a question to be sent.
    Waiting { asks: bool },
    /// Its question has been sent.
    Asked { asks: bool },
    /// Its question has been answered, and it looks into memory next.
    Due,
    /// It has read the first of its facts. Only in [`ReadsFactsOneByOne`](crate::deviation::Deviation::ReadsFactsOneByOne).
    HalfRead { first: bool },
}

impl Check {
    pub fn new(needs: Needs, phase: Phase) -> Self {
        let said = [false; 2];
        Self { needs, phase, said }
    }

    /// Takes down what the database would answer now.
    pub fn observe(&mut self, log: &Log) {
        if let Some(allows) = self.needs.decide(log.facts()) {
            self.said[usize::from(allows)] = true;
        }
    }

    pub fn may_be_answered(&self, allows: bool) -> bool {
        self.said[usize::from(allows)]
    }
}

impl Needs {
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Both];

    pub fn names(self) -> &'static [Name] {
        match self {
            Self::First => &[0],
            Self::Second => &[1],
            Self::Both => &[0, 1],
        }
    }

    /// Nothing if a fact is missing.
    pub fn decide(self, facts: Facts) -> Option<bool> {
        let mut names = self.names().iter();
        names.try_fold(true, |allows, name| Some(allows & facts[*name]?))
    }
}
