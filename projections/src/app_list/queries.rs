//! The questions asked of `app_list`: one application, or a page of them by filter, order and cursor.

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::catalog::CategoryCode;
use gatebook_aggregates::email_address::comparable_address;
use gatebook_aggregates::identifiers::{AppId, EntityId, GroupId};
use gatebook_aggregates::integration_app::{IntegrationType, Status};
use gatebook_aggregates::text::Label;
use gatebook_aggregates::text_comparison::searchable;
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::attention::{AttentionAt, Beside, NeedsAttention, needs_attention, select_beside};
use super::{AppList, AppRow, Link};
use crate::part_search::PartSearch;
use crate::projection::Projection;
use crate::row::Row;
use crate::sql::{Query, RowError, RowReader, Value, select_list};

/// How far an application's developer is, as admins see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DeveloperStatus {
    /// Nobody is linked.
    None,
    /// Invited, without an account.
    Invited,
    /// Signed up, OTP not verified.
    OtpPending,
    /// OTP verified.
    Verified,
}

impl DeveloperStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// An application together with what `developers` knows of its developer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppListed {
    /// The application.
    pub app: AppRow,
    /// The developer's name, once signed up.
    pub developer_name: Option<Label>,
    /// What other tables know of it.
    pub beside: Beside,
}

impl AppListed {
    /// Reads a row of [`by_id`] or [`page`].
    pub fn read(values: Vec<Value>) -> Result<Self, RowError> {
        let mut row = RowReader::new(AppList::NAME, values);
        Ok(Self {
            app: AppRow::read(&mut row)?,
            developer_name: row.value()?,
            beside: Beside::read(&mut row)?,
        })
    }

    /// Who has an account needs no invitation any more, through whichever application they signed up.
    pub fn developer_status(&self) -> DeveloperStatus {
        match self.app.link {
            Link::None => DeveloperStatus::None,
            Link::Verified => DeveloperStatus::Verified,
            Link::Assigned => DeveloperStatus::OtpPending,
            Link::Invited if self.developer_name.is_some() => DeveloperStatus::OtpPending,
            Link::Invited => DeveloperStatus::Invited,
        }
    }

    /// R18: when the invitation that somebody can still sign up with ends.
    pub fn invite_expires_at(&self) -> Option<Timestamp> {
        let waiting = self.developer_status() == DeveloperStatus::Invited;
        self.app.invite_expires_at.filter(|_| waiting)
    }
}

/// Which applications to list. Text is searched as a part, without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// R4: of this group; none for operators, who see all.
    pub group_id: Option<GroupId>,
    /// R27.
    pub status: Option<Status>,
    /// How far the developer is.
    pub developer_status: Option<DeveloperStatus>,
    /// R5.
    pub integration_type: Option<IntegrationType>,
    /// R8.
    pub category: Option<CategoryCode>,
    /// R10.
    pub api_permission: Option<ApiPermission>,
    /// R11: having this entity.
    pub entity: Option<EntityId>,
    /// A part of the name.
    pub name: Option<String>,
    /// A part of the description.
    pub description: Option<String>,
    /// A part of the developer's address.
    pub developer_email: Option<String>,
    /// Created at this time or later.
    pub created_from: Option<Timestamp>,
    /// Created before this time.
    pub created_before: Option<Timestamp>,
    /// No check was allowed at this time or later.
    pub unused_since: Option<Timestamp>,
    /// Needing attention.
    pub attention: Option<NeedsAttention>,
    /// As of when, if it is asked.
    pub attention_at: Option<AttentionAt>,
}

impl Filter {
    /// Whether many rows may have to be looked at before there is a page. Without, it is the first rows of an index.
    pub fn is_search(&self) -> bool {
        let whole_list = Self {
            group_id: self.group_id.clone(),
            ..Self::default()
        };
        *self != whole_list
    }

    /// Whether it looks for a part of a text.
    pub fn has_text(&self) -> bool {
        self.name.is_some() || self.description.is_some() || self.developer_email.is_some()
    }
}

/// The order of a list. The id breaks ties, so that every order is total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    /// By name.
    #[serde(rename = "name")]
    Name,
    /// By name, backwards.
    #[serde(rename = "-name")]
    NameDescending,
    /// Oldest first.
    #[serde(rename = "created_at")]
    CreatedAt,
    /// Newest first.
    #[default]
    #[serde(rename = "-created_at")]
    CreatedAtDescending,
    /// By status.
    #[serde(rename = "status")]
    Status,
    /// By status, backwards.
    #[serde(rename = "-status")]
    StatusDescending,
}

impl Sort {
    /// The same order from its end.
    pub fn reversed(self) -> Self {
        match self {
            Self::Name => Self::NameDescending,
            Self::NameDescending => Self::Name,
            Self::CreatedAt => Self::CreatedAtDescending,
            Self::CreatedAtDescending => Self::CreatedAt,
            Self::Status => Self::StatusDescending,
            Self::StatusDescending => Self::Status,
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Name | Self::NameDescending => "name_key",
            Self::CreatedAt | Self::CreatedAtDescending => "created_at",
            Self::Status | Self::StatusDescending => "status",
        }
    }

