//! The gate's memory as a model: a database that may fail over, and a node that decides checks from facts in its memory and
//! never by a clock. [`stateright`] visits every state that can be reached, in whatever order things happen.
//!
//! # What is promised
//!
//! Each check is answered what the database said at some moment after the check began. So a revocation holds for every check
//! that begins after it was acknowledged, on whichever node. And each check is decided soon, if the database answers.
//!
//! # The protocol
//!
//! 1. The node asks the database one question at a time: what is the head of the log, and what has changed since the mark?
//!    The mark is the head as of which memory holds facts: the position of an event and its id. Positions have no gaps and
//!    an id is never used twice, so the two name one beginning of one history.
//! 2. A check that begins waits for a question that is sent afterwards. If memory lacks a fact that it needs, it has the
//!    next question ask for its facts, too.
//! 3. An answer is applied in one step. What events since the mark touched is removed from memory; or everything, if the
//!    history does not have the mark. The facts that were asked for are inserted. The head is the new mark.
//! 4. A check that asked for its facts is decided from the answer, and from nothing else. Any other looks into memory after
//!    the answer was applied. If a fact has been forgotten meanwhile, it has the next question ask for its facts.
//! 5. A question that failed changes nothing, and its checks are refused. Its answer is never applied, however late it comes.
//!    A server that takes no writes is not believed: memory is cleared, and the checks of the question are refused.
//! 6. Memory may forget anything at any time.
//!
//! Each [`Deviation`](deviation::Deviation) breaks one of these rules, or an assumption. The tests show that the protocol keeps
//! its promises, and that each deviation breaks one. To see the steps that lead there:
//!
//! ```text
//! cargo test -p gatebook-gate-model -- --nocapture
//! ```
//!
//! # What the model leaves out
//!
//! - Nodes meet only in the database. So one node, and commits by anybody, stand for any number of nodes.
//! - A question that is sent again after a lost connection is one that the database answers late.
//! - A node that drops everything because too much has changed since the mark is one that forgets everything.
//! - Two facts, one or both of which a check needs, stand for the facts about application, group, user and the rest.
//! - Which facts an event touches, events that cannot be read, and the locks inside the process are for other tests.

pub mod check;
pub mod deviation;
pub mod gate;
pub mod log;
pub mod node;

#[cfg(test)]
mod tests;
