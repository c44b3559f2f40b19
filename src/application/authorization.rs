//! Who may do what, as types: a function that needs a right takes the proof of it, and nothing else can make one.
//!
//! A proof rests on the group as it was read when the request was authenticated, so nobody reads it again to ask the same
//! question. It may be out of date when a command commits; what the command was decided on is a precondition of the commit
//! (R26), and a command that loses it is decided again on the group as it is by then.

use std::sync::Arc;

use gatebook_aggregates::identifiers::{AppId, GroupId, UserId};
use gatebook_aggregates::integration_app::{Principal, verified_developer};
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::developers::DeveloperRow;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::portal_apps::PortalAppRow;

use crate::application::caller::{Caller, Who};
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::member::Member;
use crate::store::StoreError;

/// R3: a group user who may read lists and logs.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub(super) caller: &'a Caller,
    pub(super) member: &'a Member,
}

/// R1, R2: a group user who may create and change applications, in a group whose plan includes them.
#[derive(Clone, Copy)]
pub struct Manager<'a> {
    caller: &'a Caller,
}

impl<'a> Manager<'a> {
    pub fn caller(&self) -> &'a Caller {
        self.caller
    }
}

/// R2: a group user who may grant and withdraw permissions.
#[derive(Clone, Copy)]
pub struct PracticeAdmin<'a> {
    pub(super) caller: &'a Caller,
    pub(super) member: &'a Member,
}

/// Somebody of the team that runs Gatebook.
#[derive(Clone, Copy)]
pub struct Operator<'a> {
    pub(super) caller: &'a Caller,
}

impl<'a> Operator<'a> {
    pub fn caller(&self) -> &'a Caller {
        self.caller
    }
}

/// R17: the developer whom an application is linked to, verified or not.
pub struct LinkedDeveloper<'a> {
    pub(super) caller: &'a Caller,
    pub(super) developer: &'a DeveloperRow,
    pub app: PortalAppRow,
    pub group: Arc<GroupRow>,
}

/// R22: the developer who has verified for an application.
pub struct VerifiedDeveloper<'a>(pub(super) LinkedDeveloper<'a>);

impl<'a> VerifiedDeveloper<'a> {
    pub fn app(&self) -> &PortalAppRow {
        &self.0.app
    }

    pub fn group(&self) -> &GroupRow {
        &self.0.group
    }

    pub(super) fn caller(&self) -> &'a Caller {
        self.0.caller
    }
}

impl Caller {
    /// # Errors
    /// `Unauthenticated`, or `Forbidden` without the permission.
    pub fn reader(&self) -> Result<Reader<'_>, Failure> {
        let member = self.member()?;
        member.membership().require_reader()?;
        Ok(Reader { caller: self, member })
    }

    /// # Errors
    /// `Unauthenticated`; `Forbidden` without the permission; `PlanRequired`.
    pub fn manager(&self) -> Result<Manager<'_>, Failure> {
        let member = self.member()?;
        member.membership().require_manager()?;
        member.group().customer.product_plan.require_integration_apps()?;
        Ok(Manager { caller: self })
    }

    /// # Errors
    /// `Unauthenticated`; `PracticeAdminRequired`.
    pub fn practice_admin(&self) -> Result<PracticeAdmin<'_>, Failure> {
        let member = self.member()?;
        member.membership().require_practice_admin()?;
        Ok(PracticeAdmin { caller: self, member })
    }

    /// # Errors
    /// `NotFound` for everybody else: they need not know what operators can do.
    pub fn operator(&self) -> Result<Operator<'_>, Failure> {
        match &self.who {
            Who::Operator { .. } => Ok(Operator { caller: self }),
            _ => Err(Refusal::NotFound.into()),
        }
    }

    /// # Errors
    /// `Unauthenticated` for everybody who is not a developer with an account.
    pub fn developer(&self) -> Result<&DeveloperRow, Failure> {
        match &self.who {
            Who::Developer(developer) => Ok(developer),
            _ => Err(Failure::Unauthenticated),
        }
    }
}

impl Gatebook {
    /// A user of a group as they are now; none if the group has no such user.
    pub async fn member(&self, group_id: &GroupId, user_id: &UserId) -> Result<Option<Member>, StoreError> {
        let group = self.group(group_id).await?;
        Ok(group.and_then(|group| Member::of(group, user_id.clone())))
    }

    /// R17: the caller as the developer of this application.
    ///
    /// # Errors
    /// `NotFound` for another developer's application.
    pub async fn linked_developer<'a>(
        &self,
        caller: &'a Caller,
        app_id: AppId,
    ) -> Result<LinkedDeveloper<'a>, Failure> {
        let developer = caller.developer()?;
        let app = self.portal_app(app_id).await?;
        let app = app.filter(|app| app.developer_email.as_ref() == Some(&developer.email));
        let app = app.ok_or(Refusal::NotFound)?;
        let group = Arc::new(self.group(&app.group_id).await?.ok_or(Refusal::NotFound)?);
        Ok(LinkedDeveloper {
            caller,
            developer,
            app,
            group,
        })
    }

    /// R22: the caller as the developer who has verified for this application. What is confidential in it is not theirs to
    /// see yet: that is recorded (R28).
    ///
    /// # Errors
    /// As for the linked developer; `OtpVerificationNeeded` before they have verified.
    pub async fn verified_developer<'a>(
        &self,
        caller: &'a Caller,
        app_id: AppId,
    ) -> Result<VerifiedDeveloper<'a>, Failure> {
        let linked = self.linked_developer(caller, app_id).await?;
        let by = Principal::Developer {
            id: linked.developer.developer_id,
            email: linked.developer.email.clone(),
        };
        verified_developer(linked.app.developer_email.as_ref(), linked.app.verified_by(), &by)?;
        Ok(VerifiedDeveloper(linked))
    }
}
