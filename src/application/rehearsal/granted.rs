//! The reverse: what an application may do and did not do.

use std::collections::BTreeSet;

use gatebook_aggregates::api_permission::{Access, ApiPermission};
use gatebook_aggregates::identifiers::{AppId, EntityId};

use super::{UnusedEntity, UsageWindow};
use crate::application::authorization::Reader;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::usage;

/// What is granted to an application and was not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedGrants {
    /// The days that were looked at.
    pub window: UsageWindow,
    /// How many entities it opens.
    pub granted: usize,
    /// Those that no call used.
    pub entities: Vec<UnusedEntity>,
    /// Whether it may write, and never did.
    pub is_write_unused: bool,
    /// Whether calls passed without naming an entity, as introspections do: any entity may have been used by them.
    pub has_calls_without_entity: bool,
}

impl UnusedGrants {
    /// Whether the entities can be narrowed to those that are used: some are not, and some are.
    pub fn can_be_narrowed(&self) -> bool {
        (1..self.granted).contains(&self.entities.len())
    }
}

impl Gatebook {
    /// R3: what an application of the reader's group may do and did not do.
    ///
    /// # Errors
    /// `NotFound` for another group's application; the usage cannot be read.
    pub async fn unused_grants(&self, reader: Reader<'_>, id: AppId) -> Result<UnusedGrants, Failure> {
        let view = self.app(reader, id).await?;
        let _slot = self.read_slot(reader.caller).await?;
        let now = self.clock.now();
        let calls = usage::recorded_calls(self.database(), &[id], UsageWindow::looked_at(now), None).await?;
        let calls = calls.get(&id).map(Vec::as_slice).unwrap_or_default();
        let first = usage::first_days(self.database(), id).await?;
        let window = UsageWindow::of(now, Some(view.app().created_at), first);
        let used: BTreeSet<_> = calls.iter().filter_map(|calls| calls.entity.as_ref()).collect();
        let granted: Vec<EntityId> = view.entities().map(|(id, _)| id.clone()).collect();
        let unused = granted.iter().filter(|id| !used.contains(id)).cloned().collect();
        let wrote = calls.iter().any(|calls| calls.access == Some(Access::Write));
        Ok(UnusedGrants {
            window,
            granted: granted.len(),
            entities: self.with_last_use(id, unused, window).await?,
            is_write_unused: view.app().api_permission == ApiPermission::ReadWrite && !wrote,
            has_calls_without_entity: calls.iter().any(|calls| calls.entity.is_none()),
        })
    }
}
