//! Reading what passed the gate, for rehearsals: by entity, access and client secret.

use std::collections::BTreeMap;
use std::str::FromStr;

use gatebook_aggregates::api_permission::Access;
use gatebook_aggregates::identifiers::{AppId, EntityId};
use gatebook_aggregates::rehearsal::RecordedCalls;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowError, RowReader, Value};

use super::hour::Day;
use crate::store::{Database, StoreError};

/// The first days that have counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstDays {
    /// Of this application; none while it has none.
    pub of_app: Option<Day>,
    /// Of any.
    pub of_all: Option<Day>,
}

/// The calls of these applications that passed since a day; only those with this entity or without any, if one is named.
///
/// # Errors
/// The database cannot be read.
pub async fn recorded_calls(
    database: &dyn Database,
    apps: &[AppId],
    since: Day,
    entity: Option<&EntityId>,
) -> Result<BTreeMap<AppId, Vec<RecordedCalls>>, StoreError> {
    let list = database.dialect().list("$1");
    let mut query = Query::new(
        format!(
            "select app_id, entity_id, access, client_secret_id, cast(sum(allowed) as bigint), max(last_at) \
             from usage_entities where app_id in ({list}) and day >= $2 and allowed > 0"
        ),
        [Value::json(&apps), since.text().into()],
    );
    if let Some(entity) = entity {
        let entity = query.arg(entity.as_str());
        query.push(&format!(" and entity_id in ('', {entity})"));
    }
    query.push(" group by app_id, entity_id, access, client_secret_id");
    let mut found: BTreeMap<AppId, Vec<RecordedCalls>> = BTreeMap::new();
    for row in database.rows(query).await? {
        let mut row = RowReader::new("usage_entities", row);
        let app_id = row.uuid()?.into();
        let calls = RecordedCalls {
            entity: EntityId::parse(&row.text()?).ok(),
            access: Access::from_str(&row.text()?).ok(),
            client_secret_id: row.text()?.parse().ok(),
            allowed: u64::try_from(row.int()?).unwrap_or_default(),
            last_at: row.time()?,
        };
        found.entry(app_id).or_default().push(calls);
    }
    Ok(found)
}

/// Since when there are counts.
///
/// # Errors
/// The database cannot be read.
pub async fn first_days(database: &dyn Database, app_id: AppId) -> Result<FirstDays, StoreError> {
    let sql = "select (select min(day) from usage_days where app_id = $1), \
                      (select min(day) from usage_days where app_id = '')";
    let rows = database.rows(Query::new(sql, [app_id.into()])).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(FirstDays::default());
    };
    let mut row = RowReader::new("usage_days", row);
    let mut day = || row.optional_text().map(|day| day.as_deref().and_then(Day::parse));
    Ok(FirstDays {
        of_app: day()?,
        of_all: day()?,
    })
}

/// When each entity of an application was used last before a day; those that never were are not in it.
///
/// # Errors
/// The database cannot be read.
pub async fn last_used_before(
    database: &dyn Database,
    app_id: AppId,
    before: Day,
) -> Result<BTreeMap<EntityId, Timestamp>, StoreError> {
    let sql = "select entity_id, max(last_at) from usage_entities \
               where app_id = $1 and day < $2 and allowed > 0 and entity_id <> '' group by entity_id";
    let rows = database
        .rows(Query::new(sql, [app_id.into(), before.text().into()]))
        .await?;
    let read = rows.into_iter().map(|row| {
        let mut row = RowReader::new("usage_entities", row);
        Ok((row.text()?, row.time()?))
    });
    let read: Vec<_> = read.collect::<Result<_, RowError>>()?;
    let entities = read
        .into_iter()
        .filter_map(|(id, at)| Some((EntityId::parse(&id).ok()?, at)));
    Ok(entities.collect())
}
