//! What gateways answered themselves, from verdicts that they hold: it is counted like what the gate answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gatebook_aggregates::api_permission::Access;
use gatebook_aggregates::gate::Verdict;
use gatebook_aggregates::identifiers::{AppId, EntityId};
use gatebook_projections::groups::GroupRow;

use crate::application::gatebook::Gatebook;
use crate::metrics::VerdictLabels;
use crate::store::StoreError;
use crate::usage::CheckCounted;

/// Checks of one kind that a gateway answered itself.
pub struct ReportedChecks {
    /// The application that they were about.
    pub app_id: AppId,
    /// The entity, if one was named.
    pub entity: Option<EntityId>,
    /// The kind of access, if one was named.
    pub access: Option<Access>,
    /// The answer.
    pub verdict: Verdict,
    /// How many there were since the last report.
    pub count: u64,
}

impl Gatebook {
    /// Counts what a gateway reports: by verdict, and as the usage of applications that there are.
    ///
    /// # Errors
    /// Whose applications they are cannot be read. Nothing is counted then.
    pub async fn checks_reported(&self, reported: &[ReportedChecks]) -> Result<(), StoreError> {
        let groups = self.groups_of(reported).await?;
        let at = self.clock.now();
        for checks in reported {
            let reason = checks.verdict.code();
            let counter = self.metrics.gateway_verdicts.get_or_create(&VerdictLabels { reason });
            counter.inc_by(checks.count);
            let Some(group) = groups.get(&checks.app_id) else {
                continue;
            };
            let entities = &group.customer.entities;
            let entity = checks.entity.as_ref().filter(|entity| entities.contains_key(*entity));
            self.usage.checked(&CheckCounted {
                app_id: checks.app_id,
                group_id: &group.group_id,
                entity: entity.map(EntityId::as_str),
                access: checks.access,
                client_secret_id: None,
                verdict: checks.verdict,
                at,
                count: checks.count,
            });
        }
        Ok(())
    }

    /// The group of each application that there is; each group is read once.
    async fn groups_of(&self, reported: &[ReportedChecks]) -> Result<BTreeMap<AppId, Arc<GroupRow>>, StoreError> {
        let app_ids: BTreeSet<_> = reported.iter().map(|checks| checks.app_id).collect();
        let (mut of_apps, mut read) = (BTreeMap::new(), BTreeMap::new());
        for app_id in app_ids {
            let Some(app) = self.portal_app(app_id).await? else {
                continue;
            };
            if !read.contains_key(&app.group_id) {
                let group = self.group(&app.group_id).await?.map(Arc::new);
                read.insert(app.group_id.clone(), group);
            }
            if let Some(Some(group)) = read.get(&app.group_id) {
                of_apps.insert(app_id, group.clone());
            }
        }
        Ok(of_apps)
    }
}
