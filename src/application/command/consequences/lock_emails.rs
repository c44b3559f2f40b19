//! R15: admins who chose so are told at once that an OTP is locked.

use crate::application::command::consequences::app::AppContext;
use crate::application::command::consequences::emails::EmailSubject;
use crate::application::gatebook::Gatebook;
use crate::log::{CommandError, SideEffects};
use crate::mail::Email;

impl AppContext<'_> {
    /// R15: tells the group's admins who chose so that the OTP is locked.
    pub(in crate::application) fn tell_of_lock(
        &self,
        gatebook: &Gatebook,
        effects: &mut SideEffects,
    ) -> Result<(), CommandError> {
        let about = EmailSubject::of(self.app_id).otp_lock();
        for (user_id, user) in self.group.customer.users.iter() {
            let membership = user.membership(self.group.group_id.clone(), user_id.clone());
            if user.attention_mails.otp_locked && membership.reads() {
                let email = Email::otp_locked(user.email.as_str(), self.name(), self.group_name(), &gatebook.url("/"));
                self.mail(gatebook, Some(email), Some(about.clone()), effects)?;
            }
        }
        Ok(())
    }
}
