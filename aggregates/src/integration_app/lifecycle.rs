//! R27, R28: suspend, resume, revoke; and the downloads of the log.

use super::command::{GroupFacts, Principal};
use super::{App, IntegrationAppEvent as Event, Status};
use crate::log_format::LogFormat;
use crate::refusal::Refusal;
use crate::text::Reason;
use crate::timestamp::Timestamp;

impl App {
    /// R27: stops the application reversibly; a suspended one is suspended already.
    pub(super) fn suspend(
        &self,
        by: &Principal,
        group: &GroupFacts,
        reason: Option<Reason>,
    ) -> Result<Vec<Event>, Refusal> {
        self.require_right_to_stop(by, group, reason.as_ref())?;
        match self.status {
            Status::Revoked => Err(Refusal::AppRevoked),
            Status::Suspended => Ok(Vec::new()),
            Status::Active => Ok(vec![Event::ApplicationSuspended { reason }]),
        }
    }

    /// R27: starts a suspended application again.
    pub(super) fn resume(
        &self,
        by: &Principal,
        group: &GroupFacts,
        reason: Option<Reason>,
    ) -> Result<Vec<Event>, Refusal> {
        self.require_right_to_stop(by, group, reason.as_ref())?;
        match self.status {
            Status::Revoked => Err(Refusal::AppRevoked),
            Status::Active => Err(Refusal::NotSuspended),
            Status::Suspended => Ok(vec![Event::ApplicationResumed { reason }]),
        }
    }

    /// R27: ends the application for ever; a revoked one is revoked already.
    pub(super) fn revoke(
        &self,
        at: Timestamp,
        by: &Principal,
        group: &GroupFacts,
        reason: Option<Reason>,
    ) -> Result<Vec<Event>, Refusal> {
        self.require_right_to_stop(by, group, reason.as_ref())?;
        match self.status {
            Status::Revoked => Ok(Vec::new()),
            Status::Active | Status::Suspended => Ok(vec![Event::ApplicationRevoked { reason, revoked_at: at }]),
        }
    }

    /// R2, R27: managers of the group, and operators. What an operator does with somebody else's application has a reason,
    /// which the group reads in its log.
    fn require_right_to_stop(
        &self,
        by: &Principal,
        group: &GroupFacts,
        reason: Option<&Reason>,
    ) -> Result<(), Refusal> {
        match by {
            Principal::Operator => {
                group.product_plan.require_integration_apps()?;
                let message = "Say why; the group reads it in its activity log.";
                reason
                    .map(|_| ())
                    .ok_or_else(|| Refusal::field("reason", "required", message))
            }
            Principal::GroupUser(_) | Principal::Developer { .. } | Principal::Invitee | Principal::Integration => {
                self.require_manager(by, group)
            }
        }
    }

    /// R3, R28: readers of the group and operators download; off the plan and after revoking, too (R1, R29).
    pub(super) fn record_download(
        &self,
        by: &Principal,
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Vec<Event>, Refusal> {
        match by {
            Principal::Operator => {}
            Principal::GroupUser(membership) => {
                membership.require_group(&self.group_id)?;
                membership.require_reader()?;
            }
            Principal::Invitee | Principal::Developer { .. } | Principal::Integration => {
                return Err(Refusal::NotFound);
            }
        }
        Ok(vec![Event::ActivityLogDownloaded { format, from, to }])
    }
}
