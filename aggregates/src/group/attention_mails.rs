//! Which e-mails about what needs attention a user wants: none, unless they say so themselves.

use serde::{Deserialize, Serialize};

use super::{Customer, GroupEvent as Event, GroupPrincipal};
use crate::identifiers::UserId;
use crate::refusal::Refusal;

/// The e-mails that a user has chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttentionMails {
    /// One e-mail a day with all that needs attention, on days when something does.
    pub daily: bool,
    /// R15: one at once, when an OTP is locked.
    pub otp_locked: bool,
}

impl Customer {
    /// R3: for oneself alone, and only by somebody who may see what the e-mails are about. Choosing the same again is no
    /// fact.
    pub(super) fn choose_attention_mails(
        &self,
        by: &GroupPrincipal,
        user_id: UserId,
        mails: AttentionMails,
    ) -> Result<Vec<Event>, Refusal> {
        match by {
            GroupPrincipal::GroupUser(membership) if membership.user_id == user_id => membership.require_reader()?,
            GroupPrincipal::GroupUser(_) | GroupPrincipal::Operator => return Err(Refusal::NotFound),
        }
        if self.user(&user_id)?.attention_mails == mails {
            return Ok(Vec::new());
        }
        let AttentionMails { daily, otp_locked } = mails;
        Ok(vec![Event::AttentionMailsChosen {
            user_id,
            daily,
            otp_locked,
        }])
    }
}
