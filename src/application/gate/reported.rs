//! What gateways answered themselves, from verdicts that they hold: it is counted like what the gate answered.

use gatebook_aggregates::api_permission::Access;
use gatebook_aggregates::gate::Verdict;
use gatebook_aggregates::identifiers::{AppId, EntityId};

use crate::application::gatebook::Gatebook;
use crate::metrics::VerdictLabels;

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
    /// Counts what a gateway reports, by verdict.
    pub fn checks_reported(&self, reported: &[ReportedChecks]) {
        for checks in reported {
            let reason = checks.verdict.code();
            let counter = self.metrics.gateway_verdicts.get_or_create(&VerdictLabels { reason });
            counter.inc_by(checks.count);
        }
    }
}
