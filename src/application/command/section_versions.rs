//! The version of an application that somebody saw when they decided to change it. A change depends on one section of the
//! application, not on everything that happens to it: a developer who rotates secrets does not block an admin who edits.

use gatebook_aggregates::integration_app::{GroupFacts, IntegrationApp, IntegrationAppEvent as Event, Principal};
use gatebook_projections::recorded::Recorded;

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::{CommandError, Loaded, VersionCondition};

/// A section of an application. Its version is the sequence number of the last event that changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// R7, R8, R11: description, category, entities and the end date.
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
    /// Nothing; the change is right whatever the version is.
    #[default]
    Nothing,
    /// The whole application, at a version that `If-Match` named.
    Version(VersionCondition),
    /// One section, at the version that was seen. Changes of other sections do not matter.
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
    /// Checks the version of the stream that a change is decided on. Whoever may not change the application is refused for
    /// that, and learns no version.
    ///
    /// # Errors
    /// `VersionMismatch`; a refusal of those who may not change it (R2-R4).
    pub(super) fn require(
        &self,
        stream: &Loaded<IntegrationApp>,
        by: &Principal,
        group: &GroupFacts,
    ) -> Result<(), CommandError> {
        if *self == Self::Nothing {
            return Ok(());
        }
        stream.aggregate.require_right_to_change(by, group)?;
        let current = stream.version_for_etag();
        match self {
            Self::Nothing => Ok(()),
            Self::Version(named) => named.require(current),
            Self::Section(section, seen) if version(&stream.history, *section) == *seen => Ok(()),
            Self::Section(..) => Err(CommandError::VersionMismatch { current }),
        }
    }
}

/// The versions of all sections of an application at one moment.
pub struct SectionVersions(Vec<Recorded<Event>>);

impl SectionVersions {
    /// The version of a section; 0 if the application does not exist.
    pub fn version(&self, section: Section) -> i64 {
        version(&self.0, section)
    }
}

fn version(history: &[Recorded<Event>], section: Section) -> i64 {
    let mut newest_first = history.iter().rev();
    let last = newest_first.find(|recorded| changes(&recorded.event, section));
    last.map_or(0, |recorded| recorded.sequence)
}

fn changes(event: &Event, section: Section) -> bool {
    let section_versions: &[Section] = match event {
        Event::NewIntegrationCreated { .. } | Event::AiqIntegrateCreated { .. } => return true,
        Event::DescriptionChanged { .. }
        | Event::CategoryChanged { .. }
        | Event::EntitiesChanged { .. }
        | Event::EndDateChanged { .. } => &[Section::Details],
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
    section_versions.contains(&section)
}

impl Gatebook {
    pub(in crate::application) async fn section_versions(&self, id: &str) -> Result<SectionVersions, Failure> {
        // A stream that holds unreadable events can still be shown, and stopped.
        Ok(SectionVersions(
            self.log.load_readable::<IntegrationApp>(id).await?.history,
        ))
    }
}
