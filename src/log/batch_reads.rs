//! What a batch has to know of the log under its lock, asked in one question: each question more would keep the lock for the
//! way there and back.

use std::collections::{BTreeMap, BTreeSet};

use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::AppList;
use gatebook_projections::projection::Projection;
use gatebook_projections::sql::{Query, RowError, RowReader, Value};

use super::append::Append;
use super::credential_state::CredentialState;
use super::email_quota::EMAIL_QUOTA_WINDOW;
use super::email_quotas::EmailQuotas;
use super::fold_versions;
use super::generations::Generations;
use super::group_room::Applications;
use super::preconditions::Stream;
use crate::store::{Dialect, StoreError, Transaction};

/// The parts of the question, as their rows call themselves.
const FOLD: &str = "fold";
const STREAM: &str = "stream";
const RESERVED: &str = "reserved";
const KEY: &str = "key";
const CREDENTIAL: &str = "credential";
const APPLICATIONS: &str = "applications";
const EMAIL: &str = "email";

/// What the log holds of the things that appends are about.
pub(super) struct BatchReads {
    /// The versions of all streams that appends touch or depend on.
    pub(super) versions: BTreeMap<Stream, i64>,
    /// The names that are wanted and taken.
    pub(super) reserved: BTreeSet<String>,
    /// The idempotency keys that were used.
    pub(super) used_keys: BTreeSet<String>,
    /// The credentials that appends are based on.
    pub(super) credentials: CredentialState,
    /// How many applications groups have in which one is created.
    pub(super) applications: Applications,
    /// The e-mails that count against limits.
    pub(super) email_quotas: EmailQuotas,
    /// The generations of the projections' tables.
    pub(super) generations: Generations,
}

impl BatchReads {
    /// Asks. The versions of the folds come with it, and have to be this program's: read under the log's lock, because a
    /// rebuild by another program may have switched a table meanwhile.
    pub(super) async fn ask(
        transaction: &mut dyn Transaction,
        appends: &[Append],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let about = About::of(appends);
        let rows = transaction.rows(about.query(transaction.dialect(), now)).await?;
        let mut reads = Self {
            versions: BTreeMap::new(),
            reserved: BTreeSet::new(),
            used_keys: BTreeSet::new(),
            credentials: CredentialState::default(),
            applications: Applications::default(),
            email_quotas: EmailQuotas::at(now),
            generations: Generations::default(),
        };
        let mut folds = Folds::default();
        for row in rows {
            reads.add(row, &about, &mut folds)?;
        }
        fold_versions::check(&folds.versions)?;
        reads.generations = folds.generations.into_iter().collect();
        Ok(reads)
    }

