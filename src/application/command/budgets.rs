//! How often one caller may change the same thing.

use crate::application::caller::{Caller, Who};
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::throttle::{Budget, Spent};

impl Gatebook {
    /// One of what a principal may change of a stream. Nothing for whoever sits at the machine itself, and for those who can
    /// do hardly anything.
    pub(in crate::application) fn spend(&self, caller: &Caller, stream: &str) -> Result<Option<Spent<'_>>, Failure> {
        let (budget, kind) = match &caller.who {
            Who::GroupUser(_) => (Budget::Writes, "user"),
            Who::Developer(_) => (Budget::Writes, "developer"),
            Who::Operator { id, .. } if !id.is_empty() => (Budget::OperatorWrites, "operator"),
            Who::Operator { .. } | Who::Nobody | Who::Invitee { .. } | Who::Integration { .. } => return Ok(None),
        };
        let whose = format!("{kind} {}", caller.principal_key());
        let spent = self.budgets.spend(budget, &whose, stream);
        Ok(Some(spent.map_err(Failure::too_often)?))
    }
}
