//! Given facts, when a command, then facts: the rules of an application, told with the people of Acme.
//!
//! Here: who asks, and the scene they ask in. The facts are in `given`, the commands in `commands`.

mod always;
mod client_secrets;
mod commands;
mod creating;
mod developer_link;
mod editing;
mod end_date;
mod given;
mod invitation;
mod lifecycle;
mod one_time_password;
mod who_may_ask;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use cqrs_es::Aggregate;
use cqrs_es::test::{AggregateResultValidator, TestFramework};
use uuid::Uuid;

use super::{
    App, AppCommand, AppCommandEnvelope, DeveloperLink, GroupFacts, IntegrationApp, IntegrationAppEvent as Event,
    Principal,
};
use crate::email_address::EmailAddress;
use crate::group::{Membership, Permission, ProductPlan, Role};
use crate::identifiers::{EntityId, GroupId, KeyedDigest, UserId};
use crate::refusal::{FieldProblem, Refusal};
use crate::text::{Description, Reason};
use crate::timestamp::Timestamp;

/// When Acme's applications of these tests are created.
const CREATED: &str = "2026-11-23T09:00:00.000Z";
/// 72 hours later: when their OTP and their invitation end.
const ENDS: &str = "2026-11-26T09:00:00.000Z";
/// Where Dev works.
const OFFICE: &str = "198.51.100.7";
const ONE_MS: TimeDelta = TimeDelta::milliseconds(1);

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn just_before(text: &str) -> Timestamp {
    at(text).plus(-ONE_MS)
}

fn id<I: From<Uuid>>(number: u128) -> I {
    Uuid::from_u128(number).into()
}

fn digest(secret: &str) -> KeyedDigest {
    KeyedDigest(format!("digest of {secret}"))
}

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse("developer_email", text).unwrap()
}

fn description(text: &str) -> Description {
    Description::parse(text).unwrap()
}

fn reason(text: &str) -> Option<Reason> {
    Reason::parse(text).unwrap()
}

fn entities(ids: &[&str]) -> BTreeSet<EntityId> {
    ids.iter().map(|id| EntityId::parse(id).unwrap()).collect()
}

/// The one problem that a form was sent back with: its field and code.
fn problem(result: Result<Vec<Event>, Refusal>) -> (String, &'static str) {
    match result {
        Err(Refusal::Invalid(problems)) if problems.len() == 1 => {
            let FieldProblem { field, code, .. } = problems[0].clone();
            (field, code)
        }
        other => panic!("expected one problem with one field, not {other:?}"),
    }
}

fn group_user(group: &str, role: Role, permissions: &[Permission]) -> Principal {
    Principal::GroupUser(Membership {
        group_id: GroupId::parse(group).unwrap(),
        user_id: UserId::parse("ada").unwrap(),
        role,
        permissions: permissions.iter().copied().collect(),
    })
}

/// A Practice Admin of Acme.
fn admin() -> Principal {
    group_user("acme", Role::PracticeAdmin, &[])
}

/// R2: manages applications of Acme by permission.
fn integration_admin() -> Principal {
    let permissions = [Permission::ManageIntegrationApplications];
    group_user("acme", Role::User, &permissions)
}

/// R3: reads at Acme.
fn auditor() -> Principal {
    group_user("acme", Role::User, &[Permission::ViewActivityLogs])
}

/// Works at Acme without any permission.
fn colleague() -> Principal {
    group_user("acme", Role::User, &[])
}

/// R4: may do everything, but at Globex.
fn admin_elsewhere() -> Principal {
    group_user("globex", Role::PracticeAdmin, &[])
}

/// Dev, who is invited to or registered for the application.
fn developer() -> Principal {
    Principal::Developer {
        id: id(100),
        email: email("dev@example.com"),
    }
}

/// Somebody who develops for others.
fn another_developer() -> Principal {
    Principal::Developer {
        id: id(200),
        email: email("eve@example.com"),
    }
}

/// The facts so far, the moment, and the group as it is.
#[derive(Clone)]
struct Scene {
    facts: Vec<Event>,
    at: Timestamp,
    group: GroupFacts,
}

impl Scene {
    fn with(facts: Vec<Event>) -> Self {
        let group = GroupFacts {
            id: GroupId::parse("acme").unwrap(),
            product_plan: ProductPlan::parse("AIQ3").unwrap(),
            entities: entities(&["berlin", "dublin", "paris"]),
        };
        let at = at(CREATED);
        Self { facts, at, group }
    }

    fn and(mut self, fact: Event) -> Self {
        self.facts.push(fact);
        self
    }

    fn and_all(mut self, facts: impl IntoIterator<Item = Event>) -> Self {
        self.facts.extend(facts);
        self
    }

    fn at(mut self, moment: Timestamp) -> Self {
        self.at = moment;
        self
    }

    fn off_the_plan(mut self) -> Self {
        self.group.product_plan = ProductPlan::parse("AIQ2").unwrap();
        self
    }

    fn with_group_entities(mut self, ids: &[&str]) -> Self {
        self.group.entities = entities(ids);
        self
    }

    fn when(&self, by: Principal, command: AppCommand) -> AggregateResultValidator<IntegrationApp> {
        let command = self.command(by, command);
        TestFramework::<IntegrationApp>::with(())
            .given(self.facts.clone())
            .when(command)
    }

    /// What the command is answered with, for tables.
    fn answer(&self, by: Principal, command: AppCommand) -> Result<Vec<Event>, Refusal> {
        self.when(by, command).inspect_result()
    }

    /// The scene after the command was granted.
    fn after(self, by: Principal, command: AppCommand) -> Self {
        let facts = self.answer(by, command).unwrap();
        self.and_all(facts)
    }

    fn command(&self, by: Principal, command: AppCommand) -> AppCommandEnvelope {
        let (at, group) = (self.at, self.group.clone());
        AppCommandEnvelope { at, by, group, command }
    }

    /// The application that these facts make.
    fn app(&self) -> App {
        let mut app = IntegrationApp::default();
        for fact in self.facts.clone() {
            app.apply(fact);
        }
        app.created().unwrap().clone()
    }
}