    fn descending(self) -> bool {
        matches!(
            self,
            Self::NameDescending | Self::CreatedAtDescending | Self::StatusDescending
        )
    }
}

/// The place in a list after which the next page begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The order it belongs to.
    pub sort: Sort,
    /// The last row's value of the order's column.
    pub key: String,
    /// The last row's id.
    pub app_id: AppId,
}

impl Cursor {
    /// The place after this application.
    pub fn after(sort: Sort, app: &AppRow) -> Self {
        let key = match sort {
            Sort::Name | Sort::NameDescending => app.name.uniqueness_key(),
            Sort::CreatedAt | Sort::CreatedAtDescending => app.created_at.to_string(),
            Sort::Status | Sort::StatusDescending => <&str>::from(app.status).to_owned(),
        };
        Self {
            sort,
            key,
            app_id: app.app_id,
        }
    }
}

/// One application.
pub fn by_id(app_id: AppId) -> Query {
    let mut query = select("app_list");
    let id = query.arg(app_id);
    query.push(&format!(" where a.app_id = {id}"));
    query
}

/// How many applications [`page_among_first`] looks at. One that has a hundredth of them fills a page of the console.
const LOOKED_AT_FIRST: u32 = 5_000;

/// A page of at most `limit` applications.
pub fn page(filter: &Filter, sort: Sort, after: Option<&Cursor>, limit: i64, search: PartSearch) -> Query {
    let mut query = select("app_list");
    query.is_planned_for_its_arguments = filter.is_search();
    let mut conditions = conditions(&mut query, filter, search);
    conditions.extend(after.map(|cursor| beyond(&mut query, sort, cursor, "a.")));
    push_conditions(&mut query, &conditions);
    push_order(&mut query, sort, "a.", limit);
    query
}

/// The same page if the first few thousand applications after the place fill it, fewer rows otherwise.
///
/// What many applications have is found sooner this way than by an index of texts, which gives all of them before they can
/// be put in order: with a million applications, 2 % of which fit, forty times as soon.
pub fn page_among_first(filter: &Filter, sort: Sort, after: Option<&Cursor>, limit: i64) -> Query {
    let mut first = Query::new("(select * from app_list", []);
    let mut place = Vec::new();
    if let Some(group_id) = &filter.group_id {
        place.push(format!("group_id = {}", first.arg(group_id.as_str())));
    }
    place.extend(after.map(|cursor| beyond(&mut first, sort, cursor, "")));
    push_conditions(&mut first, &place);
    push_order(&mut first, sort, "", i64::from(LOOKED_AT_FIRST));
    let mut query = select(&format!("{})", first.sql));
    query.args = first.args;
    query.is_planned_for_its_arguments = true;
    let conditions = conditions(&mut query, filter, PartSearch::RowByRow);
    push_conditions(&mut query, &conditions);
    push_order(&mut query, sort, "a.", limit);
    query
}

/// The same page from the applications that have the text, which an index finds, put in order afterwards.
///
/// Left to itself PostgreSQL looks at the applications in the order of the list as soon as it takes the text for frequent, and
/// looks at very many if those that have it stand together far from the place: among a million, 5,500 that were created one after
/// the other took 240 ms that way.
pub fn page_by_index(filter: &Filter, sort: Sort, after: Option<&Cursor>, limit: i64) -> Query {
    let column = sort.column();
    let from = "app_list a left join developers d on d.email_key = a.developer_email_key";
    let mut found = Query::new(
        format!("with found as materialized (select a.app_id, a.{column} from {from}"),
        [],
    );
    found.is_planned_for_its_arguments = true;
    let mut conditions = conditions(&mut found, filter, PartSearch::ByIndex);
    conditions.extend(after.map(|cursor| beyond(&mut found, sort, cursor, "a.")));
    push_conditions(&mut found, &conditions);
    found.push("), first as (select app_id from found");
    push_order(&mut found, sort, "", limit);
    let direction = direction(sort);
    let columns = select_list(AppRow::COLUMNS, "a.");
    found.push(&format!(
        ") select {columns}, d.full_name, {} from {from} where a.app_id in (select app_id from first) \
         order by a.{column} {direction}, a.app_id {direction}",
        select_beside()
    ));
    found
}

fn beyond(query: &mut Query, sort: Sort, cursor: &Cursor, table: &str) -> String {
    let (column, beyond) = (sort.column(), if sort.descending() { "<" } else { ">" });
    let (key, id) = (query.arg(cursor.key.as_str()), query.arg(cursor.app_id));
    format!("({table}{column}, {table}app_id) {beyond} ({key}, {id})")
}

fn push_conditions(query: &mut Query, conditions: &[String]) {
    if !conditions.is_empty() {
        query.push(" where ");
        query.push(&conditions.join(" and "));
    }
}

