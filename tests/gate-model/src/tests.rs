use std::collections::HashMap;
use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model};

use crate::deviation::Deviation::{self, *};
use crate::deviation::Protocol;
use crate::gate::{Action, DECIDED, Gate, OCCURRING, RIGHT, Size};

/// Checks at a time, commits and failovers. The sizes in which deviations are found out lie within these, so the protocol holds
/// in them.
const SIZES: [[u8; 3]; 3] = [[3, 1, 1], [2, 3, 2], [1, 5, 3]];
const LARGE_SIZES: [[u8; 3]; 3] = [[3, 2, 2], [2, 4, 2], [3, 3, 1]];

#[test]
fn a_check_is_answered_what_the_database_said_since_the_check_began() {
    for size in SIZES {
        assert_holds(size);
    }
}

#[test]
#[ignore = "it takes a minute: make soak"]
fn a_check_is_answered_what_the_database_said_since_the_check_began_however_much_happens_at_once() {
    for size in LARGE_SIZES {
        assert_holds(size);
    }
}

#[test]
fn every_deviation_from_the_protocol_is_found_out() {
    let not_found: Vec<_> = Deviation::ALL
        .into_iter()
        .filter(|deviation| !is_found_out(*deviation))
        .collect();
    assert!(not_found.is_empty(), "{not_found:?}");
}

/// By the name of a promise the steps after which it is not kept, and by the name of what has to occur the steps to it.
struct Findings(HashMap<&'static str, Vec<Action>>);

fn assert_holds(size: [u8; 3]) {
    let Findings(steps) = search(size, None);
    for promise in [RIGHT, DECIDED] {
        assert!(!steps.contains_key(promise), "not {promise}: {:#?}", steps[promise]);
    }
    for occurring in OCCURRING {
        assert!(steps.contains_key(occurring), "there was never {occurring}");
    }
}

fn is_found_out(deviation: Deviation) -> bool {
    let (size, broken_promise) = match deviation {
        NeverAsksForForgottenFacts => ([1, 0, 0], DECIDED),
        UsesIdsAgain => ([1, 4, 1], RIGHT),
        MovesTheMarkAfterMemory
        | SeesNoFork
        | SeesOnlyShorterLogs
        | MixesInFactsOfAnotherHistory
        | OldPrimaryAnswers => ([2, 2, 1], RIGHT),
        _ => ([2, 2, 0], RIGHT),
    };
    let Findings(steps) = search(size, Some(deviation));
    let steps = steps.get(broken_promise);
    println!("    {broken_promise} no more: {steps:?}");
    steps.is_some()
}

/// Visits every state, or those up to the first in which a promise is broken.
fn search(size: [u8; 3], deviation: Option<Deviation>) -> Findings {
    let start = Instant::now();
    let [checks, commits, failovers] = size;
    let gate = Gate::new(
        Size {
            checks: checks.into(),
            commits,
            failovers,
        },
        Protocol { deviation },
    );
    let checker = gate.checker().finish_when(HasDiscoveries::AnyFailures);
    let checker = checker.spawn_bfs().join();
    let (states, seconds) = (checker.unique_state_count(), start.elapsed().as_secs_f32());
    let deviation = deviation.map_or("the protocol".to_owned(), |deviation| format!("{deviation:?}"));
    println!("{size:?} {deviation}: {states} states in {seconds:.1} s");
    let findings = checker.discoveries().into_iter();
    Findings(findings.map(|(name, path)| (name, path.into_actions())).collect())
}
