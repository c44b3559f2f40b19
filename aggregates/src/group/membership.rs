//! R2, R3, R4: what a group user may do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::identifiers::{GroupId, UserId};
use crate::refusal::{FieldProblem, Refusal};

/// R2: a group user's role. The one with the most rights comes first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Manages applications by right and grants permissions.
    PracticeAdmin,
    /// Has what was granted.
    User,
}

impl Role {
    /// Reads `practice_admin` or `user`; refused with `required` or `invalid_role`.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        FieldProblem::parse_word("role", "invalid_role", text)
    }

    /// The words on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::PracticeAdmin => "Practice Admin",
            Self::User => "User",
        }
    }

    /// R2: what the role gives by itself. Whatever depends on the role asks here, so that a new role answers once.
    fn rights(self) -> RoleRights {
        match self {
            Self::PracticeAdmin => RoleRights {
                grants: true,
                permissions: Permission::VARIANTS,
            },
            Self::User => RoleRights {
                grants: false,
                permissions: &[],
            },
        }
    }

    /// R2: whether users with this role say what other users may do.
    pub fn grants(self) -> bool {
        self.rights().grants
    }

    /// R2: whether users with this role have the permission without being granted it.
    pub fn has(self, permission: Permission) -> bool {
        self.rights().permissions.contains(&permission)
    }

    /// R2: whether a user can do something with this role that they cannot do with the other one.
    pub fn can_more_than(self, other: Self) -> bool {
        let (these, those) = (self.rights(), other.rights());
        let has_more = these.permissions.iter().any(|permission| !other.has(*permission));
        has_more || these.grants && !those.grants
    }
}

/// R2: what a role gives, before anything is granted.
struct RoleRights {
    /// Whether permissions are granted and withdrawn by users with the role.
    grants: bool,
    /// What users with the role have by right.
    permissions: &'static [Permission],
}

/// R2, R3: what a Practice Admin can grant to another group user.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Permission {
    /// R2: makes an Integration Admin.
    ManageIntegrationApplications,
    /// R3: makes a read-only auditor.
    ViewActivityLogs,
}

impl Permission {
    /// The words on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::ManageIntegrationApplications => "Manage Integration Applications",
            Self::ViewActivityLogs => "View Activity Logs",
        }
    }
}

/// Who a group user is and what they may do there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The one group they belong to.
    pub group_id: GroupId,
    /// Who they are.
    pub user_id: UserId,
    /// Their role.
    pub role: Role,
    /// What was granted to them.
    pub permissions: BTreeSet<Permission>,
}

impl Membership {
    /// R4: another group's things do not exist.
    pub fn require_group(&self, group_id: &GroupId) -> Result<(), Refusal> {
        if self.group_id == *group_id {
            Ok(())
        } else {
            Err(Refusal::NotFound)
        }
    }

    /// R2: Practice Admins by right, others by permission.
    pub fn require_manager(&self) -> Result<(), Refusal> {
        if self.manages() {
            return Ok(());
        }
        Err(Refusal::Forbidden(Permission::ManageIntegrationApplications.title()))
    }

    /// R3: lists and logs are open to managers and to auditors.
    pub fn require_reader(&self) -> Result<(), Refusal> {
        if self.reads() {
            return Ok(());
        }
        Err(Refusal::Forbidden(Permission::ViewActivityLogs.title()))
    }

    /// R2: only Practice Admins grant and withdraw permissions.
    pub fn require_practice_admin(&self) -> Result<(), Refusal> {
        if self.grants() {
            Ok(())
        } else {
            Err(Refusal::PracticeAdminRequired)
        }
    }

    /// R2: whether they create and change applications.
    pub fn manages(&self) -> bool {
        self.has(Permission::ManageIntegrationApplications)
    }

    /// R3: whether they see lists and logs.
    pub fn reads(&self) -> bool {
        self.manages() || self.has(Permission::ViewActivityLogs)
    }

    /// R2: whether they say what other users may do.
    pub fn grants(&self) -> bool {
        self.role.grants()
    }

    /// R2: by right or because it was granted.
    fn has(&self, permission: Permission) -> bool {
        self.role.has(permission) || self.permissions.contains(&permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(role: Role, permissions: &[Permission]) -> Membership {
        Membership {
            group_id: GroupId::parse("acme").unwrap(),
            user_id: UserId::parse("u1").unwrap(),
            role,
            permissions: permissions.iter().copied().collect(),
        }
    }

    #[test]
    fn r2_practice_admins_manage_by_right_and_alone_grant() {
        let admin = user(Role::PracticeAdmin, &[]);
        assert!(admin.require_manager().is_ok() && admin.require_practice_admin().is_ok());
        let integration_admin = user(Role::User, &[Permission::ManageIntegrationApplications]);
        assert!(integration_admin.require_manager().is_ok());
        assert_eq!(
            integration_admin.require_practice_admin(),
            Err(Refusal::PracticeAdminRequired)
        );
    }

    #[test]
    fn r2_a_role_can_more_than_another_one_if_it_gives_something_that_the_other_one_does_not() {
        assert!(Role::PracticeAdmin.can_more_than(Role::User));
        assert!(!Role::User.can_more_than(Role::PracticeAdmin));
        for role in Role::VARIANTS {
            assert!(!role.can_more_than(*role), "{role}");
        }
    }

    #[test]
    fn r3_an_auditor_reads_and_changes_nothing() {
        let auditor = user(Role::User, &[Permission::ViewActivityLogs]);
        assert!(auditor.require_reader().is_ok());
        assert!(matches!(auditor.require_manager(), Err(Refusal::Forbidden(_))));
        assert!(matches!(
            user(Role::User, &[]).require_reader(),
            Err(Refusal::Forbidden(_))
        ));
    }

    #[test]
    fn r4_another_group_does_not_exist() {
        let other = GroupId::parse("globex").unwrap();
        assert_eq!(
            user(Role::PracticeAdmin, &[]).require_group(&other),
            Err(Refusal::NotFound)
        );
    }
}
