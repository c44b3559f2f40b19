//! A random history of an application: what happened to it, each call as it came, and what was counted of the calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use gatebook_aggregates::api_permission::Access;
use gatebook_aggregates::gate::{Gate, TokenFacts, Verdict};
use gatebook_aggregates::group::{
    Group, GroupCommand, GroupCommandEnvelope, GroupEvent, GroupPrincipal, Membership, ProductPlan, Role,
};
use gatebook_aggregates::identifiers::{ClientSecretId, DeveloperId, EntityId, GroupId, UserId};
use gatebook_aggregates::integration_app::{
    AppCommand, AppCommandEnvelope, Changes, EntitiesEdit, GroupFacts, IntegrationApp, IntegrationAppEvent, Principal,
};
use gatebook_aggregates::metadata::{ActorType, Metadata};
use gatebook_aggregates::rehearsal::{
    ChangeKind, RecordedCalls, Rehearsed, StoppedKind, kind_of_app_command, kind_of_group_command,
};
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::groups::Groups;
use crate::projection::Projection;
use crate::recorded::Recorded;
use crate::token_gate::{GateFacts, TokenGate};

const APP: &str = "0199b2cc-4d5e-7f60-8172-8d9e0f1a2b3c";
pub(super) const ENTITIES: [&str; 6] = ["berlin", "cork", "dublin", "galway", "london", "paris"];

/// SplitMix64: the same cases on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    fn one_of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    fn some_entities(&mut self) -> BTreeSet<EntityId> {
        ENTITIES.into_iter().filter(|_| self.below(3) > 0).map(entity).collect()
    }
}

pub(super) fn entity(id: &str) -> EntityId {
    EntityId::parse(id).unwrap()
}

fn label(text: &str) -> Label {
    Label::parse("name", text).unwrap()
}

fn plan(code: &str) -> ProductPlan {
    ProductPlan::parse(code).unwrap()
}

fn secret_id(number: u128) -> ClientSecretId {
    ClientSecretId::from_uuid(Uuid::from_u128(number))
}

fn developer_id() -> DeveloperId {
    DeveloperId::from_uuid(Uuid::from_u128(900))
}

/// A call that passed: what it was, and what was counted of it.
pub(super) struct Call {
    pub(super) entity: Option<EntityId>,
    pub(super) access: Option<Access>,
    pub(super) secret: ClientSecretId,
    is_secret_counted: bool,
    at: Timestamp,
}

impl Call {
    pub(super) fn counted_secret(&self) -> Option<ClientSecretId> {
        Some(self.secret).filter(|_| self.is_secret_counted)
    }

    /// What the gate says to the call if it comes with a token for this secret.
    pub(super) fn verdict(&self, facts: &GateFacts, secret: ClientSecretId, now: Timestamp) -> Verdict {
        let token = TokenFacts {
            token_id: Uuid::from_u128(1).into(),
            client_secret_id: secret,
            read: true,
            write: true,
            issued_at: now,
            expires_at: now.plus(TimeDelta::hours(1)),
            is_revoked: false,
        };
        match &self.entity {
            None => facts.check_token(&token, now),
            entity => facts.check(&token, entity.as_ref(), self.access, now),
        }
    }
}

/// An application and its group, with all that happened.
pub(super) struct History {
    random: Random,
    app_events: Vec<IntegrationAppEvent>,
    app: IntegrationApp,
    group_events: Vec<GroupEvent>,
    group: Group,
    secrets: Vec<ClientSecretId>,
    pub(super) calls: Vec<Call>,
    pub(super) now: Timestamp,
}

