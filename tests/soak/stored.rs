//! An application as its client knows it from what was acknowledged, and a look at whether everybody knows it so.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::bad_days::installation::word;
use crate::support::{Person, app_at, id};

/// An application of a client's own: nobody else changes it.
pub struct Acknowledged {
    /// As the last answer about it showed it.
    pub view: Json,
    /// How often each of its events was acknowledged.
    pub events: BTreeMap<&'static str, usize>,
    /// The id of its client secret, and an access token that was issued for it.
    pub opener: Option<(String, String)>,
    /// Whether the token has to pass.
    pub is_open: bool,
    /// Whether it was changed since somebody looked.
    pub is_new: bool,
}

impl Acknowledged {
    /// What was just created.
    pub fn created(mut view: Json, events: &[&'static str]) -> Self {
        // Shown once.
        view.as_object_mut().unwrap().remove("verification");
        Self {
            view,
            events: events.iter().map(|event| (*event, 1)).collect(),
            opener: None,
            is_open: false,
            is_new: true,
        }
    }

    pub fn at(&self, rest: &str) -> String {
        app_at(&self.view, rest)
    }

    /// Where operators find its client secrets.
    pub fn secrets(&self) -> String {
        format!("/operator/api/v1/integration-apps/{}/client-secrets", id(&self.view))
    }

    pub fn is(&self, status: &str) -> bool {
        self.view["status"] == status
    }

    pub fn is_aiq_integrate(&self) -> bool {
        self.view["integration_type"] == "aiq_integrate"
    }

    /// Whether it has the entity that the gate is asked for.
    pub fn has_first_entity(&self) -> bool {
        let entities = self.view["entities"].as_array().unwrap();
        entities.iter().any(|entity| entity["id"] == "e1")
    }

    /// A change was acknowledged.
    pub fn confirmation(&mut self, event: &'static str) {
        *self.events.entry(event).or_default() += 1;
        self.is_new = true;
    }

    /// A node knows it as it was acknowledged: each change, once, and nothing else.
    pub async fn is_known_to(&self, pam: &Person, operator: &Person) {
        let there = pam.get(&self.at("")).await.expect(200).json();
        let but_for_its_version = |view: &Json| {
            let mut view = view.clone();
            view.as_object_mut().unwrap().remove("version");
            view
        };
        assert_eq!(
            but_for_its_version(&there),
            but_for_its_version(&self.view),
            "at {}",
            pam.base_url
        );
        let events = pam.get(&self.at("/events?limit=200")).await.expect(200);
        let mut counted = BTreeMap::new();
        for event in events.all("event") {
            *counted.entry(event).or_default() += 1;
        }
        let acknowledged: BTreeMap<_, usize> = self
            .events
            .iter()
            .map(|(event, times)| ((*event).to_owned(), *times))
            .collect();
        assert_eq!(counted, acknowledged, "at {}: {there}", pam.base_url);
        if self.is_aiq_integrate() {
            let live = operator.get(&self.secrets()).await.expect(200).json();
            let live: Vec<_> = live["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| word(one, "id"))
                .collect();
            let expected = match self.is("revoked") {
                true => live.clone(),
                false => self.opener.iter().map(|(secret, _)| secret.clone()).collect(),
            };
            assert_eq!(live, expected, "at {}: {there}", pam.base_url);
        }
    }
}
