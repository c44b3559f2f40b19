//! The one question that all checks share: where does the log end, what was appended since the last question, and what are
//! the facts that are not in memory? It is one statement, so that everything in its answer was committed at one moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use gatebook_aggregates::identifiers::AccessTokenId;
use gatebook_projections::groups::entities_of;
use gatebook_projections::row::Row;
use gatebook_projections::sql::{Query, Value, select_list};
use gatebook_projections::system::TOKENS_ENDED_BEFORE;
use gatebook_projections::token_gate::{TokenGateRow, UNREADABLE};

use super::names::Name;
use crate::application::stored_credential::COLUMNS_OF_C;
use crate::secrets::CredentialKind;
use crate::store::Dialect;

/// How many events since the last question are worth looking at; after more of them memory begins anew.
pub(super) const EVENTS_MAX: i64 = 1_000;

/// The end of the log at one moment. Position and id together name one history up to there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The position of the last event.
    pub position: i64,
    /// Its id, which no other event ever has. Empty before the first event.
    pub event_id: Arc<str>,
    /// The generations of all projections together: a rebuild counts one of them up.
    pub generations: i64,
}

/// Whose facts are asked for. Each in JSON lists of ids.
#[derive(Debug, Default)]
pub(super) struct Asked {
    apps: BTreeSet<String>,
    clients: BTreeSet<String>,
    pub(super) tokens: BTreeSet<AccessTokenId>,
    resource_servers: BTreeSet<String>,
}

impl Asked {
    /// Asks for what a name stands for. A group comes with its applications.
    pub(super) fn add(&mut self, name: &Name) {
        match name {
            Name::App(id) => drop(self.apps.insert(id.to_string())),
            Name::Client(id) => drop(self.clients.insert(id.clone())),
            Name::Token(id) => drop(self.tokens.insert(*id)),
            Name::ResourceServer(id) => drop(self.resource_servers.insert(id.clone())),
            Name::Group(_) => {}
        }
    }

    /// Whether nothing is asked for but the end of the log.
    pub(super) fn is_empty(&self) -> bool {
        self.apps.is_empty() && self.clients.is_empty() && self.tokens.is_empty() && self.resource_servers.is_empty()
    }
}

/// The question. Each row of its answer has a kind, see [`RowKind`](super::answer::RowKind), and a JSON list of values.
pub(super) fn question(dialect: Dialect, mark: Option<&Mark>, asked: &Asked) -> Query {
    // Nothing lies behind the last position that there can be.
    let since = mark.map_or(i64::MAX, |mark| mark.position);
    let mut query = Query::new(log_since(dialect), [since.into()]);
    if !asked.is_empty() {
        let lists = [
            Value::json(&asked.apps),
            Value::json(&asked.clients),
            Value::json(&asked.tokens),
            Value::json(&asked.resource_servers),
        ];
        query.args.extend(lists);
        query.push(&facts(dialect));
    }
    query
}

fn log_since(dialect: Dialect) -> String {
    let head = dialect.json_row(&format!(
        "h.position, \
         (select e.event_id from events e where e.position = h.position), \
         (select sum(p.generation) from projections p), \
         case when h.read_to >= h.position and not exists (select 1 from unreadable_events) then 1 else 0 end, \
         (select e.event_id from events e where e.position = $1), \
         {TOKENS_ENDED_BEFORE}"
    ));
    let event = dialect.json_row("e.aggregate_type, e.aggregate_id, e.event_type");
    let limit = EVENTS_MAX + 1;
    format!(
        "select 'head' as kind, {head} as fields from log_head h where h.id = 1 \
         union all select 'event', {event} from (\
             select aggregate_type, aggregate_id, event_type from events where position > $1 order by position limit {limit}) e"
    )
}

fn facts(dialect: Dialect) -> String {
    let [apps, clients, tokens, resource_servers] = ["$2", "$3", "$4", "$5"].map(|listed| dialect.list(listed));
    let app = dialect.json_row(&format!("{}, {UNREADABLE}", select_list(TokenGateRow::COLUMNS, "t.")));
    let group = dialect.json_row(&format!("g.group_id, g.product_plan, {}", entities_of("g.group_id")));
    let token = dialect.json_row("r.token_id, r.app_id");
    let resource_server = dialect.json_row(COLUMNS_OF_C);
    let kind = CredentialKind::ResourceServer.name();
    let of_apps = format!("t.app_id in ({apps})");
    let of_clients = format!("t.client_id in ({clients})");
    // Looked up in two indexes, one after the other.
    let groups = format!(
        "select t.group_id from token_gate t where {of_apps} union select t.group_id from token_gate t where {of_clients}"
    );
    format!(
        " union all select 'app', {app} from token_gate t where {of_apps} \
         union all select 'app', {app} from token_gate t where {of_clients} \
         union all select 'group', {group} from groups g where g.group_id in ({groups}) \
         union all select 'revoked_token', {token} from revoked_tokens r where r.token_id in ({tokens}) \
         union all select 'resource_server', {resource_server} from credentials c where c.kind = '{kind}' and c.id in ({resource_servers})"
    )
}
