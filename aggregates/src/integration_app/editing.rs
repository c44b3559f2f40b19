//! R7, R8, R11: what can be edited, with immediate effect. Name, API permission and e-mail never change.

use super::command::{Changes, GroupFacts, Principal};
use super::creating::require_own_entities;
use super::{App, IntegrationAppEvent as Event, IntegrationKind};
use crate::catalog::CategoryCode;
use crate::refusal::Refusal;

impl App {
    /// One fact for each thing that really changes; a command already granted gives none.
    pub(super) fn change_details(
        &self,
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
        if let Some(after) = changes.entities {
            let added = after.difference(&self.entities).cloned().collect();
            require_own_entities(group, &added)?;
            if after != self.entities {
                events.push(Event::EntitiesChanged {
                    before: self.entities.clone(),
                    after,
                });
            }
        }
        Ok(events)
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
