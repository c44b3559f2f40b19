//! Who is this user, what may they do? And what belongs to their group?

use std::collections::BTreeMap;

use gatebook_aggregates::group::{
    Customer, CustomerEvent, Group, GroupEvent as Event, GroupSubject, GroupUser, ProductPlan,
};
use gatebook_aggregates::identifiers::{EntityId, GroupId, UserId};
use gatebook_aggregates::text::Label;

use crate::projection::Projection;
use crate::recorded::Recorded;
use crate::sql::{Column, Query, RowError, RowReader, Value, contains_pattern, int, text};

/// The projection `groups`.
pub struct Groups;

/// A group with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// Which group.
    pub group_id: GroupId,
    /// Name, plan, entities and users.
    pub customer: Customer,
    /// The stream's version.
    pub version: i64,
    /// The last event's position.
    pub position: i64,
}

impl GroupRow {
    /// A user of the group.
    pub fn user(&self, user_id: &UserId) -> Option<&GroupUser> {
        self.customer.users.get(user_id)
    }
}

impl Projection for Groups {
    const NAME: &'static str = "groups";
    const FOLD_VERSION: i64 = 3;
    const COLUMNS: &'static [Column] = &[
        text("group_id"),
        text("name"),
        text("product_plan"),
        text("entities"),
        text("users"),
        text("user_email_keys"),
        int("version"),
        int("position"),
    ];
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

    fn values(row: &GroupRow) -> Vec<Value> {
        vec![
            row.group_id.as_str().into(),
            row.customer.name.as_str().into(),
            row.customer.product_plan.as_str().into(),
            Value::json(&row.customer.entities),
            Value::json(&row.customer.users),
            user_email_keys(&row.customer).into(),
            row.version.into(),
            row.position.into(),
        ]
    }

    fn row(values: Vec<Value>) -> Result<GroupRow, RowError> {
        let mut row = RowReader::new(Self::NAME, values);
        let group_id = row.word()?;
        let customer = Customer {
            name: row.word::<Label>()?,
            product_plan: row.word::<ProductPlan>()?,
            entities: row.json::<BTreeMap<EntityId, Label>>()?,
            users: row.json::<BTreeMap<UserId, GroupUser>>()?,
        };
        row.text()?;
        Ok(GroupRow {
            group_id,
            customer,
            version: row.int()?,
            position: row.int()?,
        })
    }
}

const SELECT: &str =
    "select group_id, name, product_plan, entities, users, user_email_keys, version, position from groups";

/// The group with this id.
pub fn by_id(id: &GroupId) -> Query {
    Query::new(format!("{SELECT} where group_id = $1"), [id.as_str().into()])
}

/// A group that has users with an address: which ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundByEmail {
    /// Which group.
    pub group_id: GroupId,
    /// Its name.
    pub name: Label,
    /// Its users with the address, by id.
    pub user_ids: Vec<UserId>,
}

impl FoundByEmail {
    /// Reads a row of [`with_user_email`] with the same key.
    pub fn read(values: Vec<Value>, email_key: &str) -> Result<Self, RowError> {
        let mut row = RowReader::new(Groups::NAME, values);
        let (group_id, name, keys) = (row.word()?, row.word()?, row.text()?);
        let lines = keys.lines().filter_map(|line| line.split_once('\t'));
        let ids = lines.filter(|(key, _)| *key == email_key).map(|(_, id)| id);
        Ok(Self {
            group_id,
            name,
            user_ids: ids.filter_map(|id| UserId::parse(id).ok()).collect(),
        })
    }
}

/// The groups that have a user with this address, as [`EmailAddress::key`] writes it; by name. See [`FoundByEmail`].
///
/// [`EmailAddress::key`]: gatebook_aggregates::email_address::EmailAddress::key
pub fn with_user_email(email_key: &str) -> Query {
    let sql = r"select group_id, name, user_email_keys from groups
        where user_email_keys like $1 escape '\' order by name, group_id";
    Query::new(sql, [contains_pattern(&format!("\n{email_key}\t")).into()])
}

/// The users' addresses with their ids, each on a line of its own, so that a whole one can be searched for.
fn user_email_keys(customer: &Customer) -> String {
    let line = |(id, user): (&UserId, &GroupUser)| format!("\n{}\t{id}\n", user.email.key());
    customer.users.iter().map(line).collect()
}

/// All groups, by id.
pub fn all() -> Query {
    Query::new(format!("{SELECT} order by group_id"), [])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_with_an_address_are_found_among_the_addresses_alone() {
        let keys = "\nada@acme.example\tada\n\nada@acme.example\tada.too\n\nbada@acme.example\tbo\n";
        let row = || vec!["acme".into(), "Acme".into(), keys.into()];
        let ids = |email_key: &str| {
            let found = FoundByEmail::read(row(), email_key).unwrap();
            found.user_ids.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(ids("ada@acme.example"), ["ada", "ada.too"]);
        assert_eq!(ids("bada@acme.example"), ["bo"]);
        assert!(ids("da@acme.example").is_empty());
    }
}
