//! The model: the database and a node, and all that can happen to them.

use std::sync::atomic::{AtomicBool, Ordering};

use stateright::{Model, Property};

use crate::check::{Needs, Phase};
use crate::deviation::Deviation::{BelievesStandbys, OldPrimaryAnswers, UsesIdsAgain};
use crate::deviation::Protocol;
use crate::log::{Event, Log, Name};
use crate::node::Node;

/// Every check was answered what the database said at some moment since the check began.
pub const RIGHT: &str = "right";
/// If the database answers from now on, every check is decided within a few steps.
pub const DECIDED: &str = "decided";
/// Not a promise. Without these the promises would say little.
pub const OCCURRING: [&str; 3] = ["a yes from memory", "a no from memory", "a forgotten fact"];

/// How many of the last events a failover loses at most.
const LOST_EVENTS: usize = 2;

#[derive(Debug)]
pub struct Gate {
    size: Size,
    protocol: Protocol,
    /// Whether a broken promise was reported.
    reported: AtomicBool,
}

/// How much can happen. Questions, failures and forgetting are not limited.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// At a time.
    pub checks: usize,
    pub commits: u8,
    pub failovers: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    log: Log,
    /// Of a primary that was replaced, if a deviation lets it answer.
    old_log: Option<Log>,
    commits: u8,
    failovers: u8,
    node: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Begin(Needs),
    Ask,
    Answer(Server),
    Apply,
    ApplyLate,
    Fail,
    Look { check: usize },
    Forget(Name),
    Commit { name: Name, allows: bool },
    Failover { lost: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Primary,
    Standby,
    OldPrimary,
}

impl Model for Gate {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.node.wrong {
            return;
        }
        self.actions_of_node(state, actions);
        if state.commits < self.size.commits {
            // An event changes something. But where ids are made from what events say, one that says it again matters.
            let matters =
                |name: Name, allows| self.protocol.has(UsesIdsAgain) || state.log.facts()[name] != Some(allows);
            let commits = [(0, false), (0, true), (1, false), (1, true)].into_iter();
            let commits = commits.filter(|(name, allows)| matters(*name, *allows));
            actions.extend(commits.map(|(name, allows)| Action::Commit { name, allows }));
        }
        if state.failovers < self.size.failovers {
            let lost = 1..=state.log.length().min(LOST_EVENTS);
            actions.extend(lost.map(|lost| Action::Failover { lost }));
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut state = state.clone();
        self.step(&mut state, action);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(RIGHT, |gate: &Self, state: &State| gate.keeps(!state.node.wrong)),
            Property::always(DECIDED, |gate: &Self, state: &State| {
                gate.keeps(gate.decides_all(state))
            }),
            Property::sometimes(OCCURRING[0], |_, state: &State| state.node.finds(Some(true))),
            Property::sometimes(OCCURRING[1], |_, state: &State| state.node.finds(Some(false))),
            Property::sometimes(OCCURRING[2], |_, state: &State| state.node.finds(None)),
        ]
    }
}

impl Gate {
    pub fn new(size: Size, protocol: Protocol) -> Self {
        let reported = AtomicBool::new(false);
        Self {
            size,
            protocol,
            reported,
        }
    }

    /// Reports only the first broken promise. The steps to it are the fewest, but those to a later one would take their place.
    fn keeps(&self, is_kept: bool) -> bool {
        is_kept || self.reported.swap(true, Ordering::Relaxed)
    }

    fn actions_of_node(&self, state: &State, actions: &mut Vec<Action>) {
        let node = &state.node;
        if node.checks.len() < self.size.checks {
            actions.extend(Needs::ALL.map(Action::Begin));
        }
        if node.can_ask() {
            actions.push(Action::Ask);
        }
        if let Some(question) = &node.question {
            actions.push(Action::Fail);
            match question.answer {
                Some(_) => actions.push(Action::Apply),
                None => actions.extend([Server::Primary, Server::Standby].map(Action::Answer)),
            }
            if question.answer.is_none() && state.old_log.is_some() {
                actions.push(Action::Answer(Server::OldPrimary));
            }
        }
        if node.late.is_some() {
            actions.push(Action::ApplyLate);
        }
        actions.extend(state.looks());
        let known = [0, 1].into_iter().filter(|name| node.memory[*name].is_some());
        actions.extend(known.map(Action::Forget));
    }

    fn step(&self, state: &mut State, action: Action) {
        let State { log, old_log, node, .. } = state;
        match action {
            Action::Begin(needs) => node.begin(needs, self.protocol),
            Action::Ask => node.ask(self.protocol),
            Action::Answer(Server::Primary) => node.receive(log.clone(), self.protocol),
            Action::Answer(Server::OldPrimary) => node.receive(old_log.clone().unwrap_or_default(), self.protocol),
            Action::Answer(Server::Standby) if self.protocol.has(BelievesStandbys) => {
                let mut behind = log.clone();
                behind.lose(1);
                node.receive(behind, self.protocol);
            }
            Action::Answer(Server::Standby) => node.receive_from_standby(),
            Action::Apply => node.apply(self.protocol),
            Action::ApplyLate => node.apply_late(self.protocol),
            Action::Fail => node.fail(self.protocol),
            Action::Look { check } => node.look(check, self.protocol),
            Action::Forget(name) => node.memory[name] = None,
            Action::Commit { name, allows } => {
                state.commits += 1;
                let id = match self.protocol.has(UsesIdsAgain) {
                    true => [1, 3][name] + u8::from(allows),
                    false => state.commits,
                };
                log.append(Event { id, name, allows });
            }
            Action::Failover { lost } => {
                state.failovers += 1;
                *old_log = self.protocol.has(OldPrimaryAnswers).then(|| log.clone());
                log.lose(lost);
            }
        }
        for check in &mut node.checks {
            check.observe(log);
        }
        // Checks have no names, so their order says nothing.
        node.checks.sort();
    }

    /// Whether all checks are decided if only that happens which brings them further.
    fn decides_all(&self, state: &State) -> bool {
        let mut state = state.clone();
        for _ in 0..self.size.checks * 8 {
            match state.next_towards_decision() {
                Some(action) => self.step(&mut state, action),
                None => break,
            }
        }
        state.node.checks.is_empty() || state.node.wrong
    }
}

impl State {
    fn looks(&self) -> impl Iterator<Item = Action> {
        let can_look = |phase| matches!(phase, Phase::Due | Phase::HalfRead { .. });
        let due = self.node.checks.iter().enumerate();
        due.filter(move |(_, check)| can_look(check.phase))
            .map(|(check, _)| Action::Look { check })
    }

    fn next_towards_decision(&self) -> Option<Action> {
        let of_question = match self.node.question.as_ref().map(|question| &question.answer) {
            Some(Some(_)) => Some(Action::Apply),
            Some(None) => Some(Action::Answer(Server::Primary)),
            None => self.node.can_ask().then_some(Action::Ask),
        };
        of_question.or_else(|| self.looks().next())
    }
}
