//! A node whose answers are what was committed when it was asked, and wait until they are let go.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::signature::{Ed25519KeyPair, KeyPair};
use tokio::sync::Semaphore;

use super::*;
use crate::wire::FeedAnswer;

#[derive(Clone)]
struct ScriptedNode(Arc<Script>);

struct Script {
    key: Ed25519KeyPair,
    /// The position of the log's end, and of the last event that gave or took the right.
    log: Mutex<(i64, i64)>,
    is_open: AtomicBool,
    is_away: AtomicBool,
    signs_wrongly: AtomicBool,
    may_answer: Semaphore,
    fed: AtomicU64,
    verified: AtomicU64,
    reported: Mutex<Vec<CountedChecks>>,
}

fn node_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn place(position: i64) -> String {
    format!("{position}.e{position}")
}

impl ScriptedNode {
    fn new() -> Self {
        Self(Arc::new(Script {
            key: Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap(),
            log: Mutex::new((1, 1)),
            is_open: AtomicBool::new(true),
            is_away: AtomicBool::new(false),
            signs_wrongly: AtomicBool::new(false),
            may_answer: Semaphore::new(1_000_000),
            fed: AtomicU64::new(0),
            verified: AtomicU64::new(0),
            reported: Mutex::default(),
        }))
    }

    /// Gives or takes the right; it is acknowledged when this returns.
    fn set_open(&self, is_open: bool) {
        let mut log = self.0.log.lock().unwrap();
        self.0.is_open.store(is_open, Ordering::SeqCst);
        *log = (log.0 + 1, log.0 + 1);
    }

    /// Something else is committed.
    fn commit_something(&self) {
        self.0.log.lock().unwrap().0 += 1;
    }

    fn set(&self, flag: impl Fn(&Script) -> &AtomicBool, value: bool) {
        flag(&self.0).store(value, Ordering::SeqCst);
    }

    fn answered(&self) -> Result<(), GateError> {
        match self.0.is_away.load(Ordering::SeqCst) {
            true => Err(GateError::Refused(503)),
            false => Ok(()),
        }
    }

    fn what_happened(&self, after: Option<i64>) -> (i64, bool) {
        let (end, changed) = *self.0.log.lock().unwrap();
        (end, after.is_none_or(|after| changed > after))
    }
}

impl Node for ScriptedNode {
    async fn verify(&self, _: &Check) -> Result<VerifyAnswer, GateError> {
        self.answered()?;
        self.0.verified.fetch_add(1, Ordering::SeqCst);
        let log = self.0.log.lock().unwrap();
        let allowed = self.0.is_open.load(Ordering::SeqCst);
        Ok(VerifyAnswer {
            allowed,
            reason: if allowed { "ok" } else { "app_suspended" }.to_owned(),
            token_id: Some("t".to_owned()),
            app_id: Some("a".to_owned()),
            group_id: Some("g".to_owned()),
            as_of: Some(place(log.0)),
            generation: Some(1),
            good_until: Some(node_time() + chrono::TimeDelta::hours(1)),
        })
    }

    async fn feed(&self, after: Option<&str>, wait: u64) -> Result<FeedAnswer, GateError> {
        self.answered()?;
        self.0.fed.fetch_add(1, Ordering::SeqCst);
        let position = after.map(|after| after.split('.').next().unwrap().parse().unwrap());
        let mut happened = self.what_happened(position);
        for _ in 0..wait * 4 {
            if happened.1 {
                break;
            }
            sleep(Duration::from_millis(250)).await;
            happened = self.what_happened(position);
        }
        self.0.may_answer.acquire().await.unwrap().forget();
        let (end, evicts) = happened;
        let applications = evicts.then(|| "a".to_owned()).into_iter().collect();
        let mut answer = FeedAnswer {
            from: after.map(str::to_owned),
            to: place(end),
            evict: BTreeMap::from([("applications".to_owned(), applications)]),
            all: after.is_none(),
            generation: 1,
            at: node_time(),
            signature: String::new(),
        };
        answer.signature = URL_SAFE_NO_PAD.encode(self.0.key.sign(answer.signed().as_bytes()));
        if self.0.signs_wrongly.load(Ordering::SeqCst) {
            answer.evict.clear();
            answer.to = place(end + 1);
        }
        Ok(answer)
    }

    async fn feed_key(&self) -> Result<FeedKey, GateError> {
        let x = URL_SAFE_NO_PAD.encode(self.0.key.public_key().as_ref());
        Ok(FeedKey { x })
    }

    async fn report(&self, counted: &[CountedChecks]) -> Result<(), GateError> {
        self.answered()?;
        self.0.reported.lock().unwrap().extend_from_slice(counted);
        Ok(())
    }
}

async fn started(node: &ScriptedNode, freshness: Freshness) -> Arc<Gate<ScriptedNode>> {
    let settings = Settings {
        freshness,
        report_every: None,
        ..Settings::default()
    };
    Arc::new(Gate::start(node.clone(), settings).await.unwrap())
}

async fn allowed(gate: &Gate<ScriptedNode>) -> Result<bool, GateError> {
    Ok(gate.check("token", "e1", "read").await?.allowed)
}

