//! A client that commands and checks without a pause, whatever happens to the nodes: what is not acknowledged it sends
//! again with the same `Idempotency-Key`, and what was acknowledged it remembers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value as Json, json};
use tokio::sync::watch;

use super::gate::{Verdict, ask};
use super::observations::Seen;
use super::stored::Acknowledged;
use crate::bad_days::installation::{Customer, sent, word};
use crate::support::{APPS, Answer, Person, World, described};

/// How long a client tries; no outage lasts as long.
const PATIENCE: Duration = Duration::from_secs(180);
/// The pause before it tries again.
const PAUSE: Duration = Duration::from_millis(20);
/// A gateway does not wait longer for an answer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How many acknowledged commands it repeats when it looks back.
const REPEATS: usize = 40;
/// How many of the tokens that must not pass it tries then.
const DEAD_TOKENS: usize = 40;

pub struct Client {
    name: String,
    random: StdRng,
    /// Where nodes listen, whether or not they do at the moment.
    nodes: Vec<String>,
    customer: Customer,
    seen: Arc<Seen>,
    http: reqwest::Client,
    apps: Vec<Acknowledged>,
    /// Tokens that must never pass again.
    dead: Vec<String>,
    /// What was acknowledged since it looked back.
    acknowledged: Vec<(Command, Answer)>,
    commands: usize,
}

/// A command as it goes over the wire.
#[derive(Clone, Debug)]
struct Command {
    by: String,
    method: Method,
    path: String,
    body: Json,
    key: String,
}