impl History {
    pub(super) fn new(seed: u64) -> Self {
        use cqrs_es::Aggregate;
        let mut random = Random(seed);
        let permission = random.one_of(&["read", "read_write", "read_write"]);
        let now = Timestamp::parse("2026-09-01T09:00:00.000Z").unwrap();
        let entities = random.some_entities();
        let created = json!({"NewIntegrationCreated": {
            "group_id": "acme", "client_id": "gbc_acme", "name": "Payroll", "description": "Posts journals.",
            "category": "payroll_and_hr", "api_permission": permission, "entities": entities,
        }});
        let registered = json!({"DeveloperRegistered": {
            "email": "dev@example.com", "developer_id": developer_id(), "otp_digest": "d", "otp_expires_at": now,
        }});
        let verified = json!({"DeveloperVerified": {"developer_id": developer_id()}});
        let mut history = Self {
            random,
            app_events: Vec::new(),
            app: IntegrationApp::default(),
            group_events: Vec::new(),
            group: Group::default(),
            secrets: Vec::new(),
            calls: Vec::new(),
            now,
        };
        let (name, product_plan) = (label("Acme"), plan("AIQ3"));
        let events = [GroupEvent::GroupRegistered { name, product_plan }].into_iter();
        let added = ENTITIES.map(|id| GroupEvent::EntityAdded {
            entity_id: entity(id),
            name: label(id),
        });
        for event in events.chain(added) {
            history.group.apply(event.clone());
            history.group_events.push(event);
        }
        for event in [created, registered, verified] {
            history.happened(serde_json::from_value(event).unwrap());
        }
        history.secret_generated();
        for _ in 0..30 {
            history.step();
        }
        // Half of them run when the change comes, and half have two client secrets.
        if history.random.below(2) == 0 {
            history.ask_app(AppCommand::Resume { reason: None });
        }
        if history.random.below(2) == 0 {
            history.secret_generated();
            let facts = history.facts();
            (0..8).for_each(|_| history.call(&facts));
        }
        history
    }

    pub(super) fn happened(&mut self, event: IntegrationAppEvent) {
        use cqrs_es::Aggregate;
        self.app.apply(event.clone());
        self.app_events.push(event);
    }

    pub(super) fn secret_generated(&mut self) {
        let id = secret_id(1_000 + self.secrets.len() as u128);
        let live = self.app.created().unwrap().client_secrets.iter();
        let live: Vec<_> = live.filter(|secret| secret.is_live(self.now)).collect();
        if live.len() >= 2 {
            return;
        }
        let ends_at = self.now.plus(TimeDelta::hours(self.random.below(200) as i64));
        let previous = live
            .last()
            .map(|previous| json!({"client_secret_id": previous.id, "ends_at": ends_at}));
        let generated = json!({"ClientSecretGenerated": {
            "client_secret_id": id, "prefix": "gbs_1", "secret_digest": "d", "created_at": self.now, "previous": previous,
        }});
        self.happened(serde_json::from_value(generated).unwrap());
        self.secrets.push(id);
    }

    pub(super) fn step(&mut self) {
        self.now = self
            .now
            .plus(TimeDelta::minutes(1 + self.random.below(3 * 24 * 60) as i64));
        let entity_id = entity(self.random.one_of(&ENTITIES));
        match self.random.below(20) {
            0 => {
                let entities = self.random.some_entities();
                self.ask_app(AppCommand::ChangeDetails(edit(entities)));
            }
            1 | 2 => self.secret_generated(),
            3 => self.ask_app(AppCommand::Suspend { reason: None }),
            4 | 5 => self.ask_app(AppCommand::Resume { reason: None }),
            6 => self.ask_group(GroupCommand::RemoveEntity { entity_id }),
            7 => {
                let name = label(entity_id.as_str());
                self.ask_group(GroupCommand::PutEntity { entity_id, name });
            }
            8 if self.secrets.len() > 1 => {
                let client_secret_id = self.random.one_of(&self.secrets.clone());
                self.ask_app(AppCommand::RetireClientSecret { client_secret_id });
            }
            _ => {
                let facts = self.facts();
                for _ in 0..=self.random.below(4) {
                    self.call(&facts);
                }
            }
        }
    }

