//! R5-R13: creating an application, both options of the article.

use std::collections::{BTreeMap, BTreeSet};

use super::command::{AiqIntegrate, GroupFacts, NewIntegration, Principal};
use super::developer_link::{self, DeveloperLink};
use super::{App, CreationEvent, IntegrationAppEvent as Event, Status, end_date};
use crate::catalog::CategoryCode;
use crate::group::Membership;
use crate::identifiers::EntityId;
use crate::refusal::{FieldProblem, Refusal};
use crate::timestamp::Timestamp;

/// Option One: an application for an outside developer, who is invited in the same breath (R13).
pub(super) fn new_integration(
    at: Timestamp,
    by: &Principal,
    group: &GroupFacts,
    new: NewIntegration,
) -> Result<Vec<Event>, Refusal> {
    require_creator(by, group)?;
    require_entities(group, &new.entities)?;
    end_date::require_future(at, new.ends_at, "")?;
    let created = Event::NewIntegrationCreated {
        group_id: group.id.clone(),
        client_id: new.client_id,
        name: new.name,
        description: new.description,
        category: new.category,
        api_permission: new.api_permission,
        entities: new.entities,
        ends_at: new.ends_at,
    };
    Ok(vec![created, developer_link::invited_or_registered(at, new.developer)])
}

/// Option Two: an application that the provider's own team makes and runs (R12).
pub(super) fn aiq_integrate(
    at: Timestamp,
    by: &Principal,
    group: &GroupFacts,
    new: AiqIntegrate,
) -> Result<Vec<Event>, Refusal> {
    let admin = require_creator(by, group)?;
    require_disclaimers(&new)?;
    let category = category_of(&new)?;
    require_entities(group, &new.entities)?;
    end_date::require_future(at, new.ends_at, "")?;
    Ok(vec![Event::AiqIntegrateCreated {
        group_id: group.id.clone(),
        client_id: new.client_id,
        integrate_type: new.integrate_type.code.to_owned(),
        custom: new.integrate_type.custom,
        name: new.name,
        description: new.description,
        category,
        api_permission: new.integrate_type.api_permission,
        entities: new.entities,
        charges_accepted_by: admin.user_id.clone(),
        data_access_accepted_by: admin.user_id.clone(),
        ends_at: new.ends_at,
    }])
}

/// R11: at least one entity at creation, all of them the group's own.
fn require_entities(group: &GroupFacts, entities: &BTreeSet<EntityId>) -> Result<(), Refusal> {
    if entities.is_empty() {
        return Err(Refusal::field("entities", "required", "Select at least one entity."));
    }
    require_own_entities(group, "entities", entities)
}

/// R11: nobody opens an entity of somebody else's.
pub(super) fn require_own_entities(
    group: &GroupFacts,
    field: &'static str,
    entities: &BTreeSet<EntityId>,
) -> Result<(), Refusal> {
    match entities.difference(&group.entities).next() {
        None => Ok(()),
        Some(unknown) => {
            let message = format!("Your group has no entity “{unknown}”.");
            Err(Refusal::field(field, "unknown_entity", message))
        }
    }
}

/// R8: a custom one has the category the admin chose, a preset its own.
fn category_of(new: &AiqIntegrate) -> Result<CategoryCode, Refusal> {
    let chosen = match (new.integrate_type.category, &new.category) {
        (None, Some(chosen)) => return Ok(chosen.clone()),
        (None, None) => CategoryCode::parse(""),
        (Some(preset), None) => CategoryCode::parse(preset),
        (Some(_), Some(_)) => Err(FieldProblem::new(
            "category",
            "field_not_editable",
            "This application type has a fixed category. Leave the field out.",
        )),
    };
    chosen.map_err(|problem| Refusal::Invalid(vec![problem]))
}

/// R12: it is charged; refused with `disclaimer_required`.
pub fn charges_accepted(accepted: bool) -> Result<(), FieldProblem> {
    let message = "Accept that this application type is chargeable.";
    disclaimer("accept_charges", accepted, message)
}

/// R12: the provider's team sees the data; refused with `disclaimer_required`.
pub fn data_access_accepted(accepted: bool) -> Result<(), FieldProblem> {
    let message = "Accept that our team will have access to your data.";
    disclaimer("accept_data_access", accepted, message)
}

fn disclaimer(field: &str, accepted: bool, message: &str) -> Result<(), FieldProblem> {
    match accepted {
        true => Ok(()),
        false => Err(FieldProblem::new(field, "disclaimer_required", message)),
    }
}

/// R12: both disclaimers, or nothing.
fn require_disclaimers(new: &AiqIntegrate) -> Result<(), Refusal> {
    let disclaimers = [
        charges_accepted(new.accept_charges),
        data_access_accepted(new.accept_data_access),
    ];
    let missing: Vec<_> = disclaimers.into_iter().filter_map(Result::err).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Invalid(missing))
    }
}

/// R1, R2: a manager of the group, on the plan.
fn require_creator<'a>(by: &'a Principal, group: &GroupFacts) -> Result<&'a Membership, Refusal> {
    let Principal::GroupUser(membership) = by else {
        return Err(Refusal::NotFound);
    };
    membership.require_group(&group.id)?;
    membership.require_manager()?;
    group.product_plan.require_integration_apps()?;
    Ok(membership)
}

/// The application as it begins.
pub(super) fn created(creation: CreationEvent<'_>) -> App {
    App {
        group_id: creation.group_id.clone(),
        client_id: creation.client_id.clone(),
        kind: creation.kind,
        name: creation.name.clone(),
        description: creation.description.clone(),
        category: creation.category.clone(),
        api_permission: creation.api_permission,
        entities: creation.entities.clone(),
        status: Status::Active,
        ends_at: creation.ends_at,
        developer: DeveloperLink::None,
        client_secrets: Vec::new(),
        audited_reads: BTreeMap::new(),
    }
}
