//! Memory is moved from answer to answer of the feed, and asked what it still holds.

use std::collections::BTreeMap;

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

fn place(position: i64) -> String {
    format!("{position}.e{position}")
}

fn feed(from: Option<i64>, to: i64, evict: &[(&str, &str)]) -> FeedAnswer {
    let mut evicted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for key in ["applications", "groups", "installations", "tokens"] {
        evicted.insert(key.to_owned(), Vec::new());
    }
    for (key, id) in evict {
        evicted.entry((*key).to_owned()).or_default().push((*id).to_owned());
    }
    FeedAnswer {
        from: from.map(place),
        to: place(to),
        evict: evicted,
        all: from.is_none(),
        generation: 4,
        at: at(0),
        signature: String::new(),
    }
}

fn check(token: &str) -> Check {
    Check {
        token: token.to_owned(),
        entity: "e1".to_owned(),
        access: "read".to_owned(),
    }
}

/// The answer about a token `<application>-<number>`, true at a position.
fn answer(token: &str, position: i64) -> VerifyAnswer {
    let app = token.split('-').next().unwrap();
    VerifyAnswer {
        allowed: true,
        reason: "ok".to_owned(),
        token_id: Some(token.to_owned()),
        app_id: Some(app.to_owned()),
        group_id: Some(format!("group of {app}")),
        as_of: Some(place(position)),
        generation: Some(4),
        good_until: Some(at(60)),
    }
}

const TOKENS: [&str; 3] = ["a-1", "a-2", "b-1"];

/// A memory at position 5 that holds answers about three tokens of two applications.
fn filled() -> Memory {
    let mut memory = Memory::new(10);
    memory.apply(&feed(None, 5, &[]), Moment::now()).unwrap();
    for token in TOKENS {
        assert!(!memory.keep(check(token), answer(token, 5)));
    }
    assert_eq!(held(&memory), TOKENS);
    memory
}

fn held(memory: &Memory) -> Vec<&'static str> {
    let is_held = |token: &&str| memory.find(&check(token)).is_some();
    TOKENS.into_iter().filter(is_held).collect()
}

#[test]
fn what_is_named_is_dropped_and_nothing_else() {
    for (evict, left) in [
        (("applications", "a"), &["b-1"][..]),
        (("groups", "group of b"), &["a-1", "a-2"]),
        (("tokens", "a-2"), &["a-1", "b-1"]),
        (("tokens", "of somebody else"), &TOKENS),
    ] {
        let mut memory = filled();
        memory.apply(&feed(Some(5), 7, &[evict]), Moment::now()).unwrap();
        assert_eq!(held(&memory), left, "{evict:?}");
        assert_eq!(memory.mark().unwrap().place, place(7));
    }
}

#[test]
fn everything_is_dropped_when_all_is_said_or_something_is_not_understood() {
    let all = FeedAnswer {
        all: true,
        ..feed(Some(5), 6, &[])
    };
    let rebuilt = FeedAnswer {
        generation: 5,
        ..feed(Some(5), 5, &[])
    };
    let unknown = feed(Some(5), 6, &[("publishers", "p")]);
    let installation = feed(Some(5), 6, &[("installations", "i")]);
    for feed in [all, rebuilt, unknown, installation] {
        let mut memory = filled();
        memory.apply(&feed, Moment::now()).unwrap();
        assert!(held(&memory).is_empty(), "{feed:?}");
    }
    // A kind that there may be one day, and of which nothing is dropped.
    let mut later = feed(Some(5), 6, &[]);
    later.evict.insert("publishers".to_owned(), Vec::new());
    let mut memory = filled();
    memory.apply(&later, Moment::now()).unwrap();
    assert_eq!(held(&memory), TOKENS);
}

#[test]
fn the_answer_to_another_question_is_not_used_and_everything_is_dropped() {
    let mut memory = filled();
    assert!(memory.apply(&feed(Some(4), 6, &[]), Moment::now()).is_err());
    assert!(held(&memory).is_empty() && memory.mark().is_none());
}

#[test]
fn an_answer_is_kept_only_at_the_mark_that_it_is_true_at() {
    let mut memory = filled();
    let other_history = VerifyAnswer {
        as_of: Some("5.other".to_owned()),
        ..answer("c-1", 5)
    };
    let rebuilt = VerifyAnswer {
        generation: Some(5),
        ..answer("c-1", 5)
    };
    let not_to_be_kept = VerifyAnswer {
        as_of: None,
        ..answer("c-1", 5)
    };
    for other in [answer("c-1", 4), other_history, rebuilt, not_to_be_kept] {
        memory.keep(check("c-1"), other);
        assert!(!memory.has(&check("c-1")));
    }
    // One that is ahead is taken up when the feed comes to exactly there.
    assert!(memory.keep(check("c-1"), answer("c-1", 7)));
    assert!(memory.keep(check("c-2"), answer("c-2", 8)));
    memory
        .apply(&feed(Some(5), 7, &[("applications", "c")]), Moment::now())
        .unwrap();
    assert!(memory.has(&check("c-1")) && !memory.has(&check("c-2")));
    memory.apply(&feed(Some(7), 9, &[]), Moment::now()).unwrap();
    assert!(!memory.has(&check("c-2")));
}

#[test]
fn an_answer_ends_by_the_time_of_the_node() {
    let mut memory = filled();
    for (seconds, is_held) in [(59, true), (60, false)] {
        let later = FeedAnswer {
            at: at(seconds),
            ..feed(Some(5), 5, &[])
        };
        memory.apply(&later, Moment::now()).unwrap();
        assert_eq!(memory.find(&check("a-1")).is_some(), is_held);
    }
}

#[tokio::test(start_paused = true)]
async fn within_a_bound_an_answer_is_as_old_as_the_call_that_confirmed_it() {
    let memory = filled();
    let find = |bound| memory.find_within(&check("a-1"), Duration::from_secs(bound));
    tokio::time::advance(Duration::from_millis(1_999)).await;
    assert!(find(2).is_some());
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(find(2).is_none());
    // Nor does it outlive its token, by as much time as may have passed at the node.
    tokio::time::advance(Duration::from_secs(57)).await;
    assert!(find(1_000).is_some());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(find(1_000).is_none());
}

#[test]
fn no_more_is_held_than_may_be() {
    let mut memory = filled();
    for number in 0..100 {
        let token = format!("c-{number}");
        memory.keep(check(&token), answer(&token, 5));
        assert!(memory.len() <= 10);
        memory.keep(check(&token), answer(&token, 6));
    }
    memory.apply(&feed(Some(5), 6, &[]), Moment::now()).unwrap();
    assert!(memory.len() <= 10);
}
