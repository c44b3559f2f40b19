//! An application as admins and operators see it, with what its group and its developer add.

use crate::application::authorization::Reader;
use crate::application::command::section_versions::SectionVersions;
use gatebook_aggregates::identifiers::AppId;
use std::sync::Arc;

use gatebook_aggregates::attention::{Attention, attention};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::EntityId;
use gatebook_aggregates::integration_app::{IntegrationApp, has_ended};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::{self, AppList, AppListed, AppRow, Beside, DeveloperStatus, Link};
use gatebook_projections::groups::GroupRow;

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::Committed;
use crate::store::StoreError;

/// An application with the names of its entities and of its developer.
#[derive(Clone, Debug)]
pub struct AppView {
    listed: AppListed,
    group: Arc<GroupRow>,
    /// As of when.
    at: Timestamp,
}

impl AppView {
    pub(in crate::application) fn new(listed: AppListed, group: Arc<GroupRow>, at: Timestamp) -> Self {
        Self { listed, group, at }
    }

    /// What of it needs attention, the most urgent first.
    pub fn attention(&self) -> Vec<Attention> {
        let is_on_plan = self.group.customer.product_plan.has_integration_apps();
        let has_entities = self.entities().next().is_some();
        attention(&self.listed.attention_facts(is_on_plan, has_entities), self.at)
    }

    /// R14, R18: why its developer cannot go on with the invitation or the OTP that they have, if so.
    pub fn stuck_with(&self) -> Option<Attention> {
        self.listed.open_with_developer().dead(self.at).next()
    }

    /// Whether its end date has passed.
    pub fn has_ended(&self) -> bool {
        has_ended(self.app().ends_at, self.at)
    }

    /// What stands beside it in other tables.
    pub fn beside(&self) -> &Beside {
        &self.listed.beside
    }

    /// The application.
    pub fn app(&self) -> &AppRow {
        &self.listed.app
    }

    /// Its group.
    pub fn group(&self) -> &GroupRow {
        &self.group
    }

    /// How far its developer is.
    pub fn developer_status(&self) -> DeveloperStatus {
        self.listed.developer_status()
    }

    /// Its developer's name, once they have verified for this application: before, all that an admin knows of them is
    /// the address as it was typed, and whoever types an address learns no name.
    pub fn developer_name(&self) -> Option<&Label> {
        let verified = self.app().link == Link::Verified;
        self.listed.developer_name.as_ref().filter(|_| verified)
    }

    /// R18: when the invitation that its developer can still sign up with ends.
    pub fn invite_expires_at(&self) -> Option<Timestamp> {
        self.listed.invite_expires_at()
    }

    /// R25: its entities that are still the group's, with their names.
    pub fn entities(&self) -> impl Iterator<Item = (&EntityId, &Label)> {
        let names = &self.group.customer.entities;
        self.app().entities.iter().filter_map(move |id| names.get_key_value(id))
    }

    /// R25: its entities that the group has no more. They open nothing, unless the group gets them back.
    pub fn removed_entities(&self) -> impl Iterator<Item = &EntityId> {
        let names = &self.group.customer.entities;
        self.app().entities.iter().filter(move |id| !names.contains_key(*id))
    }
}

impl Gatebook {
    /// R2-R4: an application of the caller's group, with the versions of its sections. The versions are read first, so that
    /// they are never newer than what is shown.
    pub async fn app_and_section_versions(
        &self,
        reader: Reader<'_>,
        id: AppId,
    ) -> Result<(AppView, SectionVersions), Failure> {
        let section_versions = self.section_versions(&id.to_string()).await?;
        Ok((self.app(reader, id).await?, section_versions))
    }

    /// The application right after a command, at exactly that version.
    pub(in crate::application) async fn view_after(
        &self,
        done: &Committed<IntegrationApp>,
        group: Arc<GroupRow>,
    ) -> Result<AppView, Failure> {
        let app = done.row::<AppList>().ok_or(Refusal::NotFound)?;
        self.view_of(app, group).await
    }

    /// The view of a row, with what its developer adds.
    pub(in crate::application) async fn view_of(&self, app: AppRow, group: Arc<GroupRow>) -> Result<AppView, Failure> {
        let email_key = app.developer_email.as_ref().map(EmailAddress::key);
        let rows = self
            .database()
            .rows(app_list::beside(app.app_id, email_key.as_deref()))
            .await?;
        let row = rows.into_iter().next().ok_or(Refusal::NotFound)?;
        let listed = AppListed::beside_read(app, row).map_err(StoreError::from)?;
        Ok(AppView::new(listed, group, self.clock.now()))
    }
}
