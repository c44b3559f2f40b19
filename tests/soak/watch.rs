//! Somebody who watches one node without a pause, as a gateway, a load balancer and a customer do: whether a token passes
//! that has to, whether `/readyz` says that commands can be carried out, and whether they can.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::gate::{Verdict, ask};
use super::observations::Seen;
use crate::bad_days::installation::{Customer, client, sent};
use crate::support::{Person, app_at};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// A command without an answer until then counts as one that cannot be carried out.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How long `/readyz` may take to notice. It tries once a second, and gives a try most of a second; the rest is for a
/// machine that is busy with other things.
const NOTICING: Duration = Duration::from_secs(3);

/// A watch over one node, under way.
pub struct Watch {
    node: String,
    go_on: watch::Sender<bool>,
    checks: JoinHandle<Vec<Look>>,
    readiness: JoinHandle<Vec<Look>>,
    commands: JoinHandle<Vec<Look>>,
}

/// Something that was asked, and whether the answer was yes.
#[derive(Clone, Copy, Debug)]
struct Look {
    asked: Instant,
    answered: Instant,
    mark_healthy: bool,
}

/// What was seen of a node.
#[derive(Debug)]
pub struct Report {
    pub node: String,
    /// The longest time for which no check was decided.
    pub gate_away: Duration,
    /// The longest time for which it said that it is not ready.
    pub unready: Duration,
    /// The longest time for which no command was carried out.
    pub commands_away: Duration,
    /// How often `/readyz` said other than what commands did, when it had had the time to notice.
    pub untrue: Vec<String>,
    /// The longest time that `/readyz` took to answer.
    pub slowest_readiness: Duration,
}

impl Watch {
    /// Watches a node, with an application that nobody else changes and a token of it.
    pub fn over(node: &str, customer: &Customer, app: &Json, token: &str, seen: &Arc<Seen>) -> Self {
        let (sender, go_on) = watch::channel(true);
        let person = Person {
            base_url: node.to_owned(),
            token: Some(customer.pam.clone()),
            http: client(),
        };
        let (gateway, seen) = (customer.gateway.clone(), seen.clone());
        let (asking, token) = (person.clone(), token.to_owned());
        let gate = move || {
            let (asking, gateway, token, seen) = (asking.clone(), gateway.clone(), token.clone(), seen.clone());
            async move {
                match ask(&asking.http, &asking.base_url, &gateway, &token, true).await {
                    Verdict::Accepted => true,
                    Verdict::Undecided => false,
                    Verdict::Refused(why) => {
                        seen.is_wrong(format!("{why} at {}, to a token that has to pass", asking.base_url));
                        true
                    }
                }
            }
        };
        let readiness = {
            let (http, url) = (person.http.clone(), format!("{node}/readyz"));
            move || {
                let asked = http.get(&url).send();
                async move { asked.await.is_ok_and(|answer| answer.status() == 200) }
            }
        };
        let path = app_at(app, "");
        let commands = move || {
            let (person, path) = (person.clone(), path.clone());
            async move {
                let change = json!({"description": format!("At {:?}.", Instant::now())});
                let answer = sent(&person, Method::PATCH, &path, &change, &[]);
                // Whoever gave up on one command may be in its own way with the next; that is an answer, too.
                matches!(timeout(PATIENCE, answer).await, Ok(Some(answer)) if answer.status.as_u16() < 500)
            }
        };
        Self {
            node: node.to_owned(),
            go_on: sender,
            checks: tokio::spawn(looks(go_on.clone(), gate)),
            readiness: tokio::spawn(looks(go_on.clone(), readiness)),
            commands: tokio::spawn(looks(go_on, commands)),
        }
    }

    /// Ends the watch.
    pub async fn ends(self) -> Report {
        self.go_on.send_replace(false);
        let checks = self.checks.await.unwrap();
        let (readiness, commands) = (self.readiness.await.unwrap(), self.commands.await.unwrap());
        let took = |look: &Look| look.answered - look.asked;
        Report {
            node: self.node,
            gate_away: longest_absence(&checks),
            unready: longest_absence(&readiness),
            commands_away: longest_absence(&commands),
            untrue: untrue(&readiness, &commands),
            slowest_readiness: readiness.iter().map(took).max().unwrap_or_default(),
        }
    }
}

async fn looks<F: Future<Output = bool>>(go_on: watch::Receiver<bool>, look: impl Fn() -> F) -> Vec<Look> {
    let mut looks = Vec::new();
    while *go_on.borrow() {
        let asked = Instant::now();
        let mark_healthy = look().await;
        looks.push(Look {
            asked,
            answered: Instant::now(),
            mark_healthy,
        });
        sleep(PAUSE).await;
    }
    looks
}

/// From a yes to the next one, if there was a no between them.
fn longest_absence(looks: &[Look]) -> Duration {
    let stretches = looks.chunk_by(|one, next| one.mark_healthy == next.mark_healthy);
    let absences = stretches.filter(|stretch| !stretch[0].mark_healthy).map(|stretch| {
        let last = stretch.last().unwrap();
        last.answered - stretch[0].asked
    });
    absences.max().unwrap_or_default()
}

/// Where readiness differed from what commands did for as long as it takes to notice.
fn untrue(readiness: &[Look], commands: &[Look]) -> Vec<String> {
    let mut untrue = Vec::new();
    for stretch in commands.chunk_by(|one, next| one.mark_healthy == next.mark_healthy) {
        let (first, last) = (stretch[0], stretch[stretch.len() - 1]);
        let noticed = first.asked + NOTICING..last.asked;
        let differing = readiness
            .iter()
            .filter(|look| noticed.contains(&look.asked) && look.mark_healthy != first.mark_healthy);
        untrue.extend(differing.map(|look| {
            let after = look.asked - first.asked;
            format!(
                "ready: {}, {after:?} after commands became: {}",
                look.mark_healthy, first.mark_healthy
            )
        }));
    }
    untrue
}

mod tests {
    use super::*;

    fn look(began: Instant, at: u64, mark_healthy: bool) -> Look {
        let asked = began + Duration::from_secs(at);
        Look {
            asked,
            answered: asked + Duration::from_millis(100),
            mark_healthy,
        }
    }

    #[test]
    fn readiness_that_lags_behind_for_too_long_is_untrue() {
        let began = Instant::now();
        let commands: Vec<_> = (0..20).map(|at| look(began, at, at < 10)).collect();
        let ready_until = |end| (0..20).map(|at| look(began, at, at < end)).collect::<Vec<_>>();
        assert_eq!(untrue(&ready_until(10), &commands), Vec::<String>::new());
        assert_eq!(untrue(&ready_until(12), &commands), Vec::<String>::new());
        assert_eq!(untrue(&ready_until(16), &commands).len(), 3);
        assert_eq!(untrue(&ready_until(5), &commands).len(), 4);
        assert_eq!(longest_absence(&commands), Duration::from_millis(9_100));
    }
}
