//! What takes long: each is a module with a short form, which `make test` plays, and a long one, which `make soak` plays.
//! They use the tools that an operator uses, and read like the pages in `docs/operating` that they try out.
//!
//! To add one: a module whose tests ask [`times`] how often to play.

mod archiving_server;
mod restore;
mod same_time;

/// How many times as long as in `make test`: what `make soak` says in `GATEBOOK_SOAK`, else once.
pub fn times() -> usize {
    match std::env::var("GATEBOOK_SOAK") {
        Err(_) => 1,
        Ok(times) => times
            .parse()
            .unwrap_or_else(|_| panic!("GATEBOOK_SOAK is “{times}” and no number")),
    }
}