impl Client {
    pub fn new(number: u64, seed: u64, nodes: &[String], customer: &Customer, seen: &Arc<Seen>) -> Self {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            name: format!("client {number}"),
            random: StdRng::seed_from_u64(seed.wrapping_add(number)),
            nodes: nodes.to_vec(),
            customer: customer.clone(),
            seen: seen.clone(),
            http,
            apps: Vec::new(),
            dead: Vec::new(),
            acknowledged: Vec::new(),
            commands: 0,
        }
    }

    /// Works until it is told to end, and ends with everything acknowledged.
    pub async fn works(mut self, go_on: watch::Receiver<bool>) -> Self {
        while *go_on.borrow() {
            self.does_something().await;
            self.tries_a_dead_token().await;
        }
        self
    }

    /// What it has created.
    pub fn apps(&self) -> &[Acknowledged] {
        &self.apps
    }

    async fn does_something(&mut self) {
        let open: Vec<_> = (0..self.apps.len())
            .filter(|at| !self.apps[*at].is("revoked"))
            .collect();
        // A few at a time, so that each has a history.
        let Some(at) = open.choose(&mut self.random).copied().filter(|_| open.len() >= 3) else {
            return self.creates().await;
        };
        let randomness = self.random.random_range(0..100);
        let app = &self.apps[at];
        match randomness {
            0..8 => self.ends(at, "revoke", "ApplicationRevoked").await,
            _ if app.is("suspended") => self.resumes(at).await,
            8..30 => self.edits(at).await,
            30..55 => self.ends(at, "suspend", "ApplicationSuspended").await,
            _ if !app.is_aiq_integrate() => self.edits(at).await,
            55..75 => self.changes_entities(at).await,
            75..85 if app.opener.is_some() => self.retires(at).await,
            _ => self.gets_a_secret(at).await,
        }
    }

    async fn creates(&mut self) {
        let name = format!("Bridge {} of {}", self.commands, self.name);
        let (form, events) = match self.random.random_range(0..4) {
            0 => (
                World::new_integration(&name),
                &["NewIntegrationCreated", "DeveloperInvited"][..],
            ),
            _ => (World::aiq_integrate(&name), &["AiqIntegrateCreated"][..]),
        };
        let app = self.command(Method::POST, APPS.to_owned(), form).await;
        self.apps.push(Acknowledged::created(app.expect(201).json(), events));
        let at = self.apps.len() - 1;
        if self.apps[at].is_aiq_integrate() {
            self.gets_a_secret(at).await;
        }
    }

    async fn edits(&mut self, at: usize) {
        let change = json!({"description": format!("What command {} made of it.", self.commands)});
        let path = self.apps[at].at("");
        self.apps[at].view = self.command(Method::PATCH, path, change).await.expect(200).json();
        self.apps[at].confirmation("DescriptionChanged");
    }

    /// Suspends or revokes it.
    async fn ends(&mut self, at: usize, how: &str, event: &'static str) {
        let path = self.apps[at].at(&format!("/{how}"));
        self.apps[at].view = self.command(Method::POST, path, json!({})).await.expect(200).json();
        self.apps[at].confirmation(event);
        self.opens(at, false, event).await;
        if how == "revoke" {
            self.dead
                .extend(self.apps[at].opener.as_ref().map(|(_, token)| token.clone()));
        }
    }

    async fn resumes(&mut self, at: usize) {
        let path = self.apps[at].at("/resume");
        self.apps[at].view = self.command(Method::POST, path, json!({})).await.expect(200).json();
        self.apps[at].confirmation("ApplicationResumed");
        let has_entity = self.apps[at].has_first_entity();
        self.opens(at, has_entity, "ApplicationResumed").await;
    }

    /// Takes the entity away that the gate is asked for, or gives it back.
    async fn changes_entities(&mut self, at: usize) {
        let has_entity = self.apps[at].has_first_entity();
        let entities = if has_entity { json!(["e2"]) } else { json!(["e1", "e2"]) };
        let path = self.apps[at].at("");
        let change = json!({"entities": entities});
        self.apps[at].view = self.command(Method::PATCH, path, change).await.expect(200).json();
        self.apps[at].confirmation("EntitiesChanged");
        self.opens(at, !has_entity, "EntitiesChanged").await;
    }

    /// A new client secret, which ends the one before it at once, and a token for it.
    async fn gets_a_secret(&mut self, at: usize) {
        let path = self.apps[at].secrets();
        let made = self.command(Method::POST, path, json!({"overlap_seconds": 0})).await;
        let made = made.expect(201).json();
        self.apps[at].confirmation("ClientSecretGenerated");
        if self.apps[at].opener.is_some() {
            self.opens(at, false, "ClientSecretGenerated").await;
        }
        self.forgets_token(at);
        let token = self
            .token((word(&made, "client_id"), word(&made, "client_secret")))
            .await;
        self.apps[at].opener = Some((word(&made, "client_secret_id"), token));
        let has_entity = self.apps[at].has_first_entity();
        self.opens(at, has_entity, "ClientSecretGenerated").await;
    }

    async fn retires(&mut self, at: usize) {
        let Some((secret, _)) = &self.apps[at].opener else {
            return;
        };
        let path = format!("{}/{secret}", self.apps[at].secrets());
        self.command(Method::DELETE, path, json!({})).await;
        self.apps[at].confirmation("ClientSecretRetired");
        self.opens(at, false, "ClientSecretRetired").await;
        self.forgets_token(at);
    }

    fn forgets_token(&mut self, at: usize) {
        let ended = self.apps[at].opener.take();
        self.dead.extend(ended.map(|(_, token)| token));
    }

    /// Sends a command until it is acknowledged.
    async fn command(&mut self, method: Method, path: String, body: Json) -> Answer {
        self.commands += 1;
        let by = match path.starts_with("/operator") {
            true => self.customer.operator.clone(),
            false => self.customer.pam.clone(),
        };
        let key = format!("{}:{}", self.name, self.commands).replace(' ', "-");
        let command = Command {
            by,
            method,
            path,
            body,
            key,
        };
        let began = Instant::now();
        let mut repeats = 0;
        let answer = loop {
            match self.tried(&command).await {
                Some(answer) if answer.status.is_success() => break answer,
                // To retire a secret takes no key: the one before has done it.
                Some(answer) if command.method == Method::DELETE && answer.status == 404 && repeats > 0 => {
                    break answer;
                }
                None => {}
                Some(answer) => {
                    // Its own forerunner may still be under way.
                    let is_worth_it =
                        answer.status == 503 || answer.status == 409 && answer.json()["code"] == "conflict";
                    assert!(
                        is_worth_it,
                        "{} {} by {}, sent {repeats} times before: {}",
                        command.method,
                        command.path,
                        command.key,
                        answer.text()
                    );
                }
            }
            repeats += 1;
            assert!(began.elapsed() < PATIENCE, "{command:?} was sent {repeats} times");
            tokio::time::sleep(PAUSE).await;
        };
        self.seen.acknowledge(repeats);
        if command.method != Method::DELETE {
            let again = Answer {
                status: answer.status,
                headers: answer.headers.clone(),
                body: answer.body.clone(),
            };
            self.acknowledged.push((command, again));
        }
        answer
    }

    async fn tried(&mut self, command: &Command) -> Option<Answer> {
        let node = self.a_node();
        let person = self.person(&node, &command.by);
        let key = [("idempotency-key", command.key.as_str())];
        let answer = sent(&person, command.method.clone(), &command.path, &command.body, &key).await?;
        let sent_body = Some(&command.body);
        described::check(
            &command.method,
            &command.path,
            sent_body,
            answer.status.as_u16(),
            &answer.text(),
        );
        Some(answer)
    }

    async fn token(&mut self, (id, secret): (String, String)) -> String {
        let began = Instant::now();
        loop {
            let node = self.a_node();
            let request = self
                .http
                .post(format!("{node}/oauth/token"))
                .basic_auth(&id, Some(&secret))
                .form(&[("grant_type", "client_credentials")]);
            if let Ok(answer) = request.send().await {
                let answer = Answer::read(answer).await;
                match answer.status.as_u16() {
                    200 => return word(&answer.json(), "access_token"),
                    status => assert_eq!(status, 503, "{}", answer.text()),
                }
            }
            assert!(began.elapsed() < PATIENCE, "no token was issued");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// R26: from an acknowledgement on every node decides by it.
    async fn opens(&mut self, at: usize, is_open: bool, because: &str) {
        self.apps[at].is_open = is_open && self.apps[at].is("active");
        self.is_decided_rightly(at, because).await;
    }

    async fn is_decided_rightly(&mut self, at: usize, because: &str) {
        let Some((_, token)) = self.apps[at].opener.clone() else {
            return;
        };
        for node in self.nodes.clone() {
            let verdict = self.gate(&node, &token).await;
            let is_right = match &verdict {
                Verdict::Undecided => true,
                Verdict::Accepted => self.apps[at].is_open,
                Verdict::Refused(_) => !self.apps[at].is_open,
            };
            if !is_right {
                let view = &self.apps[at].view;
                self.seen
                    .is_wrong(format!("{verdict:?} at {node} after {because}: {view}"));
            }
        }
    }

    async fn tries_a_dead_token(&mut self) {
        if let Some(token) = self.dead.choose(&mut self.random).cloned() {
            let node = self.a_node();
            if self.gate(&node, &token).await == Verdict::Accepted {
                self.seen.is_wrong(format!("a dead token passed at {node}"));
            }
        }
    }

    async fn gate(&mut self, node: &str, token: &str) -> Verdict {
        let is_forward_auth = self.random.random_bool(0.5);
        let verdict = ask(&self.http, node, &self.customer.gateway, token, is_forward_auth).await;
        match verdict {
            Verdict::Undecided => self.seen.cannot_decide(),
            Verdict::Accepted | Verdict::Refused(_) => self.seen.decide(),
        }
        verdict
    }

    /// Everything that was acknowledged is there at every node, and repeats are answered like the first time. The nodes
    /// have to serve.
    pub async fn looks_back(&mut self, at_everything: bool) {
        for node in self.nodes.clone() {
            let (pam, operator) = (
                self.person(&node, &self.customer.pam),
                self.person(&node, &self.customer.operator),
            );
            for app in self.apps.iter().filter(|app| at_everything || app.is_new) {
                app.is_known_to(&pam, &operator).await;
            }
            for token in self.some_dead_tokens(at_everything) {
                assert!(
                    matches!(self.gate(&node, &token).await, Verdict::Refused(_)),
                    "at {node}"
                );
            }
        }
        for at in 0..self.apps.len() {
            if at_everything || self.apps[at].is_new {
                self.is_decided_rightly(at, "a look back").await;
                self.apps[at].is_new = false;
            }
        }
        let mut acknowledged = std::mem::take(&mut self.acknowledged);
        acknowledged.shuffle(&mut self.random);
        for (command, first) in acknowledged.iter().take(REPEATS) {
            let again = self
                .tried(command)
                .await
                .unwrap_or_else(|| panic!("no answer to {command:?}"));
            assert_eq!(again.status, first.status, "{command:?}: {}", again.text());
            let (again, mut first) = (again.json(), first.json());
            // A repeat shows no secret and no OTP that has ended meanwhile.
            for shown_once in ["client_secret", "verification"] {
                if again[shown_once].is_null() && first.get(shown_once).is_some() {
                    first[shown_once] = again[shown_once].clone();
                }
            }
            assert_eq!(again, first, "{command:?}");
        }
    }

    fn some_dead_tokens(&mut self, all: bool) -> Vec<String> {
        let count = if all { self.dead.len() } else { DEAD_TOKENS };
        self.dead.choose_multiple(&mut self.random, count).cloned().collect()
    }

    fn a_node(&mut self) -> String {
        self.nodes.choose(&mut self.random).cloned().unwrap_or_default()
    }

    fn person(&self, node: &str, token: &str) -> Person {
        Person {
            base_url: node.to_owned(),
            token: Some(token.to_owned()),
            http: self.http.clone(),
        }
    }
}
