//! R29: the log of an application, a group, a developer's account or the installation as a stream of bytes. It is read
//! page by page in constant memory.

use std::sync::Arc;

use cqrs_es::Aggregate;
use futures::stream::{self, Stream};
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::identifiers::{AppId, DeveloperId, GroupId};
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_aggregates::log_format::LogFormat;
use gatebook_aggregates::refused_attempts::{AttemptsOf, RefusedAttempts};
use gatebook_aggregates::system::{SYSTEM_ID, System};
use gatebook_aggregates::text_comparison::comparable;
use gatebook_aggregates::timeline_views::TimelineViews;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_aggregates::usage::Usage;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::{Query, Value};

use super::{csv, ndjson};
use crate::log::read::{SELECT_EVENTS, events};
use crate::store::{Database, ReadAhead, StoreError};

/// How many events are read and sent at a time.
pub const PAGE: usize = 1_000;
/// The most characters of a name in a file name.
const SLUG_MAX_CHARS: usize = 60;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The events of one application, and events of other streams that concern it.
    App(AppId),
    /// The events of a group and of all its applications.
    Group(GroupId),
    /// The events of a developer's portal account, which belongs to no group, and the attempts refused to it.
    Developer(DeveloperId),
    /// The events of the installation, and the attempts refused to operators and to people without an account.
    System,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPeriod {
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
    /// The last position to include. Events written during the export are not in it, so it always ends.
    pub up_to_position: i64,
}

/// The bytes of a log, in order.
///
/// The first item contains the header and the first events, so a caller that waits for it before answering can still
/// report that the database is away. A later error is the last item, so an incomplete export does not look complete.
pub fn export(
    database: Arc<dyn Database>,
    scope: Scope,
    range: LogPeriod,
    format: LogFormat,
) -> impl Stream<Item = Result<Vec<u8>, StoreError>> + Send + 'static {
    let begin = ExportStream {
        database,
        scope,
        range,
        format,
        next: NextPage::First,
    };
    stream::try_unfold(begin, ExportStream::piece)
}

/// The newest events that concern an application, in any stream, before `before_position` if given; newest first. Views
/// of the timeline are left out: otherwise each view would start with itself.
///
/// # Errors
/// The database cannot be read.
pub async fn newest_first(
    database: &dyn Database,
    app_id: AppId,
    before_position: Option<i64>,
    limit: u32,
) -> Result<Vec<StoredEvent>, StoreError> {
    let mut query = Query::new(format!("{SELECT_EVENTS} where "), []);
    concerns_app(&mut query, app_id, |query| {
        let (views, before) = (
            query.arg(TimelineViews::TYPE),
            query.arg(before_position.unwrap_or(i64::MAX)),
        );
        format!("aggregate_type <> {views} and position < {before} order by position desc limit {limit}")
    });
    query.push(&format!(" order by position desc limit {limit}"));
    events(database.rows(query).await?)
}

/// A name for the downloaded file, with `a-z`, `0-9`, `-` and `.` only. `name` is the name of the application or group.
pub fn file_name(scope: &Scope, name: &str, format: LogFormat) -> String {
    let (prefix, id) = match scope {
        Scope::App(id) => ("activity-log", id.to_string()),
        Scope::Group(id) => ("activity-log-group", id.to_string()),
        Scope::Developer(id) => ("activity-log-developer", id.to_string()),
        Scope::System => ("activity-log", SYSTEM_ID.to_owned()),
    };
    let named = [slug(name), slug(&id)].into_iter().find(|s| !s.is_empty());
    let extension = <&str>::from(format);
    match named {
        Some(named) => format!("{prefix}-{named}.{extension}"),
        None => format!("{prefix}.{extension}"),
    }
}

struct ExportStream {
    database: Arc<dyn Database>,
    scope: Scope,
    range: LogPeriod,
    format: LogFormat,
    next: NextPage,
}

enum NextPage {
    First,
    /// It is being read while the page before it is written and sent.
    BeingRead(ReadAhead),
    Nothing,
}

impl ExportStream {
    async fn piece(mut self) -> Result<Option<(Vec<u8>, Self)>, StoreError> {
        let (mut bytes, page) = match std::mem::replace(&mut self.next, NextPage::Nothing) {
            NextPage::First => (self.header()?, self.read_after(0)),
            NextPage::BeingRead(page) => (Vec::new(), page),
            NextPage::Nothing => return Ok(None),
        };
        let page = events(page.rows().await?)?;
        self.next = match page.last() {
            Some(last) if page.len() == PAGE => NextPage::BeingRead(self.read_after(last.position)),
            _ => NextPage::Nothing,
        };
        bytes.extend(self.encode(page)?);
        Ok((!bytes.is_empty()).then_some((bytes, self)))
    }

    fn read_after(&self, position: i64) -> ReadAhead {
        ReadAhead::begin(&self.database, page_query(&self.scope, &self.range, position))
    }

    fn header(&self) -> Result<Vec<u8>, StoreError> {
        match self.format {
            LogFormat::Csv => csv::header(),
            LogFormat::Ndjson => Ok(Vec::new()),
        }
    }

