//! Who is this user, what may they do? And what belongs to their group?

use gatebook_aggregates::group::{
    Customer, CustomerEvent, Group, GroupEvent as Event, GroupSubject, GroupUser, ProductPlan,
};
use gatebook_aggregates::identifiers::{EntityId, GroupId, UserId};
use gatebook_aggregates::persistent_map::PersistentMap;
use gatebook_aggregates::text::Label;

use crate::projection::{Indexes, Projection};
use crate::recorded::Recorded;
use crate::row::Row;
use crate::sql::{Query, RowError, RowReader, Value};

/// The projection `groups`.
pub struct Groups;

row! {
    /// A group with all that belongs to it.
    pub struct GroupRow {
        group_id: GroupId,
        customer: Customer {
            name: Label,
            product_plan: ProductPlan,
            entities: PersistentMap<EntityId, Label> as rows of group_entities (group_id, entity_id, name),
            users: PersistentMap<UserId, GroupUser> as rows of group_users (group_id, user_id, details) => {
                email_key: String = details.email.key(),
                daily_mail: Option<String> = details.attention_mails.daily.then(|| "daily".to_owned())
            },
        },
        version: i64,
        position: i64,
    }
}

impl GroupRow {
    /// A user of the group.
    pub fn user(&self, user_id: &UserId) -> Option<&GroupUser> {
        self.customer.users.get(user_id)
    }
}

impl Projection for Groups {
    const NAME: &'static str = "groups";
    const FOLD_VERSION: i64 = 5;
    const INDEXES: Indexes = Indexes::on_both(
        "create index if not exists group_users_by_email_key_{generation} on {group_users} (email_key);
         create index if not exists group_users_by_digest_{generation} on {group_users} (daily_mail) where daily_mail is not null;",
    );
    type Aggregate = Group;
    type Row = GroupRow;

    fn fold(row: Option<GroupRow>, recorded: &Recorded<Event>) -> Option<GroupRow> {
        let (version, position) = (recorded.sequence, recorded.position);
        match (row, recorded.event.subject()) {
            // R28: whoever only looks changes nothing.
            (row, GroupSubject::AuditedRead) => row,
            (None, GroupSubject::Customer(CustomerEvent::Registered { name, product_plan })) => Some(GroupRow {
                group_id: GroupId::parse(&recorded.aggregate_id).ok()?,
                customer: Customer::registered(name, product_plan),
                version,
                position,
            }),
            (None, _) => None,
            (Some(mut row), subject) => {
                row.customer.record(subject);
                Some(GroupRow {
                    version,
                    position,
                    ..row
                })
            }
        }
    }
}

fn select() -> String {
    format!("select {} from groups", GroupRow::select_list("groups"))
}

/// The group with this id.
pub fn by_id(id: &GroupId) -> Query {
    Query::new(select() + " where group_id = $1", [id.as_str().into()])
}

/// A part of a `select`: the entities of the group with the id in a column, as one JSON object.
pub fn entities_of(group_id: &str) -> String {
    let table = GroupRow::MAPS.iter().find(|map| map.name == "group_entities");
    table.map(|table| table.json(group_id)).unwrap_or_default()
}

/// A user with an address: who, and of which group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundByEmail {
    /// Which group.
    pub group_id: GroupId,
    /// Its name.
    pub group_name: Label,
    /// The user.
    pub user_id: UserId,
}

impl FoundByEmail {
    /// Reads a row of [`with_user_email`].
    pub fn read(values: Vec<Value>) -> Result<Self, RowError> {
        let mut row = RowReader::new(Groups::NAME, values);
        Ok(Self {
            group_id: row.value()?,
            group_name: row.value()?,
            user_id: row.value()?,
        })
    }
}

/// The users with this address, as [`EmailAddress::key`] writes it; by the names of their groups. See [`FoundByEmail`].
///
/// [`EmailAddress::key`]: gatebook_aggregates::email_address::EmailAddress::key
pub fn with_user_email(email_key: &str) -> Query {
    let sql = "select g.group_id, g.name, u.user_id from groups g join group_users u on u.group_id = g.group_id \
               where u.email_key = $1 order by g.name, g.group_id, u.user_id";
    Query::new(sql, [email_key.into()])
}

/// Users who want a daily digest and have none of this day or a later one, of at most so many: group and user. The table
/// `attention_digests` knows the last one of each.
pub fn without_digest_of(day: &str, at_most: i64) -> Query {
    let sql = "select u.group_id, u.user_id from group_users u \
               left join attention_digests s on s.owner = u.group_id || '/' || u.user_id \
               where u.daily_mail is not null and (s.day is null or s.day < $1) order by u.group_id, u.user_id limit $2";
    Query::new(sql, [day.into(), at_most.into()])
}

/// A user of a group, with what they may do there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserOfGroup {
    /// The user.
    pub user_id: UserId,
    /// What the group knows of them.
    pub user: GroupUser,
}

impl UserOfGroup {
    /// Reads a row of [`users_of`].
    pub fn read(values: Vec<Value>) -> Result<Self, RowError> {
        let mut row = RowReader::new(Groups::NAME, values);
        let user_id = row.value()?;
        let details = row.text()?;
        let user = serde_json::from_str(&details).map_err(|problem| RowError {
            table: "group_users",
            column: 1,
            problem: problem.to_string(),
        })?;
        Ok(Self { user_id, user })
    }
}

/// The users of a group, by id. See [`UserOfGroup`].
pub fn users_of(group_id: &GroupId) -> Query {
    let sql = "select u.user_id, u.details from group_users u where u.group_id = $1 order by u.user_id";
    Query::new(sql, [group_id.as_str().into()])
}

/// All groups, by id.
pub fn all() -> Query {
    Query::new(select() + " order by group_id", [])
}

#[cfg(test)]
mod tests;
