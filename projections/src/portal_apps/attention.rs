//! What of an application needs attention, as its developer may know it.

use gatebook_aggregates::attention::{Attention, AttentionFacts, OpenWithDeveloper, attention};
use gatebook_aggregates::timestamp::Timestamp;

use super::PortalAppRow;
use crate::app_list::Link;
use crate::groups::GroupRow;

impl PortalAppRow {
    /// The most urgent first. Without what the group's admins alone are to know: refused e-mails, and what nobody uses.
    pub fn attention(&self, group: &GroupRow, now: Timestamp) -> Vec<Attention> {
        let customer = &group.customer;
        // Before they verify, developers are told of the OTP and not of the application.
        let is_verified = self.link == Link::Verified;
        let facts = AttentionFacts {
            is_on_plan: customer.product_plan.has_integration_apps(),
            status: self.status,
            ends_at: self.ends_at.filter(|_| is_verified),
            developer: OpenWithDeveloper {
                // Who sees this has an account, and needs no invitation.
                invite_expires_at: None,
                otp_expires_at: self.otp_expires_at,
                otp_attempts_left: self.otp_attempts_left,
            },
            verified_at: None,
            has_refused_mail: false,
            has_entities: self.entities.iter().any(|id| customer.entities.contains_key(id)),
            client_secrets: if is_verified { &self.client_secrets } else { &[] },
            last_used_at: None,
        };
        attention(&facts, now)
    }
}
