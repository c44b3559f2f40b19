//! A gateway's side of Gatebook's feed: [`Gate::check`] answers from memory what it may, and asks a node what it must.
//!
//! A program that passes calls on to an API asks [`Gate::check`] about each of them. The answers of `/gateway/verify` are held
//! in memory, and `/gateway/feed` says which of them are not true any more. There are two forms, see [`Freshness`]. In both, what
//! cannot be found out is an error, and whoever gets an error lets nothing pass.
//!
//! - `gate.rs`: the check, and the calls that all checks share.
//! - `memory.rs`: what is held, and when it may be used.
//! - `node.rs`: how a node is asked over HTTP.
//! - `wire.rs`, `signature.rs`: what a node says, and whether it was a node.
//! - `counts.rs`: how many checks were answered from memory, so that nodes can count them.

mod counts;
mod error;
mod gate;
mod memory;
mod moment;
mod node;
mod signature;
mod wire;

pub use counts::CountedChecks;
pub use error::GateError;
pub use gate::{Counters, Freshness, Gate, Settings};
pub use node::{HttpNode, Node};
pub use wire::{Check, FeedAnswer, FeedKey, VerifyAnswer};
