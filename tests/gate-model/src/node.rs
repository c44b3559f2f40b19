//! The node: its memory, the question in flight, and the checks under way. It sees nothing of the database but answers.

use crate::check::{Check, Needs, Phase};
use crate::deviation::Deviation::*;
use crate::deviation::Protocol;
use crate::log::{Facts, Log, Mark};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Node {
    pub memory: Facts,
    /// The head as of which memory holds facts; none as long as it has none.
    mark: Option<Mark>,
    pub question: Option<Question>,
    pub checks: Vec<Check>,
    /// A question whose answer, or a part of it, a deviation applies later.
    pub late: Option<Question>,
    /// A check was answered what the database did not say while the check was under way.
    pub wrong: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    mark: Option<Mark>,
    /// The facts that its checks asked for.
    asked: [bool; 2],
    /// What a deviation has kept from memory.
    kept: Facts,
    /// What the database had when it answered. It is a message as long as it has not been applied.
    pub answer: Option<Log>,
}

impl Node {
    pub fn begin(&mut self, needs: Needs, protocol: Protocol) {
        let joins = protocol.has(JoinsQuestionInFlight) && self.question.is_some();
        let asks = needs.decide(self.memory).is_none();
        let phase = match joins {
            true => Phase::Asked { asks: false },
            false => Phase::Waiting { asks },
        };
        self.checks.push(Check::new(needs, phase));
    }

    /// Whether a question can be sent. There is one at a time.
    pub fn can_ask(&self) -> bool {
        let waits = |check: &Check| matches!(check.phase, Phase::Waiting { .. });
        self.question.is_none() && self.checks.iter().any(waits)
    }

    /// Sends a question for all checks that wait.
    pub fn ask(&mut self, protocol: Protocol) {
        let kept = if protocol.mixes() { self.memory } else { [None; 2] };
        let mut asked = [false; 2];
        for check in &mut self.checks {
            if let Phase::Waiting { asks } = check.phase {
                check.phase = Phase::Asked { asks };
                for name in check.needs.names() {
                    asked[*name] |= asks && kept[*name].is_none();
                }
            }
        }
        self.question = Some(Question {
            mark: self.mark,
            asked,
            kept,
            answer: None,
        });
    }

    /// An answer comes from a server that takes writes. It is applied in the next step.
    pub fn receive(&mut self, log: Log, protocol: Protocol) {
        let Some(mut question) = self.question.take() else {
            return;
        };
        if protocol.has(MovesTheMarkBeforeMemory) {
            self.mark = Some(log.head());
        }
        if protocol.has(MovesTheMarkAfterMemory) {
            self.update_memory(&question, &log, protocol);
        }
        if protocol.has(ReadsMemoryBeforeTheAnswerIsApplied) {
            self.let_look();
        }
        question.answer = Some(log);
        self.question = Some(question);
    }

    /// An answer comes from a server that takes no writes.
    pub fn receive_from_standby(&mut self) {
        self.memory = [None; 2];
        self.mark = None;
        self.fail(Protocol::default());
    }

    /// Applies the answer, in one step.
    pub fn apply(&mut self, protocol: Protocol) {
        let Some(mut question) = self.question.take() else {
            return;
        };
        let Some(log) = question.answer.take() else {
            return;
        };
        if !protocol.has(MovesTheMarkAfterMemory) {
            self.update_memory(&question, &log, protocol);
        }
        self.mark = Some(log.head());
        let facts = question.facts(&log, protocol);
        for i in (0..self.checks.len()).rev() {
            let Check { phase, needs, .. } = self.checks[i];
            if let (Phase::Asked { asks: true }, Some(allows)) = (phase, needs.decide(facts)) {
                self.decide(i, allows);
            }
        }
        self.let_look();
        if protocol.has(InsertsFactsLater) {
            question.answer = Some(log);
            self.late.get_or_insert(question);
        }
    }