    /// Somebody calls. Only what passes is counted as allowed.
    pub(super) fn call(&mut self, facts: &GateFacts) {
        let is_introspection = self.random.below(6) == 0;
        let call = Call {
            entity: (!is_introspection).then(|| entity(self.random.one_of(&ENTITIES))),
            access: (!is_introspection).then(|| self.random.one_of(&[Access::Read, Access::Read, Access::Write])),
            secret: self.random.one_of(&self.secrets),
            is_secret_counted: self.random.below(5) > 0,
            at: self.now,
        };
        if call.verdict(facts, call.secret, self.now) == Verdict::Ok {
            self.calls.push(call);
        }
    }

    /// The facts, folded from all that happened.
    pub(super) fn facts(&self) -> GateFacts {
        let app = recorded(APP, &self.app_events).iter().fold(None, TokenGate::fold);
        let group = recorded("acme", &self.group_events).iter().fold(None, Groups::fold);
        GateFacts::of_new_token(Arc::new(app.unwrap()), &group.unwrap().customer)
    }

    /// What was counted.
    pub(super) fn counts(&self) -> Vec<RecordedCalls> {
        let mut counts: BTreeMap<_, RecordedCalls> = BTreeMap::new();
        for call in &self.calls {
            let key = (
                call.entity.clone(),
                call.access.map(<&str>::from),
                call.counted_secret(),
            );
            let counted = counts.entry(key).or_insert_with(|| RecordedCalls {
                entity: call.entity.clone(),
                access: call.access,
                client_secret_id: call.counted_secret(),
                allowed: 0,
                last_at: call.at,
            });
            counted.allowed += 1;
            counted.last_at = counted.last_at.max(call.at);
        }
        counts.into_values().collect()
    }

    pub(super) fn decide_app(&self, command: AppCommand) -> Option<Vec<IntegrationAppEvent>> {
        let by = match command {
            AppCommand::RetireClientSecret { .. } => Principal::Developer {
                id: developer_id(),
                email: gatebook_aggregates::email_address::EmailAddress::parse("email", "dev@example.com").unwrap(),
            },
            _ => Principal::GroupUser(Membership {
                group_id: GroupId::parse("acme").unwrap(),
                user_id: UserId::parse("ada").unwrap(),
                role: Role::PracticeAdmin,
                permissions: BTreeSet::new(),
            }),
        };
        let customer = self.group.registered().unwrap();
        let envelope = AppCommandEnvelope {
            at: self.now,
            by,
            group: GroupFacts {
                id: GroupId::parse("acme").unwrap(),
                product_plan: customer.product_plan.clone(),
                entities: customer.entities.keys().cloned().collect(),
            },
            command,
        };
        self.app.decide(envelope).ok()
    }

    pub(super) fn decide_group(&self, command: GroupCommand) -> Option<Vec<GroupEvent>> {
        let by = GroupPrincipal::Operator;
        self.group.decide(GroupCommandEnvelope { by, command }).ok()
    }

    /// What is refused does not happen.
    pub(super) fn ask_app(&mut self, command: AppCommand) {
        let events = self.decide_app(command).unwrap_or_default();
        events.into_iter().for_each(|event| self.happened(event));
    }

    pub(super) fn ask_group(&mut self, command: GroupCommand) {
        use cqrs_es::Aggregate;
        for event in self.decide_group(command).unwrap_or_default() {
            self.group.apply(event.clone());
            self.group_events.push(event);
        }
    }

