//! The list of all projections. Whoever creates, writes, rebuilds or verifies rows takes it from here, so that nothing else
//! has to be told of a new projection.

use cqrs_es::Aggregate;
use gatebook_aggregates::access_token::AccessToken;
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::group::Group;
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_aggregates::refused_attempts::RefusedAttempts;
use gatebook_aggregates::system::System;
use gatebook_aggregates::timeline_views::TimelineViews;
use gatebook_aggregates::user_account::UserAccount;

use crate::app_list::AppList;
use crate::developers::Developers;
use crate::groups::Groups;
use crate::portal_apps::PortalApps;
use crate::projection::AnyProjection;
use crate::recorded::{Recorded, UnreadableEvent};
use crate::revoked_tokens::RevokedTokens;
use crate::row_write::RowWrite;
use crate::system::SystemState;
use crate::token_gate::TokenGate;

/// An aggregate that the registry knows, with the projections of its events.
pub trait Projected: Aggregate + 'static {
    /// Each folds a whole stream to its row.
    const FOLDS: &'static [FoldOf<Self>];

    /// The rows that are written with events of a stream: one of each projection at most.
    ///
    /// # Errors
    /// See [`RowWrite::of`].
    fn rows(stream: &[Recorded<Self::Event>]) -> Result<Vec<RowWrite>, UnreadableEvent> {
        let rows = Self::FOLDS.iter().filter_map(|fold| fold(stream).transpose());
        rows.collect()
    }
}

/// Folds a whole stream of an aggregate to the row of one projection.
pub type FoldOf<A> = fn(&[Recorded<<A as Aggregate>::Event>]) -> Result<Option<RowWrite>, UnreadableEvent>;

/// Makes of one list what reads, creates, verifies and rebuilds tables ([`all`]), and what writes them ([`Projected`]). A
/// projection in the list of an aggregate whose events it does not fold is an error of the compiler.
macro_rules! registry {
    ($($aggregate:ty => [$($projection:ty),* $(,)?]),* $(,)?) => {
        /// All projections.
        pub fn all() -> Vec<AnyProjection> {
            vec![$($(AnyProjection::of::<$projection>(),)*)*]
        }

        $(
            impl Projected for $aggregate {
                const FOLDS: &'static [FoldOf<Self>] = &[$(RowWrite::of::<$projection>),*];
            }
        )*
    };
}

registry! {
    IntegrationApp => [
        AppList,
        PortalApps,
        TokenGate,
    ],
    AccessToken => [RevokedTokens],
    Group => [Groups],
    Developer => [Developers],
    System => [SystemState],
    UserAccount => [],
    RefusedAttempts => [],
    TimelineViews => [],
}

/// The projection with this name.
pub fn named(name: &str) -> Option<AnyProjection> {
    all().into_iter().find(|projection| projection.name == name)
}