    fn encode(&self, page: Vec<StoredEvent>) -> Result<Vec<u8>, StoreError> {
        match self.format {
            LogFormat::Csv => csv::rows(page, self.scope.app_id()),
            LogFormat::Ndjson => ndjson::lines(page, self.scope.app_id()),
        }
    }
}

impl Scope {
    fn app_id(&self) -> Option<AppId> {
        match self {
            Self::App(id) => Some(*id),
            Self::Group(_) | Self::Developer(_) | Self::System => None,
        }
    }
}

fn page_query(scope: &Scope, range: &LogPeriod, after: i64) -> Query {
    let mut query = Query::new(SELECT_EVENTS, []);
    match scope {
        Scope::Developer(id) => of_account(&mut query, Developer::TYPE, (*id).into(), &AttemptsOf::Developer(*id)),
        Scope::System => of_account(&mut query, System::TYPE, SYSTEM_ID.into(), &AttemptsOf::Installation),
        Scope::App(id) => {
            query.push(" where ");
            concerns_app(&mut query, *id, |query| page_conditions(query, range, after));
            query.push(&format!(" order by position limit {PAGE}"));
            return query;
        }
        Scope::Group(id) => of_column(&mut query, "group_id", id.as_str().into()),
    }
    let conditions = page_conditions(&mut query, range, after);
    query.push(&format!(" and {conditions}"));
    query
}

/// What is on a page, in its order.
fn page_conditions(query: &mut Query, range: &LogPeriod, after: i64) -> String {
    let (after, up_to) = (query.arg(after), query.arg(range.up_to_position));
    let mut conditions = format!("position > {after} and position <= {up_to}");
    for (comparison, moment) in [(">=", range.from), ("<", range.to)] {
        if let Some(moment) = moment {
            let moment = query.arg(moment);
            conditions.push_str(&format!(" and recorded_at {comparison} {moment}"));
        }
    }
    conditions.push_str(&format!(" order by position limit {PAGE}"));
    conditions
}

/// The events that speak of an application, and those of its group's usage that name it among others. Each of the two is found
/// by an index of its own, in order and limited as `conditions` say.
///
/// A group has one event of its usage a day, whose key begins with the group's id, so that they are few; which of them name the
/// application, their text tells.
fn concerns_app(query: &mut Query, app_id: AppId, conditions: impl FnOnce(&mut Query) -> String) {
    let (id, usage) = (query.arg(app_id), query.arg(Usage::TYPE));
    let named = query.arg(format!("%\"app_id\":\"{app_id}\"%"));
    let conditions = conditions(query);
    let created = query.arg(IntegrationApp::TYPE);
    let group = format!(
        "(select c.group_id from events c where c.aggregate_type = {created} and c.aggregate_id = {id} and c.sequence = 1)"
    );
    query.push(&format!(
        "position in (\
         select position from (select position from events where app_id = {id} and app_id <> '' and {conditions}) own \
         union all \
         select position from (select position from events where aggregate_type = {usage} \
         and aggregate_id >= {group} || '/' and aggregate_id < {group} || '0' \
         and cast(payload as text) like {named} and {conditions}) named)"
    ));
}

/// The stream of an account or of the installation, and the streams of attempts refused to it. No index has them in one
/// order, so each page finds all of them; these logs are short.
fn of_account(query: &mut Query, kind: &'static str, id: Value, attempts: &AttemptsOf) {
    let refused = attempts.stream_ids();
    let (kind, id) = (query.arg(kind), query.arg(id));
    let (of_refused, from, to) = (
        query.arg(RefusedAttempts::TYPE),
        query.arg(refused.start),
        query.arg(refused.end),
    );
    query.push(&format!(
        " where (aggregate_type = {kind} and aggregate_id = {id} \
         or aggregate_type = {of_refused} and aggregate_id >= {from} and aggregate_id < {to})"
    ));
}

/// Worded so that the partial indexes `events_by_app` and `events_by_group` apply.
fn of_column(query: &mut Query, column: &str, id: Value) {
    let id = query.arg(id);
    query.push(&format!(" where {column} = {id} and {column} <> ''"));
}

/// The name in characters that all systems and headers accept.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in comparable(name).chars() {
        match plain(c) {
            "" if c.is_ascii_alphanumeric() => slug.push(c),
            "" if slug.is_empty() || slug.ends_with('-') => {}
            "" => slug.push('-'),
            letters => slug.push_str(letters),
        }
    }
    let short: String = slug.chars().take(SLUG_MAX_CHARS).collect();
    short.trim_end_matches('-').to_owned()
}

/// The usual spelling in ASCII of a letter that ASCII lacks. Empty for all others.
fn plain(c: char) -> &'static str {
    match c {
        'ä' | 'æ' => "ae",
        'ö' | 'œ' => "oe",
        'ü' => "ue",
        'à' | 'á' | 'â' | 'ã' | 'å' => "a",
        'ç' => "c",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ñ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' => "o",
        'ù' | 'ú' | 'û' => "u",
        _ => "",
    }
}