    /// A change that is granted: what the facts would be, and then it happens.
    pub(super) fn rehearse_and_do(&mut self, before: &GateFacts) -> (ChangeKind, GateFacts, GateFacts) {
        loop {
            let entity_id = entity(self.random.one_of(&ENTITIES));
            let command = match self.random.below(8) {
                0 | 1 => AppCommand::ChangeDetails(edit(self.random.some_entities())),
                2 => AppCommand::Suspend { reason: None },
                3 => AppCommand::Revoke { reason: None },
                4 => AppCommand::RetireClientSecret {
                    client_secret_id: self.random.one_of(&self.secrets.clone()),
                },
                5 => AppCommand::RevokeDeveloperAccess {
                    retire_client_secrets: self.random.below(3) > 0,
                },
                6 => {
                    let commands = [
                        GroupCommand::RemoveEntity { entity_id },
                        GroupCommand::Describe {
                            name: label("Acme"),
                            product_plan: plan(self.random.one_of(&["AIQ1", "AIQ3"])),
                        },
                    ];
                    let command = self.random.one_of(&commands);
                    let Some(events) = self.decide_group(command.clone()) else {
                        continue;
                    };
                    let kind = kind_of_group_command(&command).unwrap();
                    let mut customer = self.group.registered().unwrap().clone();
                    events.iter().for_each(|event| customer.record(event.subject()));
                    let predicted = before.in_group(&customer);
                    self.ask_group(command);
                    return (kind, predicted, self.facts());
                }
                _ => {
                    // Nothing happens that could be folded: a permission never changes.
                    return (
                        ChangeKind::NarrowPermission,
                        before.reading_only(),
                        before.reading_only(),
                    );
                }
            };
            let Some(events) = self.decide_app(command.clone()) else {
                continue;
            };
            let (kind, predicted) = (kind_of_app_command(&command).unwrap(), before.after(&events));
            self.ask_app(command);
            return (kind, predicted, self.facts());
        }
    }

    /// What has really become of the calls, one by one.
    pub(super) fn truth(&self, before: &GateFacts, after: &GateFacts) -> Rehearsed {
        let mut truth = Rehearsed::default();
        for call in &self.calls {
            let live: Vec<_> = before
                .app
                .client_secrets
                .iter()
                .filter(|one| one.is_live(self.now))
                .collect();
            let is_known = call.is_secret_counted && live.iter().any(|one| one.id == call.secret);
            let secrets: Vec<_> = match is_known {
                true => vec![call.secret],
                false => live.iter().map(|one| one.id).collect(),
            };
            let passed = |secret: &ClientSecretId| call.verdict(before, *secret, self.now) == Verdict::Ok;
            let pass: Vec<_> = secrets.into_iter().filter(passed).collect();
            let verdicts: Vec<_> = pass
                .iter()
                .map(|secret| call.verdict(after, *secret, self.now))
                .collect();
            let refused: Vec<_> = verdicts.iter().filter(|verdict| **verdict != Verdict::Ok).collect();
            let opens_less = ENTITIES
                .map(entity)
                .iter()
                .any(|id| before.opens_entity(id) && !after.opens_entity(id))
                || before.api_permission() != after.api_permission();
            let sum = if pass.is_empty() {
                &mut truth.stopped_already
            } else if refused.is_empty() && (call.entity.is_some() || !opens_less) {
                &mut truth.unaffected
            } else if refused.len() == verdicts.len() {
                let kind = StoppedKind {
                    entity: call.entity.clone(),
                    access: call.access,
                    verdict: *refused[0],
                };
                truth.stopped.entry(kind).or_default()
            } else if refused.is_empty() {
                &mut truth.without_entity
            } else {
                &mut truth.without_secret
            };
            sum.add(1, call.at);
        }
        truth
    }
}

fn edit(entities: BTreeSet<EntityId>) -> Changes {
    Changes {
        entities: Some(EntitiesEdit::All(entities)),
        ..Changes::default()
    }
}

fn recorded<E: Clone>(id: &str, events: &[E]) -> Vec<Recorded<E>> {
    let recorded = (1..).zip(events).map(|(sequence, event)| Recorded {
        position: sequence,
        sequence,
        recorded_at: Timestamp::parse("2026-09-01T09:00:00.000Z").unwrap(),
        aggregate_id: id.to_owned(),
        metadata: Metadata {
            actor_type: ActorType::System,
            actor_id: String::new(),
            actor_name: String::new().into(),
            ip_address: String::new().into(),
            request_id: String::new(),
            app_name: String::new(),
        },
        event: event.clone(),
    });
    recorded.collect()
}
