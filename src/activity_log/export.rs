//! R29: the log of an application, a group, a developer's account or the installation as a stream of bytes. It is read
//! page by page in constant memory.

use std::sync::Arc;

use cqrs_es::Aggregate;
use futures::stream::{self, Stream};
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::identifiers::{AppId, DeveloperId, GroupId};
use gatebook_aggregates::log_format::LogFormat;
use gatebook_aggregates::refused_attempts::{AttemptsOf, RefusedAttempts};
use gatebook_aggregates::system::{SYSTEM_ID, System};
use gatebook_aggregates::text_comparison::comparable;
use gatebook_aggregates::timeline_views::TimelineViews;
use gatebook_aggregates::timestamp::Timestamp;
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
    let sql = format!(
        "{SELECT_EVENTS} where app_id = $1 and app_id <> '' and aggregate_type <> $2 and position < $3 \
         order by position desc limit $4"
    );
    let args = [
        app_id.into(),
        TimelineViews::TYPE.into(),
        before_position.unwrap_or(i64::MAX).into(),
        i64::from(limit).into(),
    ];
    events(database.rows(Query::new(sql, args)).await?)
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
            LogFormat::Csv => csv::rows(page),
            LogFormat::Ndjson => ndjson::lines(page),
        }
    }
}

fn page_query(scope: &Scope, range: &LogPeriod, after: i64) -> Query {
    let mut query = Query::new(SELECT_EVENTS, []);
    match scope {
        Scope::Developer(id) => of_account(&mut query, Developer::TYPE, (*id).into(), &AttemptsOf::Developer(*id)),
        Scope::System => of_account(&mut query, System::TYPE, SYSTEM_ID.into(), &AttemptsOf::Installation),
        Scope::App(id) => of_column(&mut query, "app_id", (*id).into()),
        Scope::Group(id) => of_column(&mut query, "group_id", id.as_str().into()),
    }
    let (after, up_to) = (query.arg(after), query.arg(range.up_to_position));
    query.push(&format!(" and position > {after} and position <= {up_to}"));
    for (comparison, moment) in [(">=", range.from), ("<", range.to)] {
        if let Some(moment) = moment {
            let moment = query.arg(moment);
            query.push(&format!(" and recorded_at {comparison} {moment}"));
        }
    }
    query.push(&format!(" order by position limit {PAGE}"));
    query
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
