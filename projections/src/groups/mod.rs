//! Who is this user, what may they do? And what belongs to their group?

use std::collections::BTreeMap;

use gatebook_aggregates::group::{
    Customer, CustomerEvent, Group, GroupEvent as Event, GroupSubject, GroupUser, ProductPlan,
};
use gatebook_aggregates::identifiers::{EntityId, GroupId, UserId};
use gatebook_aggregates::text::Label;

use crate::projection::{Indexes, Projection};
use crate::recorded::Recorded;
use crate::row::Row;
use crate::sql::{Query, RowError, RowReader, Value, contains_pattern, select_list};

/// The projection `groups`.
pub struct Groups;

row! {
    /// A group with all that belongs to it.
    pub struct GroupRow {
        group_id: GroupId,
        customer: Customer {
            name: Label,
            product_plan: ProductPlan,
            entities: BTreeMap<EntityId, Label>,
            users: BTreeMap<UserId, GroupUser> => { user_email_keys: String = user_email_keys(users) },
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
    const FOLD_VERSION: i64 = 3;
    // SQLite looks at the groups one after the other.
    const INDEXES: Indexes = Indexes {
        postgres: "create index if not exists groups_search_user_email_keys_{generation} on {table} \
                   using gin (user_email_keys gin_trgm_ops);",
        ..Indexes::NONE
    };
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
    format!("select {} from groups", select_list(GroupRow::COLUMNS, ""))
}

/// The group with this id.
pub fn by_id(id: &GroupId) -> Query {
    Query::new(select() + " where group_id = $1", [id.as_str().into()])
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
        let (group_id, name, keys) = (row.value()?, row.value()?, row.text()?);
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
fn user_email_keys(users: &BTreeMap<UserId, GroupUser>) -> String {
    let line = |(id, user): (&UserId, &GroupUser)| format!("\n{}\t{id}\n", user.email.key());
    users.iter().map(line).collect()
}

/// All groups, by id.
pub fn all() -> Query {
    Query::new(select() + " order by group_id", [])
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
