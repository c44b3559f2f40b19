//! Reading what was counted, for admins, developers and operators.

use std::collections::BTreeMap;

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::timestamp::Timestamp;

use crate::application::authorization::{Operator, Reader, VerifiedDeveloper};
use crate::application::caller::Caller;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::store::StoreError;
use crate::usage::{self, Bucket, Day, EntityUsage, ReadPeriod, Refusal, Steps};

/// How many days lists and pages show, today included.
pub const DAYS_SHOWN: i64 = 30;

/// What was counted of an application, by the beginnings of hours or days.
pub struct UsageSoFar {
    /// Only hours or days with something.
    pub buckets: BTreeMap<Timestamp, Bucket>,
    /// When a check was allowed last.
    pub last_used_at: Option<Timestamp>,
}

/// The last [`DAYS_SHOWN`] days of an application.
#[derive(Clone, Debug, Default)]
pub struct AppUsage {
    /// Every day, oldest first; today is the last.
    pub days: Vec<(Day, Bucket)>,
    /// When a check was allowed last.
    pub last_used_at: Option<Timestamp>,
}

impl AppUsage {
    /// All days together.
    pub fn sum(&self) -> Bucket {
        let mut sum = Bucket::default();
        self.days.iter().for_each(|(_, bucket)| sum.merge(bucket));
        sum
    }
}

impl Gatebook {
    /// Writes what was counted. What cannot be written now is written later.
    ///
    /// # Errors
    /// The database cannot be written, or this machine's clock is wrong: it would say that something was used years from now.
    pub async fn write_usage(&self) -> Result<(), StoreError> {
        self.log.writer.clocks().look(self.database()).await?;
        usage::write(&self.usage, self.database(), self.clock.now()).await
    }

    /// Forgets hours that are older than they are kept for.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn forget_usage_hours(&self) -> Result<(), StoreError> {
        usage::forget_hours(self.database(), self.clock.now()).await
    }

    /// R3: what an application of the reader's group was used for.
    ///
    /// # Errors
    /// `NotFound` for another group's application.
    pub async fn app_usage(
        &self,
        reader: Reader<'_>,
        id: AppId,
        period: ReadPeriod,
        steps: Steps,
    ) -> Result<UsageSoFar, Failure> {
        self.app(reader, id).await?;
        self.usage_of(reader.caller, id, period, steps).await
    }

    /// R3: the same by entity and access.
    ///
    /// # Errors
    /// As above.
    pub async fn app_usage_by_entity(
        &self,
        reader: Reader<'_>,
        id: AppId,
        period: ReadPeriod,
    ) -> Result<Vec<EntityUsage>, Failure> {
        self.app(reader, id).await?;
        self.entities_of(reader.caller, id, period).await
    }

    /// R3: the last refusals of an application of the reader's group, newest first; those of one request, if it is named.
    ///
    /// # Errors
    /// As above.
    pub async fn app_refusals(
        &self,
        reader: Reader<'_>,
        id: AppId,
        request_id: Option<&str>,
    ) -> Result<Vec<Refusal>, Failure> {
        self.app(reader, id).await?;
        Ok(usage::refusals(self.database(), id, request_id).await?)
    }

    /// R22: what the developer's application was used for.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn portal_usage(
        &self,
        developer: &VerifiedDeveloper<'_>,
        period: ReadPeriod,
        steps: Steps,
    ) -> Result<UsageSoFar, Failure> {
        let (caller, id) = (developer.caller(), developer.app().app_id);
        self.usage_of(caller, id, period, steps).await
    }

    /// R22: the same by entity and access.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn portal_usage_by_entity(
        &self,
        developer: &VerifiedDeveloper<'_>,
        period: ReadPeriod,
    ) -> Result<Vec<EntityUsage>, Failure> {
        let (caller, app) = (developer.caller(), developer.app());
        let entities = self.entities_of(caller, app.app_id, period).await?;
        Ok(usage::without_names_of_others(entities, &app.entities))
    }

    /// R22: the last refusals of the developer's application. Which gateway asked is the provider's business.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn portal_refusals(
        &self,
        developer: &VerifiedDeveloper<'_>,
        request_id: Option<&str>,
    ) -> Result<Vec<Refusal>, Failure> {
        let mut refusals = usage::refusals(self.database(), developer.app().app_id, request_id).await?;
        refusals.iter_mut().for_each(|refusal| refusal.gateway.clear());
        Ok(refusals)
    }

    /// What all applications of the installation were used for.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn installation_usage(
        &self,
        operator: Operator<'_>,
        period: ReadPeriod,
        steps: Steps,
    ) -> Result<BTreeMap<Timestamp, Bucket>, Failure> {
        let _slot = self.read_slot(operator.caller).await?;
        Ok(usage::of_all(self.database(), period, steps).await?)
    }

    /// The last days of these applications, which the caller was shown. One question for all of them, and one for their last
    /// uses.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn usage_of_listed(&self, apps: &[AppId]) -> Result<BTreeMap<AppId, AppUsage>, StoreError> {
        if apps.is_empty() {
            return Ok(BTreeMap::new());
        }
        let first = Day::of(self.clock.now()).plus(1 - DAYS_SHOWN);
        let mut counted = usage::of_apps_by_day(self.database(), apps, first).await?;
        let last_used = usage::last_used(self.database(), apps).await?;
        let every_day = |mut counted: BTreeMap<Day, Bucket>| {
            let days = (0..DAYS_SHOWN).map(|number| first.plus(number));
            days.map(|day| (day, counted.remove(&day).unwrap_or_default()))
                .collect()
        };
        let mut of_app = |id: &AppId| AppUsage {
            days: every_day(counted.remove(id).unwrap_or_default()),
            last_used_at: last_used.get(id).copied(),
        };
        Ok(apps.iter().map(|id| (*id, of_app(id))).collect::<BTreeMap<_, _>>())
    }

    /// The days that pages show.
    pub fn usage_period(&self) -> ReadPeriod {
        let today = Day::of(self.clock.now());
        ReadPeriod {
            from: today.plus(1 - DAYS_SHOWN).begins(),
            to: today.ends(),
        }
    }

    async fn usage_of(
        &self,
        caller: &Caller,
        id: AppId,
        period: ReadPeriod,
        steps: Steps,
    ) -> Result<UsageSoFar, Failure> {
        let _slot = self.read_slot(caller).await?;
        let buckets = usage::of_app(self.database(), id, period, steps).await?;
        let last_used = usage::last_used(self.database(), &[id]).await?;
        Ok(UsageSoFar {
            buckets,
            last_used_at: last_used.get(&id).copied(),
        })
    }

    async fn entities_of(&self, caller: &Caller, id: AppId, period: ReadPeriod) -> Result<Vec<EntityUsage>, Failure> {
        let _slot = self.read_slot(caller).await?;
        Ok(usage::by_entity(self.database(), id, period).await?)
    }
}
