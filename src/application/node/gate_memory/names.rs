//! What the gate keeps in memory has names, and every event says which of them it changes.

use std::str::FromStr;

use cqrs_es::Aggregate;
use gatebook_aggregates::access_token::{AccessToken, AccessTokenEventType};
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::group::{Group, GroupEventType};
use gatebook_aggregates::identifiers::{AccessTokenId, AppId, GroupId};
use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppEventType};
use gatebook_aggregates::refused_attempts::RefusedAttempts;
use gatebook_aggregates::system::{System, SystemEventType};
use gatebook_aggregates::timeline_views::TimelineViews;
use gatebook_aggregates::usage::Usage;
use gatebook_aggregates::user_account::UserAccount;

/// The name of something that the gate decides by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Name {
    /// An application.
    App(AppId),
    /// A group's plan and entities.
    Group(GroupId),
    /// Whether an access token was revoked.
    Token(AccessTokenId),
    /// Which application has this client id. That never changes.
    Client(String),
    /// The credentials of the resource server with this client id.
    ResourceServer(String),
}

/// An event as far as it takes to know what it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EventName {
    pub(super) aggregate_type: String,
    pub(super) aggregate_id: String,
    pub(super) event_type: String,
}

/// What an event changes of all that the gate decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Touched {
    Nothing,
    One(Name),
    Everything,
}

impl EventName {
    /// What the event changes. An event that this program does not know, which a newer one may have appended, can change
    /// everything.
    pub(super) fn touches(&self) -> Touched {
        match self.aggregate_type.as_str() {
            IntegrationApp::TYPE => self.known(|event| self.of_app(event)),
            Group::TYPE => self.known(|event| self.of_group(event)),
            AccessToken::TYPE => self.known(|event| match event {
                AccessTokenEventType::AccessTokenRevoked => self.one(Name::Token),
            }),
            System::TYPE => self.known(of_installation),
            Developer::TYPE | UserAccount::TYPE | RefusedAttempts::TYPE | TimelineViews::TYPE | Usage::TYPE => {
                Touched::Nothing
            }
            _ => Touched::Everything,
        }
    }

    fn known<E: FromStr>(&self, touches: impl FnOnce(E) -> Touched) -> Touched {
        self.event_type.parse().map_or(Touched::Everything, touches)
    }

    fn one<Id: FromStr>(&self, name: impl FnOnce(Id) -> Name) -> Touched {
        let id = self.aggregate_id.parse().ok();
        id.map_or(Touched::Everything, |id| Touched::One(name(id)))
    }

    fn of_app(&self, event: IntegrationAppEventType) -> Touched {
        use IntegrationAppEventType as Event;
        match event {
            // What does not exist is not remembered as such.
            Event::NewIntegrationCreated | Event::AiqIntegrateCreated => Touched::Nothing,
            Event::EntitiesChanged
            | Event::ClientSecretGenerated
            | Event::ClientSecretRetired
            | Event::ApplicationSuspended
            | Event::ApplicationResumed
            | Event::ApplicationRevoked => self.one(Name::App),
            Event::DeveloperInvited
            | Event::DeveloperRegistered
            | Event::InvitationResent
            | Event::VerificationCodeSent
            | Event::VerificationCodeMistyped
            | Event::InvitationAccepted
            | Event::OneTimePasswordMistyped
            | Event::UnusableOneTimePasswordTried
            | Event::DeveloperVerified
            | Event::OneTimePasswordReset
            | Event::DeveloperAccessRevoked
            | Event::DescriptionChanged
            | Event::CategoryChanged
            | Event::CredentialsRevealed
            | Event::ActivityLogDownloaded => Touched::Nothing,
        }
    }

    fn of_group(&self, event: GroupEventType) -> Touched {
        use GroupEventType as Event;
        match event {
            Event::GroupRegistered | Event::ProductPlanChanged | Event::EntityAdded | Event::EntityRemoved => {
                GroupId::parse(&self.aggregate_id).map_or(Touched::Everything, |group| Touched::One(Name::Group(group)))
            }
            Event::GroupRenamed
            | Event::EntityRenamed
            | Event::UserAdded
            | Event::UserRenamed
            | Event::UserEmailChanged
            | Event::UserRoleChanged
            | Event::UserRemoved
            | Event::PermissionGranted
            | Event::PermissionWithdrawn
            | Event::UserTokenIssued
            | Event::UserTokenRevoked
            | Event::GroupActivityLogDownloaded => Touched::Nothing,
        }
    }
}

fn of_installation(event: SystemEventType) -> Touched {
    use SystemEventType as Event;
    match event {
        // The moment is part of every answer, and so is never out of date.
        Event::TokensEnded => Touched::Nothing,
        // Rare, and the names of the event alone do not say which.
        Event::ResourceServerCreated | Event::ResourceServerEnded | Event::EventQuarantined => Touched::Everything,
        Event::OperatorTokenCreated | Event::OperatorTokenEnded | Event::SystemLogDownloaded => Touched::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use gatebook_aggregates::identifiers::GroupId;
    use uuid::Uuid;

    use super::*;
    use crate::log::readable::EVENT_NAMES;

    fn event(aggregate_type: &str, aggregate_id: &str, event_type: &str) -> EventName {
        EventName {
            aggregate_type: aggregate_type.to_owned(),
            aggregate_id: aggregate_id.to_owned(),
            event_type: event_type.to_owned(),
        }
    }

    #[test]
    fn r25_what_stops_or_changes_an_application_a_group_or_a_token_touches_it() {
        let id = Uuid::from_u128(7);
        let app = Touched::One(Name::App(id.into()));
        for event_type in [
            "ApplicationSuspended",
            "ApplicationResumed",
            "ApplicationRevoked",
            "ClientSecretGenerated",
            "ClientSecretRetired",
            "EntitiesChanged",
        ] {
            assert_eq!(
                event("IntegrationApp", &id.to_string(), event_type).touches(),
                app,
                "{event_type}"
            );
        }
        let group = Touched::One(Name::Group(GroupId::parse("acme").unwrap()));
        for event_type in ["ProductPlanChanged", "EntityAdded", "EntityRemoved"] {
            assert_eq!(event("Group", "acme", event_type).touches(), group, "{event_type}");
        }
        let token = event("AccessToken", &id.to_string(), "AccessTokenRevoked");
        assert_eq!(token.touches(), Touched::One(Name::Token(id.into())));
        for event_type in ["ResourceServerEnded", "ResourceServerCreated", "EventQuarantined"] {
            assert_eq!(event("System", "system", event_type).touches(), Touched::Everything);
        }
    }

    #[test]
    fn what_this_program_does_not_know_touches_everything() {
        for unknown in [
            event("IntegrationApp", &Uuid::nil().to_string(), "ApplicationLent"),
            event("Group", "acme", "GroupMerged"),
            event("Partner", "p", "PartnerAdded"),
            event("IntegrationApp", "not an id", "ApplicationSuspended"),
            event("Group", "not an id!", "EntityRemoved"),
        ] {
            assert_eq!(unknown.touches(), Touched::Everything, "{unknown:?}");
        }
    }

    #[test]
    fn every_event_of_this_program_is_known_by_its_name() {
        for (aggregate_type, event_types) in EVENT_NAMES {
            for event_type in *event_types {
                let touched = event(aggregate_type, &Uuid::nil().to_string(), event_type).touches();
                let is_rare = ["ResourceServerCreated", "ResourceServerEnded", "EventQuarantined"].contains(event_type);
                assert_eq!(touched == Touched::Everything, is_rare, "{event_type}");
            }
        }
    }
}