    /// The question is given up, or its answer is lost.
    pub fn fail(&mut self, protocol: Protocol) {
        let question = self.question.take();
        if protocol.has(AppliesLateAnswers) {
            self.late = question.filter(|question| question.answer.is_some());
        }
        if protocol.has(TakesFailureForAnAnswer) {
            self.let_look();
        }
        self.checks.retain(|check| !matches!(check.phase, Phase::Asked { .. }));
    }

    /// The check looks into memory.
    pub fn look(&mut self, check: usize, protocol: Protocol) {
        let Check { needs, phase, .. } = self.checks[check];
        let mut facts = self.memory;
        match (phase, facts[0]) {
            (Phase::HalfRead { first }, _) => facts[0] = Some(first),
            (_, Some(first)) if protocol.has(ReadsFactsOneByOne) && needs == Needs::Both => {
                self.checks[check].phase = Phase::HalfRead { first };
                return;
            }
            _ => {}
        }
        match needs.decide(facts) {
            Some(allows) => self.decide(check, allows),
            None => {
                let asks = !protocol.has(NeverAsksForForgottenFacts);
                self.checks[check].phase = Phase::Waiting { asks };
            }
        }
    }

    /// What a deviation does later.
    pub fn apply_late(&mut self, protocol: Protocol) {
        let Some(question) = self.late.take() else {
            return;
        };
        let Some(log) = &question.answer else {
            return;
        };
        if protocol.has(InsertsFactsLater) {
            self.insert_asked(&question, log);
        } else {
            self.update_memory(&question, log, protocol);
            self.mark = Some(log.head());
        }
    }

    fn update_memory(&mut self, question: &Question, log: &Log, protocol: Protocol) {
        match question.mark.filter(|mark| is_same(log, *mark, protocol)) {
            Some(mark) => log.touched_since(mark).for_each(|name| self.memory[name] = None),
            None => self.memory = [None; 2],
        }
        if !protocol.has(InsertsFactsLater) {
            self.insert_asked(question, log);
        }
    }

    fn insert_asked(&mut self, question: &Question, log: &Log) {
        for (name, fact) in log.facts().into_iter().enumerate() {
            if question.asked[name] {
                self.memory[name] = fact;
            }
        }
    }

    /// The checks of the question look into memory next.
    fn let_look(&mut self) {
        for check in &mut self.checks {
            if matches!(check.phase, Phase::Asked { .. }) {
                check.phase = Phase::Due;
            }
        }
    }

    fn decide(&mut self, check: usize, allows: bool) {
        self.wrong |= !self.checks.remove(check).may_be_answered(allows);
    }

    /// Whether a check is about to find this in memory; nothing is that it misses a fact.
    pub fn finds(&self, allows: Option<bool>) -> bool {
        let finds = |check: &Check| check.phase == Phase::Due && check.needs.decide(self.memory) == allows;
        self.checks.iter().any(finds)
    }
}

impl Question {
    /// What the checks that asked for facts are decided from. Without deviation it is what the answer says.
    fn facts(&self, log: &Log, protocol: Protocol) -> Facts {
        let mut facts = log.facts();
        for (name, kept) in self.kept.into_iter().enumerate() {
            let mut touched = self.mark.into_iter().flat_map(|mark| log.touched_since(mark));
            let is_used = match protocol.has(MixesInTouchedFacts) {
                true => self.mark.is_some_and(|mark| log.contains(mark)),
                false => !touched.any(|touched| touched == name),
            };
            if kept.is_some() && is_used {
                facts[name] = kept;
            }
        }
        facts
    }
}

/// Whether the log goes on from the mark.
fn is_same(log: &Log, mark: Mark, protocol: Protocol) -> bool {
    let blind = protocol.has(SeesNoFork) || protocol.has(SeesOnlyShorterLogs) && mark.position <= log.length();
    blind || log.contains(mark)
}