    fn add(&mut self, row: Vec<Value>, about: &About<'_>, folds: &mut Folds) -> Result<(), RowError> {
        let mut row = RowReader::new("the log's state", row);
        let (part, a, b) = (row.text()?, row.text()?, row.text()?);
        match part.as_str() {
            FOLD => {
                folds.generations.push((a.clone(), b));
                folds.versions.push((a, row.int()?));
            }
            STREAM => {
                let kind = about.streams.iter().find(|(kind, _)| *kind == a);
                if let (Some((kind, _)), Some(version)) = (kind, row.optional_int()?) {
                    self.versions.insert((*kind, b), version);
                }
            }
            RESERVED => drop(self.reserved.insert(a)),
            KEY => drop(self.used_keys.insert(a)),
            CREDENTIAL => {
                let _ = row.optional_int()?;
                let kind = about.credentials.iter().find(|(kind, _)| *kind == a);
                if let Some((kind, _)) = kind {
                    self.credentials.found((*kind, b), row.text()?, row.text()?);
                }
            }
            APPLICATIONS => self.applications.counted(a, row.int()?),
            EMAIL => {
                let _ = row.optional_int()?;
                self.email_quotas.used(a, row.time()?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The projections, by name: the versions of their folds, and the generations of their tables.
#[derive(Default)]
struct Folds {
    versions: Vec<(String, i64)>,
    generations: Vec<(String, String)>,
}

/// What appends are about.
struct About<'a> {
    streams: BTreeSet<(&'static str, &'a str)>,
    names: BTreeSet<String>,
    keys: BTreeSet<&'a str>,
    credentials: BTreeSet<(&'static str, &'a str)>,
    groups: BTreeSet<&'a str>,
    quota_owners: BTreeSet<String>,
}

impl<'a> About<'a> {
    fn of(appends: &'a [Append]) -> Self {
        let written = appends.iter().flat_map(|append| &append.streams);
        let based_on = appends.iter().flat_map(|append| &append.preconditions);
        let guards = written
            .map(|stream| &stream.expected)
            .chain(based_on.map(|precondition| &precondition.guard));
        let wanted = appends.iter().flat_map(|append| &append.reservations);
        let free = appends.iter().flat_map(|append| &append.still_free);
        let names = wanted.map(|one| &one.key).chain(free);
        let keys = appends.iter().filter_map(|append| append.idempotency.as_ref());
        let credentials = appends.iter().flat_map(|append| &append.credential_guards);
        let rooms = appends.iter().filter_map(|append| append.room.as_ref());
        let emails = appends.iter().flat_map(|append| &append.emails);
        let quotas = emails.flat_map(|email| &email.quotas);
        Self {
            streams: guards
                .map(|guard| (guard.aggregate_type, guard.aggregate_id.as_str()))
                .collect(),
            names: names.map(ToString::to_string).collect(),
            keys: keys.map(|record| record.key.as_str()).collect(),
            credentials: credentials
                .map(|guard| (guard.kind.name(), guard.id.as_str()))
                .collect(),
            groups: rooms.map(|room| room.group_id.as_str()).collect(),
            quota_owners: quotas.map(|quota| quota.owner.to_string()).collect(),
        }
    }

    /// One question with the parts that something is about, so that there are few different ones to prepare.
    fn query(&self, dialect: Dialect, now: Timestamp) -> Query {
        let nothing = "cast(null as text)";
        let mut query = Query::new(
            format!(
                "select '{FOLD}' as part, name as a, generation || '.' || written_in_part as b, fold_version as n, {nothing} as c, \
                 {nothing} as d from projections"
            ),
            [],
        );
        if !self.streams.is_empty() {
            let Pairs { list, first, second } = Pairs::of(dialect, &query.arg(Value::json(&self.streams)));
            query.push(&format!(
                " union all select '{STREAM}', {first}, {second}, (select max(e.sequence) from events e \
                 where e.aggregate_type = {first} and e.aggregate_id = {second}), {nothing}, {nothing} from {list}"
            ));
        }
        for (part, table, keys) in [
            (
                RESERVED,
                "reservations",
                (!self.names.is_empty()).then(|| Value::json(&self.names)),
            ),
            (
                KEY,
                "idempotency_keys",
                (!self.keys.is_empty()).then(|| Value::json(&self.keys)),
            ),
        ] {
            if let Some(keys) = keys {
                let keys = dialect.list(&query.arg(keys));
                query.push(&format!(
                    " union all select '{part}', key, '', 0, {nothing}, {nothing} from {table} where key in ({keys})"
                ));
            }
        }
        if !self.credentials.is_empty() {
            let Pairs { list, first, second } = Pairs::of(dialect, &query.arg(Value::json(&self.credentials)));
            query.push(&format!(
                " union all select '{CREDENTIAL}', c.kind, c.id, 0, c.owner, c.digest from {list} \
                 join credentials c on c.kind = {first} and c.id = {second}"
            ));
        }
        if !self.groups.is_empty() {
            let groups = dialect.list(&query.arg(Value::json(&self.groups)));
            let (table, revoked) = (AppList::NAME, query.arg(<&str>::from(Status::Revoked)));
            query.push(&format!(
                " union all select '{APPLICATIONS}', group_id, '', count(*), {nothing}, {nothing} from {table} \
                 where group_id in ({groups}) and status <> {revoked} group by group_id"
            ));
        }
        if !self.quota_owners.is_empty() {
            let owners = dialect.list(&query.arg(Value::json(&self.quota_owners)));
            let since = query.arg(now.plus(-EMAIL_QUOTA_WINDOW));
            query.push(&format!(
                " union all select '{EMAIL}', owner, '', 0, used_at, {nothing} from email_quota_uses \
                 where owner in ({owners}) and used_at > {since}"
            ));
        }
        query
    }
}

/// How a JSON list of pairs is read.
struct Pairs {
    list: String,
    first: &'static str,
    second: &'static str,
}

impl Pairs {
    fn of(dialect: Dialect, placeholder: &str) -> Self {
        match dialect {
            Dialect::Sqlite => Self {
                list: format!("json_each({placeholder}) p"),
                first: "(p.value ->> 0)",
                second: "(p.value ->> 1)",
            },
            Dialect::Postgres => Self {
                list: format!("json_array_elements({placeholder}::json) p"),
                first: "(p.value ->> 0)",
                second: "(p.value ->> 1)",
            },
        }
    }
}
