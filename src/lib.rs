//! Gatebook: the event-sourced book of who may pass the gate of an API.
//!
//! This crate is the outside: HTTP, mail, secrets, command line, stores, and wiring. The rules are in
//! `gatebook_aggregates`, the read models in `gatebook_projections`.

// `println!` panics if the reader is gone; `cli::output` does not.
#![warn(clippy::print_stdout)]

pub mod activity_log;
pub mod application;
pub mod brand;
mod causes;
pub mod cli;
pub mod clock;
pub mod config;
pub mod log;
pub mod mail;
pub mod metrics;
mod numbers;
pub mod oauth;
pub mod outbox;
pub mod replay;
pub mod request_log;
pub mod secrets;
pub mod standard_error;
pub mod store;
pub mod throttle;
mod unique_id;
pub mod usage;
pub mod web;
