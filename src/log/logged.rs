//! What the log has to know of each kind of aggregate.

use cqrs_es::Aggregate;
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::group::Group;
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_aggregates::refused_attempts::{AttemptsOf, RefusedAttempts};
use gatebook_aggregates::system::System;
use gatebook_aggregates::timeline_views::TimelineViews;
use gatebook_aggregates::user_account::UserAccount;
use gatebook_projections::app_list::AppList;
use gatebook_projections::developers::Developers;
use gatebook_projections::groups::Groups;
use gatebook_projections::portal_apps::PortalApps;
use gatebook_projections::projection::Projection;
use gatebook_projections::recorded::{Recorded, UnreadableEvent};
use gatebook_projections::system::SystemState;
use gatebook_projections::token_gate::TokenGate;

use super::append::RowWrite;
use super::read_back;

/// An aggregate whose events are logged and folded.
pub trait Logged: Aggregate + 'static {
    /// The group whose log the events belong to (R4); empty when there is none.
    fn group_id(&self, aggregate_id: &str) -> String;

    /// R6: the application's name, for its events; empty for others.
    fn app_name(&self) -> String;

    /// The rows that a whole stream folds to.
    ///
    /// # Errors
    /// A row that is not read back from its values as what it was folded to.
    fn rows(stream: &[Recorded<Self::Event>]) -> Result<Vec<RowWrite>, UnreadableEvent>;
}

impl Logged for IntegrationApp {
    fn group_id(&self, _: &str) -> String {
        self.created().map(|app| app.group_id.to_string()).unwrap_or_default()
    }

    fn app_name(&self) -> String {
        self.created()
            .map(|app| app.name.as_str().to_owned())
            .unwrap_or_default()
    }

    fn rows(stream: &[Recorded<Self::Event>]) -> Result<Vec<RowWrite>, UnreadableEvent> {
        let rows = [
            row::<AppList>(stream)?,
            row::<PortalApps>(stream)?,
            row::<TokenGate>(stream)?,
        ];
        Ok(rows.into_iter().flatten().collect())
    }
}

impl Logged for Group {
    fn group_id(&self, aggregate_id: &str) -> String {
        aggregate_id.to_owned()
    }

    fn app_name(&self) -> String {
        String::new()
    }

    fn rows(stream: &[Recorded<Self::Event>]) -> Result<Vec<RowWrite>, UnreadableEvent> {
        Ok(row::<Groups>(stream)?.into_iter().collect())
    }
}

impl Logged for Developer {
    fn group_id(&self, _: &str) -> String {
        String::new()
    }

    fn app_name(&self) -> String {
        String::new()
    }

    fn rows(stream: &[Recorded<Self::Event>]) -> Result<Vec<RowWrite>, UnreadableEvent> {
        Ok(row::<Developers>(stream)?.into_iter().collect())
    }
}

impl Logged for UserAccount {
    fn group_id(&self, aggregate_id: &str) -> String {
        let group_id = aggregate_id.split_once('/').map(|(group_id, _)| group_id);
        group_id.unwrap_or_default().to_owned()
    }

    fn app_name(&self) -> String {
        String::new()
    }

    fn rows(_: &[Recorded<Self::Event>]) -> Result<Vec<RowWrite>, UnreadableEvent> {
        Ok(Vec::new())
    }
}

impl Logged for RefusedAttempts {
    fn group_id(&self, aggregate_id: &str) -> String {
        AttemptsOf::group_id(aggregate_id).to_owned()
    }

    fn app_name(&self) -> String {
        String::new()
    }

    fn rows(_: &[Recorded<Self::Event>]) -> Result<Vec<RowWrite>, UnreadableEvent> {
        Ok(Vec::new())
    }
}

impl Logged for TimelineViews {
    fn group_id(&self, _: &str) -> String {
        self.last
            .as_ref()
            .map(|view| view.group_id.to_string())
            .unwrap_or_default()
    }

    fn app_name(&self) -> String {
        String::new()
    }

    fn rows(_: &[Recorded<Self::Event>]) -> Result<Vec<RowWrite>, UnreadableEvent> {
        Ok(Vec::new())
    }
}

impl Logged for System {
    fn group_id(&self, _: &str) -> String {
        String::new()
    }

    fn app_name(&self) -> String {
        String::new()
    }

    fn rows(stream: &[Recorded<Self::Event>]) -> Result<Vec<RowWrite>, UnreadableEvent> {
        Ok(row::<SystemState>(stream)?.into_iter().collect())
    }
}

fn row<P: Projection>(
    stream: &[Recorded<<P::Aggregate as Aggregate>::Event>],
) -> Result<Option<RowWrite>, UnreadableEvent> {
    let (Some(row), Some(last)) = (stream.iter().fold(None, P::fold), stream.last()) else {
        return Ok(None);
    };
    let values = P::values(&row);
    read_back::row::<P>(&row, &values, last)?;
    Ok(Some(RowWrite {
        table: P::NAME,
        columns: P::COLUMNS,
        values,
    }))
}
