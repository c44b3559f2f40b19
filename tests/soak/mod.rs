//! What takes long: each is a module with a short form, which `make test` plays, and a long one, which `make soak` plays.
//! They use the tools that an operator uses, and read like the pages in `docs/operating` that they try out.
//!
//! To add one: a module whose tests ask [`times`] how often to play. A test that cannot be short, or takes what `make test`
//! does not install, is ignored there.

mod archiving_server;
mod client;
mod crowd;
mod gate;
mod kills;
mod nodes;
mod observations;
mod passwords;
mod patroni;
mod patroni_cluster;
mod restore;
mod same_time;
mod spreadsheets;
mod stored;
mod watch;

/// How many times as long as in `make test`: what `make soak` says in `GATEBOOK_SOAK`, else once.
pub fn times() -> usize {
    match std::env::var("GATEBOOK_SOAK") {
        Err(_) => 1,
        Ok(times) => times
            .parse()
            .unwrap_or_else(|_| panic!("GATEBOOK_SOAK is “{times}” and no number")),
    }
}

/// Where chance begins: what `GATEBOOK_SEED` says, so that a run can be played again as far as chance goes; else the time.
/// It is printed.
pub fn seed() -> u64 {
    let seed = match std::env::var("GATEBOOK_SEED") {
        Err(_) => uuid::Uuid::now_v7().as_u128() as u64 % 1_000_000,
        Ok(seed) => seed
            .parse()
            .unwrap_or_else(|_| panic!("GATEBOOK_SEED is “{seed}” and no number")),
    };
    tell(&format!("GATEBOOK_SEED={seed}"));
    seed
}

/// Tells whoever waits for a long test how far it is.
#[expect(
    clippy::print_stderr,
    reason = "it is shown with what the test says, and only where that is shown"
)]
pub fn tell(what: &str) {
    eprintln!("{what}");
}
