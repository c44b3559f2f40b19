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
use gatebook_aggregates::usage::Usage;
use gatebook_aggregates::user_account::UserAccount;

use crate::app_list::AppList;
use crate::developers::Developers;
use crate::groups::Groups;
use crate::portal_apps::PortalApps;
use crate::projection::AnyProjection;
use crate::recorded::{Recorded, StoredEvent, UnreadableEvent};
use crate::revoked_tokens::RevokedTokens;
use crate::row::StoredRow;
use crate::row_base::RowBase;
use crate::row_write::RowWrite;
use crate::system::SystemState;
use crate::token_gate::TokenGate;

/// An aggregate that the registry knows, with the projections of its events.
pub trait Projected: Aggregate + 'static {
    /// Each folds a whole stream to its row.
    const FOLDS: &'static [FoldOf<Self>];

    /// The rows that are written with new events of a stream: one of each projection at most. The history is all of the stream
    /// before them, or what came after the row that the fold begins with.
    ///
    /// # Errors
    /// See [`RowWrite::of`].
    fn rows(
        base: &RowBase,
        history: &[Recorded<Self::Event>],
        new: &[Recorded<Self::Event>],
    ) -> Result<Vec<RowWrite>, UnreadableEvent> {
        let rows = Self::FOLDS
            .iter()
            .filter_map(|fold| fold(base, history, new).transpose());
        rows.collect()
    }
}

/// Folds a stream of an aggregate, whole or onto an earlier row, to the row of one projection: its history, and the new events.
pub type FoldOf<A> = fn(
    &RowBase,
    &[Recorded<<A as Aggregate>::Event>],
    &[Recorded<<A as Aggregate>::Event>],
) -> Result<Option<RowWrite>, UnreadableEvent>;

/// Makes of one list what reads, creates, verifies and rebuilds tables ([`all`]), and what writes them ([`Projected`]). A
/// projection in the list of an aggregate whose events it does not fold is an error of the compiler.
macro_rules! registry {
    ($($aggregate:ty => [$($projection:ty),* $(,)?]),* $(,)?) => {
        /// All projections.
        pub fn all() -> Vec<AnyProjection> {
            vec![$($(AnyProjection::of::<$projection>(),)*)*]
        }

        /// What a whole stream folds to, for each of these projections in their order. Each event is read once.
        ///
        /// # Errors
        /// The first event that cannot be read, or is none of the projections' kind.
        pub fn fold_for_all(
            projections: &[AnyProjection],
            stream: &[StoredEvent],
        ) -> Result<Vec<Option<StoredRow>>, UnreadableEvent> {
            let Some(first) = stream.first() else {
                return Ok(projections.iter().map(|_| None).collect());
            };
            match first.aggregate_type.as_str() {
                $(<$aggregate>::TYPE => AnyProjection::fold_for_all::<$aggregate>(projections, stream),)*
                _ => Err(first.unreadable("this program does not know such streams")),
            }
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
    Usage => [],
}

/// The projection with this name.
pub fn named(name: &str) -> Option<AnyProjection> {
    all().into_iter().find(|projection| projection.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_folder_with_a_fold_is_in_the_list_under_its_own_name() {
        let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").read_dir().unwrap();
        let folders = folders.map(|entry| entry.unwrap().path()).filter(|path| {
            let code = std::fs::read_to_string(path.join("mod.rs")).unwrap_or_default();
            code.contains("impl Projection for ")
        });
        let folders: BTreeSet<_> = folders
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        let listed: BTreeSet<_> = all().iter().map(|projection| projection.name.to_owned()).collect();
        assert_eq!(folders, listed);
    }

    #[test]
    fn every_row_ends_with_where_it_stands() {
        for projection in all() {
            let [.., version, position] = projection.columns else {
                panic!("{} has too few columns", projection.name);
            };
            assert_eq!(
                (version.name, position.name),
                ("version", "position"),
                "{}",
                projection.name
            );
        }
    }
}