fn push_order(query: &mut Query, sort: Sort, table: &str, limit: i64) {
    let (column, direction) = (sort.column(), direction(sort));
    let limit = query.arg(limit);
    query.push(&format!(
        " order by {table}{column} {direction}, {table}app_id {direction} limit {limit}"
    ));
}

fn direction(sort: Sort) -> &'static str {
    if sort.descending() { "desc" } else { "asc" }
}

fn select(apps: &str) -> Query {
    let sql = format!(
        "select {}, d.full_name, {} from {apps} a left join developers d on d.email_key = a.developer_email_key",
        select_list(AppRow::COLUMNS, "a."),
        select_beside()
    );
    Query::new(sql, [])
}

fn conditions(query: &mut Query, filter: &Filter, search: PartSearch) -> Vec<String> {
    let equals = [
        ("a.group_id", filter.group_id.as_ref().map(|id| id.as_str())),
        ("a.status", filter.status.map(<&str>::from)),
        (
            "a.integration_type",
            filter.integration_type.map(IntegrationType::as_str),
        ),
        ("a.category", filter.category.as_ref().map(CategoryCode::as_str)),
        ("a.api_permission", filter.api_permission.map(ApiPermission::as_str)),
    ];
    let folded = |text: &Option<String>| text.as_deref().map(searchable);
    let entity = filter.entity.as_ref().map(|entity| format!("\"{entity}\""));
    let contains = [
        ("a.name_search", folded(&filter.name)),
        ("a.description_search", folded(&filter.description)),
        (
            "a.developer_email_key",
            filter.developer_email.as_deref().map(comparable_address),
        ),
        ("a.entities", entity),
    ];
    let ranges = [(">=", filter.created_from), ("<", filter.created_before)];
    let mut conditions = Vec::new();
    for (column, value) in equals {
        if let Some(value) = value {
            conditions.push(format!("{column} = {}", query.arg(value)));
        }
    }
    for (column, part) in contains {
        if let Some(part) = part {
            conditions.push(search.contains(query, column, &part));
        }
    }
    for (beyond, moment) in ranges {
        if let Some(moment) = moment {
            conditions.push(format!("a.created_at {beyond} {}", query.arg(moment)));
        }
    }
    if let Some(since) = filter.unused_since {
        let since = query.arg(since);
        conditions.push(format!(
            "not exists (select 1 from last_uses u where u.id = a.app_id and u.last_used_at >= {since})"
        ));
    }
    conditions.extend(
        filter
            .attention
            .map(|wanted| needs_attention(query, wanted, filter.attention_at)),
    );
    conditions.extend(
        filter
            .developer_status
            .map(|status| developer_status_is(status).to_owned()),
    );
    conditions
}

/// The same as [`AppListed::developer_status`], for the database.
fn developer_status_is(status: DeveloperStatus) -> &'static str {
    match status {
        DeveloperStatus::None => "a.link = 'none'",
        DeveloperStatus::Verified => "a.link = 'verified'",
        DeveloperStatus::Invited => "(a.link = 'invited' and d.developer_id is null)",
        DeveloperStatus::OtpPending => "(a.link = 'assigned' or (a.link = 'invited' and d.developer_id is not null))",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_asks_the_database_for_filter_order_and_place() {
        let filter = Filter {
            group_id: Some(GroupId::parse("acme").unwrap()),
            name: Some("PAY_roll".to_owned()),
            developer_status: Some(DeveloperStatus::OtpPending),
            ..Filter::default()
        };
        let cursor = Cursor {
            sort: Sort::NameDescending,
            key: "zebra".to_owned(),
            app_id: "00000000-0000-0000-0000-000000000000".parse().unwrap(),
        };
        let query = page(&filter, Sort::NameDescending, Some(&cursor), 51, PartSearch::RowByRow);
        let (_, tail) = query.sql.split_once("a.developer_email_key where ").unwrap();
        assert_eq!(
            tail,
            r"a.group_id = $1 and a.name_search like $2 escape '\' and (a.link = 'assigned' or (a.link = 'invited' and d.developer_id is not null)) and (a.name_key, a.app_id) < ($3, $4) order by a.name_key desc, a.app_id desc limit $5"
        );
        assert_eq!(query.args[1], Value::from(r"%pay\_roll%"));
    }

    #[test]
    fn only_the_whole_list_of_one_group_or_of_all_is_no_search() {
        let of_group = Filter {
            group_id: Some(GroupId::parse("acme").unwrap()),
            ..Filter::default()
        };
        let searches = |filter: &Filter| {
            let query = page(filter, Sort::Name, None, 51, PartSearch::ByIndex);
            assert_eq!(query.is_planned_for_its_arguments, filter.is_search());
            filter.is_search()
        };
        assert!(!searches(&Filter::default()) && !searches(&of_group));
        let suspended = Filter {
            status: Some(Status::Suspended),
            ..of_group.clone()
        };
        let named = Filter {
            name: Some("%".to_owned()),
            ..of_group
        };
        assert!(searches(&suspended) && searches(&named));
    }
}
