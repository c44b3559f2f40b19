//! What somebody saw of an application when they decided to change it. A decision depends on one side of it, and not on
//! everything that happens to it: a developer who rotates secrets does not stand in the way of an admin who edits.

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppEvent as Event};
use gatebook_projections::recorded::Recorded;

use super::app_view::AppView;
use super::caller::Caller;
use super::failure::Failure;
use super::gatebook::Gatebook;
use crate::log::{CommandError, Loaded, Pinned};

/// A side of an application. Its version is the place in the stream of the last fact that changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
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
pub enum Pin {
    /// Nothing else.
    #[default]
    Nothing,
    /// The whole application, at a version that `If-Match` named.
    Version(Pinned),
    /// One side of it, at the version that was seen. What happens to the other sides is of no matter.
    AsSeen(Side, i64),
}

impl From<Pinned> for Pin {
    fn from(if_match: Pinned) -> Self {
        match if_match {
            Pinned::Any => Self::Nothing,
            named => Self::Version(named),
        }
    }
}

impl From<Option<i64>> for Pin {
    fn from(version: Option<i64>) -> Self {
        Pinned::from(version).into()
    }
}

impl Pin {
    /// Whether an application's events end as it was seen; for whoever decides on these very events.
    ///
    /// # Errors
    /// `VersionMismatch`.
    pub(super) fn require(&self, stream: &Loaded<IntegrationApp>) -> Result<(), CommandError> {
        let current = stream.seen_version();
        let is_as_seen = match self {
            Self::Nothing => true,
            Self::Version(named) => current == 0 || named.allows(current),
            Self::AsSeen(side, seen) => version(&stream.history, *side) == *seen,
        };
        match is_as_seen {
            true => Ok(()),
            false => Err(CommandError::VersionMismatch { current }),
        }
    }

    /// A side that moved between looking and committing is looked at again; only a version that the caller named is final.
    pub(super) fn of_conflict(&self, error: CommandError) -> CommandError {
        match (self, error) {
            (Self::AsSeen(..), CommandError::VersionMismatch { .. }) => CommandError::Conflict,
            (_, error) => error,
        }
    }
}

/// The versions of all sides of an application at one moment.
pub struct Sides(Vec<Recorded<Event>>);

impl Sides {
    /// The version of this one; 0 of an application that does not exist.
    pub fn version(&self, side: Side) -> i64 {
        version(&self.0, side)
    }
}

fn version(history: &[Recorded<Event>], side: Side) -> i64 {
    let mut newest_first = history.iter().rev();
    let last = newest_first.find(|recorded| changes(&recorded.event, side));
    last.map_or(0, |recorded| recorded.sequence)
}

fn changes(event: &Event, side: Side) -> bool {
    let sides: &[Side] = match event {
        Event::NewIntegrationCreated { .. } | Event::AiqIntegrateCreated { .. } => return true,
        Event::DescriptionChanged { .. } | Event::CategoryChanged { .. } | Event::EntitiesChanged { .. } => {
            &[Side::Details]
        }
        Event::DeveloperInvited { .. } | Event::DeveloperRegistered { .. } | Event::DeveloperAccessRevoked { .. } => {
            &[Side::Developer, Side::Invitation, Side::OneTimePassword]
        }
        Event::InvitationResent { .. } | Event::InvitationAccepted { .. } => &[Side::Invitation],
        Event::OneTimePasswordReset { .. } | Event::DeveloperVerified { .. } => &[Side::OneTimePassword],
        Event::ApplicationSuspended { .. } | Event::ApplicationResumed { .. } | Event::ApplicationRevoked { .. } => {
            &[Side::Status]
        }
        Event::VerificationCodeSent { .. }
        | Event::VerificationCodeMistyped { .. }
        | Event::OneTimePasswordMistyped { .. }
        | Event::DeadOneTimePasswordTried { .. }
        | Event::CredentialsRevealed { .. }
        | Event::ClientSecretGenerated { .. }
        | Event::ClientSecretRetired { .. }
        | Event::ActivityLogDownloaded { .. } => &[],
    };
    sides.contains(&side)
}

impl Gatebook {
    /// R2-R4: an application of the caller's group, with the versions of its sides. They are read first, so that they are
    /// never newer than what is seen.
    pub async fn app_and_sides(&self, caller: &Caller, id: AppId) -> Result<(AppView, Sides), Failure> {
        let sides = self.sides(&id.to_string()).await?;
        Ok((self.app(caller, id).await?, sides))
    }

    /// The versions of the stream that a change may be decided on.
    ///
    /// # Errors
    /// `VersionMismatch` when the side that was seen has changed.
    pub(super) async fn pinned(&self, id: &str, pin: &Pin) -> Result<Pinned, Failure> {
        match pin {
            Pin::Nothing => Ok(Pinned::Any),
            Pin::Version(named) => Ok(named.clone()),
            Pin::AsSeen(side, seen) => {
                let loaded = self.log.load_readable::<IntegrationApp>(id).await?;
                let current = loaded.seen_version();
                if Sides(loaded.history).version(*side) != *seen {
                    return Err(CommandError::VersionMismatch { current }.into());
                }
                Ok(Some(current).into())
            }
        }
    }

    async fn sides(&self, id: &str) -> Result<Sides, Failure> {
        // Also of what cannot be read to its end something can be seen, and stopped.
        Ok(Sides(self.log.load_readable::<IntegrationApp>(id).await?.history))
    }
}
