//! What somebody saw of an application when they decided to change it. A decision depends on one side of it, and not on
//! everything that happens to it: a developer who rotates secrets does not stand in the way of an admin who edits.

use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppEvent as Event};
use gatebook_projections::recorded::Recorded;

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::{CommandError, Loaded, VersionCondition};

/// A side of an application. Its version is the place in the stream of the last fact that changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// R7, R8, R11: description, category and entities.
    Details,
    /// R20: who is linked.
    Developer,
    /// R18: the invitation.
    Invitation,
    /// R14: the one-time password.
    OneTimePassword,
    /// R27: whether it runs.
    Status,
}

/// What a change depends on, besides the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// Nothing else.
    #[default]
    Nothing,
    /// The whole application, at a version that `If-Match` named.
    Version(VersionCondition),
    /// One side of it, at the version that was seen. What happens to the other sides is of no matter.
    Section(Section, i64),
}

impl From<VersionCondition> for ExpectedVersion {
    fn from(if_match: VersionCondition) -> Self {
        match if_match {
            VersionCondition::Any => Self::Nothing,
            named => Self::Version(named),
        }
    }
}

impl From<Option<i64>> for ExpectedVersion {
    fn from(version: Option<i64>) -> Self {
        VersionCondition::from(version).into()
    }
}

impl ExpectedVersion {
    /// Whether an application's events end as it was seen; for whoever decides on these very events.
    ///
    /// # Errors
    /// `VersionMismatch`.
    pub(in crate::application) fn require(&self, stream: &Loaded<IntegrationApp>) -> Result<(), CommandError> {
        let current = stream.version_for_etag();
        let is_as_expected = match self {
            Self::Nothing => true,
            Self::Version(named) => current == 0 || named.allows(current),
            Self::Section(side, seen) => version(&stream.history, *side) == *seen,
        };
        match is_as_expected {
            true => Ok(()),
            false => Err(CommandError::VersionMismatch { current }),
        }
    }

    /// A side that moved between looking and committing is looked at again; only a version that the caller named is final.
    pub(in crate::application) fn of_conflict(&self, error: CommandError) -> CommandError {
        match (self, error) {
            (Self::Section(..), CommandError::VersionMismatch { .. }) => CommandError::Conflict,
            (_, error) => error,
        }
    }
}

/// The versions of all sides of an application at one moment.
pub struct SectionVersions(Vec<Recorded<Event>>);

impl SectionVersions {
    /// The version of this one; 0 of an application that does not exist.
    pub fn version(&self, side: Section) -> i64 {
        version(&self.0, side)
    }
}

fn version(history: &[Recorded<Event>], side: Section) -> i64 {
    let mut newest_first = history.iter().rev();
    let last = newest_first.find(|recorded| changes(&recorded.event, side));
    last.map_or(0, |recorded| recorded.sequence)
}

fn changes(event: &Event, side: Section) -> bool {
    let section_versions: &[Section] = match event {
        Event::NewIntegrationCreated { .. } | Event::AiqIntegrateCreated { .. } => return true,
        Event::DescriptionChanged { .. } | Event::CategoryChanged { .. } | Event::EntitiesChanged { .. } => {
            &[Section::Details]
        }
        Event::DeveloperInvited { .. } | Event::DeveloperRegistered { .. } | Event::DeveloperAccessRevoked { .. } => {
            &[Section::Developer, Section::Invitation, Section::OneTimePassword]
        }
        Event::InvitationResent { .. } | Event::InvitationAccepted { .. } => &[Section::Invitation],
        Event::OneTimePasswordReset { .. } | Event::DeveloperVerified { .. } => &[Section::OneTimePassword],
        Event::ApplicationSuspended { .. } | Event::ApplicationResumed { .. } | Event::ApplicationRevoked { .. } => {
            &[Section::Status]
        }
        Event::VerificationCodeSent { .. }
        | Event::VerificationCodeMistyped { .. }
        | Event::OneTimePasswordMistyped { .. }
        | Event::UnusableOneTimePasswordTried { .. }
        | Event::CredentialsRevealed { .. }
        | Event::ClientSecretGenerated { .. }
        | Event::ClientSecretRetired { .. }
        | Event::ActivityLogDownloaded { .. } => &[],
    };
    section_versions.contains(&side)
}

impl Gatebook {
    /// The versions of the stream that a change may be decided on.
    ///
    /// # Errors
    /// `VersionMismatch` when the side that was seen has changed.
    pub(in crate::application) async fn version_condition(
        &self,
        id: &str,
        expected: &ExpectedVersion,
    ) -> Result<VersionCondition, Failure> {
        match expected {
            ExpectedVersion::Nothing => Ok(VersionCondition::Any),
            ExpectedVersion::Version(named) => Ok(named.clone()),
            ExpectedVersion::Section(side, seen) => {
                let loaded = self.log.load_readable::<IntegrationApp>(id).await?;
                let current = loaded.version_for_etag();
                if SectionVersions(loaded.history).version(*side) != *seen {
                    return Err(CommandError::VersionMismatch { current }.into());
                }
                Ok(Some(current).into())
            }
        }
    }

    pub(in crate::application) async fn section_versions(&self, id: &str) -> Result<SectionVersions, Failure> {
        // Also of what cannot be read to its end something can be seen, and stopped.
        Ok(SectionVersions(
            self.log.load_readable::<IntegrationApp>(id).await?.history,
        ))
    }
}
