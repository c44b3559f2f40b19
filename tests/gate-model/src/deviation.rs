//! What can be done wrong. To add a deviation: its variant, its place in [`Deviation::ALL`], and what it does, mostly in
//! [`node`](crate::node).

/// One rule of the protocol broken, or one of its assumptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deviation {
    /// A check takes the answer to a question that was in flight when the check began.
    JoinsQuestionInFlight,
    /// Checks look into memory when the answer has come, before it is applied.
    ReadsMemoryBeforeTheAnswerIsApplied,
    /// A check that needs two facts reads them from memory in two steps, between which an answer may be applied.
    ReadsFactsOneByOne,
    /// The mark is moved when the answer comes, and memory is changed in a later step, before which the question may fail.
    MovesTheMarkBeforeMemory,
    /// The reverse.
    MovesTheMarkAfterMemory,
    /// The facts that were asked for are inserted in a later step, as when the check that asked for them did it.
    InsertsFactsLater,
    /// Whether the history has the mark is not compared.
    SeesNoFork,
    /// The history is another one only if it is shorter than the mark: positions are compared, ids are not.
    SeesOnlyShorterLogs,
    /// A check that finds some of its facts in memory when the question is sent asks only for the others, and is decided from
    /// both; of the facts from memory those that were touched meanwhile are used, too.
    MixesInTouchedFacts,
    /// As before, but facts that were touched are taken from the answer; those from another history are still used.
    MixesInFactsOfAnotherHistory,
    /// A check that misses a fact when it looks into memory waits for another question without asking for its facts.
    NeverAsksForForgottenFacts,
    /// The checks of a question that failed look into memory, as if it had been answered.
    TakesFailureForAnAnswer,
    /// The answer to a question that was given up is applied when it comes.
    AppliesLateAnswers,
    /// A server that takes no writes is believed, though it may lack the last event.
    BelievesStandbys,
    /// An event's id is made from what it says. So an event that was lost in a failover has the same id when it is written
    /// again, perhaps after others than the first time.
    UsesIdsAgain,
    /// After a failover the old primary goes on answering as one that takes writes, because nobody fenced it. No protocol for
    /// readers can help against that; it is an assumption.
    OldPrimaryAnswers,
}

impl Deviation {
    /// The length is the number of the last one and one more, so that the compiler asks for one that is missing here.
    pub const ALL: [Self; Self::OldPrimaryAnswers as usize + 1] = [
        Self::JoinsQuestionInFlight,
        Self::ReadsMemoryBeforeTheAnswerIsApplied,
        Self::ReadsFactsOneByOne,
        Self::MovesTheMarkBeforeMemory,
        Self::MovesTheMarkAfterMemory,
        Self::InsertsFactsLater,
        Self::SeesNoFork,
        Self::SeesOnlyShorterLogs,
        Self::MixesInTouchedFacts,
        Self::MixesInFactsOfAnotherHistory,
        Self::NeverAsksForForgottenFacts,
        Self::TakesFailureForAnAnswer,
        Self::AppliesLateAnswers,
        Self::BelievesStandbys,
        Self::UsesIdsAgain,
        Self::OldPrimaryAnswers,
    ];
}

/// The protocol as it is, or with one deviation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Protocol {
    pub deviation: Option<Deviation>,
}

impl Protocol {
    pub fn has(self, deviation: Deviation) -> bool {
        self.deviation == Some(deviation)
    }

    /// Whether facts from memory are used together with those from an answer.
    pub fn mixes(self) -> bool {
        self.has(Deviation::MixesInTouchedFacts) || self.has(Deviation::MixesInFactsOfAnotherHistory)
    }
}
