//! R7, R8, R11, and the end date: what can be edited, with immediate effect. Name, API permission and e-mail never change.

use std::collections::BTreeSet;

use super::command::{Changes, EndDateEdit, EntitiesEdit, GroupFacts, Principal};
use super::creating::require_own_entities;
use super::{App, IntegrationAppEvent as Event, IntegrationKind, end_date};
use crate::catalog::CategoryCode;
use crate::identifiers::EntityId;
use crate::refusal::Refusal;
use crate::timestamp::Timestamp;

impl App {
    /// One fact for each thing that really changes; a command already granted gives none.
    pub(super) fn change_details(
        &self,
        at: Timestamp,
        by: &Principal,
        group: &GroupFacts,
        changes: Changes,
    ) -> Result<Vec<Event>, Refusal> {
        self.require_manager(by, group)?;
        self.require_not_revoked()?;
        let mut events = Vec::new();
        if let Some(after) = changes.description.filter(|after| *after != self.description) {
            events.push(Event::DescriptionChanged {
                before: self.description.clone(),
                after,
            });
        }
        if let Some(after) = changes.category.filter(|after| *after != self.category) {
            events.push(self.category_changed(after)?);
        }
        if let Some(edit) = changes.entities {
            let (added, removed) = self.entities_to_change(group, edit)?;
            if !added.is_empty() || !removed.is_empty() {
                let none_left = added.is_empty() && removed.len() == self.entities.len();
                events.push(Event::EntitiesChanged {
                    added,
                    removed,
                    none_left,
                });
            }
        }
        let end_date = changes.end_date.map(EndDateEdit::ends_at);
        if let Some(after) = end_date.filter(|after| *after != self.ends_at) {
            end_date::require_future(at, after, " To stop the application now, suspend or revoke it.")?;
            events.push(Event::EndDateChanged {
                before: self.ends_at,
                after,
            });
        }
        Ok(events)
    }

    /// R11: what an edit really adds and removes. What is there already need not be the group's any more, and can always be
    /// removed; a name that neither the group nor the application knows is a mistake, not something granted already.
    fn entities_to_change(
        &self,
        group: &GroupFacts,
        edit: EntitiesEdit,
    ) -> Result<(BTreeSet<EntityId>, BTreeSet<EntityId>), Refusal> {
        let without = |these: &BTreeSet<EntityId>, those| these.difference(those).cloned().collect::<BTreeSet<_>>();
        match edit {
            EntitiesEdit::All(after) => {
                let added = without(&after, &self.entities);
                require_own_entities(group, "entities", &added)?;
                Ok((added, without(&self.entities, &after)))
            }
            EntitiesEdit::Difference(change) => {
                let added = without(change.add(), &self.entities);
                require_own_entities(group, "add_entities", &added)?;
                require_own_entities(group, "remove_entities", &without(change.remove(), &self.entities))?;
                Ok((added, self.entities.intersection(change.remove()).cloned().collect()))
            }
        }
    }

    /// R8: fixed for a custom AIQ Integrate.
    fn category_changed(&self, after: CategoryCode) -> Result<Event, Refusal> {
        match self.kind {
            IntegrationKind::AiqIntegrate { custom: true, .. } => Err(Refusal::FieldNotEditable("category")),
            IntegrationKind::NewIntegration | IntegrationKind::AiqIntegrate { custom: false, .. } => {
                Ok(Event::CategoryChanged {
                    before: self.category.clone(),
                    after,
                })
            }
        }
    }
}