/// Checks until the answer is held.
async fn warm(gate: &Gate<ScriptedNode>) {
    while gate.counters().held == 0 {
        allowed(gate).await.unwrap();
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_check_that_begins_after_a_change_is_never_answered_by_a_call_sent_before_it() {
    let node = ScriptedNode::new();
    let gate = started(&node, Freshness::Guaranteed).await;
    for is_open in [false, true, false, true] {
        warm(&gate).await;
        // A call of the feed is under way.
        node.0.may_answer.forget_permits(1_000_000);
        let fed = node.0.fed.load(Ordering::SeqCst);
        let before = tokio::spawn({
            let gate = gate.clone();
            async move { allowed(&gate).await }
        });
        while node.0.fed.load(Ordering::SeqCst) == fed {
            tokio::task::yield_now().await;
        }
        node.set_open(is_open);
        let after = tokio::spawn({
            let gate = gate.clone();
            async move { allowed(&gate).await }
        });
        tokio::task::yield_now().await;
        node.0.may_answer.add_permits(1);
        before.await.unwrap().unwrap();
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(!after.is_finished(), "it has to wait for the next call");
        node.0.may_answer.add_permits(1_000_000);
        assert_eq!(after.await.unwrap().unwrap(), is_open);
    }
}

#[tokio::test]
async fn all_checks_that_wait_share_a_call_and_what_is_held_is_not_asked_again() {
    let node = ScriptedNode::new();
    let gate = started(&node, Freshness::Guaranteed).await;
    warm(&gate).await;
    let (fed, verified) = (
        node.0.fed.load(Ordering::SeqCst),
        node.0.verified.load(Ordering::SeqCst),
    );
    let checks: Vec<_> = (0..200)
        .map(|_| {
            let gate = gate.clone();
            tokio::spawn(async move { allowed(&gate).await.unwrap() })
        })
        .collect();
    for check in checks {
        assert!(check.await.unwrap());
    }
    assert!(node.0.fed.load(Ordering::SeqCst) - fed < 10);
    assert_eq!(node.0.verified.load(Ordering::SeqCst), verified);
    assert!(gate.counters().from_memory >= 200);
}

#[tokio::test]
async fn nothing_is_answered_while_the_node_cannot_be_reached_or_is_another() {
    let node = ScriptedNode::new();
    let gate = started(&node, Freshness::Guaranteed).await;
    warm(&gate).await;
    node.set(|script| &script.is_away, true);
    assert!(allowed(&gate).await.is_err());
    node.set(|script| &script.is_away, false);
    assert!(allowed(&gate).await.unwrap());
    node.set(|script| &script.signs_wrongly, true);
    assert!(matches!(allowed(&gate).await, Err(GateError::Untrusted(_))));
    assert_eq!(gate.counters().held, 0);
    node.set(|script| &script.signs_wrongly, false);
    assert!(allowed(&gate).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_for_a_node_that_says_nothing() {
    let node = ScriptedNode::new();
    let gate = started(&node, Freshness::Guaranteed).await;
    warm(&gate).await;
    node.0.may_answer.forget_permits(1_000_000);
    assert!(matches!(allowed(&gate).await, Err(GateError::Late)));
}

#[tokio::test(start_paused = true)]
async fn an_answer_within_a_bound_is_never_older_than_that() {
    let node = ScriptedNode::new();
    let bound = Duration::from_secs(6);
    let gate = started(&node, Freshness::Bounded(bound)).await;
    while gate.counters().held == 0 {
        assert!(allowed(&gate).await.unwrap());
        sleep(Duration::from_millis(10)).await;
    }
    // It is told at once.
    node.set_open(false);
    sleep(Duration::from_millis(300)).await;
    assert!(!allowed(&gate).await.unwrap());
    node.set_open(true);
    while !allowed(&gate).await.unwrap() || gate.counters().held == 0 {
        sleep(Duration::from_millis(10)).await;
    }
    // It is not told, because no answer leaves the node for a while, and then one from before.
    node.0.may_answer.forget_permits(1_000_000);
    let fed = node.0.fed.load(Ordering::SeqCst);
    while node.0.fed.load(Ordering::SeqCst) == fed {
        sleep(Duration::from_millis(10)).await;
    }
    sleep(Duration::from_millis(2_100)).await;
    node.set_open(false);
    let revoked = tokio::time::Instant::now();
    sleep(Duration::from_millis(3_000)).await;
    node.0.may_answer.add_permits(1);
    while allowed(&gate).await.unwrap() {
        sleep(Duration::from_millis(10)).await;
        assert!(revoked.elapsed() <= bound);
    }
    // Whoever cannot be asked either is refused.
    node.set(|script| &script.is_away, true);
    assert!(allowed(&gate).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn within_a_bound_nothing_is_asked_for_what_is_held_although_others_change() {
    let node = ScriptedNode::new();
    let gate = started(&node, Freshness::Bounded(Duration::from_secs(4))).await;
    while gate.counters().held == 0 {
        allowed(&gate).await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
    let (verified, before) = (node.0.verified.load(Ordering::SeqCst), gate.counters().from_memory);
    for _ in 0..1_000 {
        node.commit_something();
        sleep(Duration::from_millis(10)).await;
        assert!(allowed(&gate).await.unwrap());
    }
    assert_eq!(node.0.verified.load(Ordering::SeqCst), verified);
    assert_eq!(gate.counters().from_memory - before, 1_000);
}

#[tokio::test]
async fn what_was_answered_from_memory_is_reported_once_and_again_if_it_was_not_heard() {
    let node = ScriptedNode::new();
    let gate = started(&node, Freshness::Guaranteed).await;
    warm(&gate).await;
    let before = gate.counters().from_memory;
    for _ in 0..3 {
        allowed(&gate).await.unwrap();
    }
    node.set(|script| &script.is_away, true);
    assert!(gate.report().await.is_err());
    node.set(|script| &script.is_away, false);
    for _ in 0..2 {
        gate.report().await.unwrap();
    }
    let expected = CountedChecks {
        app_id: "a".to_owned(),
        entity: Some("e1".to_owned()),
        access: Some("read".to_owned()),
        reason: "ok".to_owned(),
        count: before + 3,
    };
    assert_eq!(*node.0.reported.lock().unwrap(), [expected]);
}
