//! What the gate decides by, read for every answer anew, and for all who ask at the same moment together.

use std::sync::Arc;

use gatebook_aggregates::identifiers::{AccessTokenId, AppId};
use gatebook_projections::sql::{Query, Value};
use gatebook_projections::token_gate::{self, ClientFacts, GateFacts};

use crate::application::node::shared_reads::{KeyedAnswers, SharedReads};
use crate::application::stored_credential;
use crate::application::stored_credential::StoredCredential;
use crate::secrets::CredentialKind;
use crate::store::{Database, StoreError};

/// The reads of the gate and of the OAuth endpoints.
pub(in crate::application) struct GateReads {
    by_token: SharedReads<Arc<GateFacts>>,
    by_client: SharedReads<Arc<ClientFacts>>,
    resource_servers: SharedReads<StoredCredential>,
}

/// No id of a client is longer, by far.
const ID_LENGTH_MAX: usize = 64;

impl GateReads {
    /// Starts the tasks that read. They end with this.
    pub(in crate::application) fn start(database: &Arc<dyn Database>) -> Self {
        Self {
            by_token: SharedReads::start(with(database, by_token)),
            by_client: SharedReads::start(with(database, by_client)),
            resource_servers: SharedReads::start(with(database, resource_servers)),
        }
    }

    /// The application of a token, with its group, and whether it revoked the token.
    pub(in crate::application) async fn token(
        &self,
        app_id: AppId,
        id: AccessTokenId,
    ) -> Result<Option<Arc<GateFacts>>, StoreError> {
        self.by_token.get(format!("{app_id}/{id}")).await
    }

    /// The application with this client id.
    pub(in crate::application) async fn client(&self, client_id: &str) -> Result<Option<Arc<ClientFacts>>, StoreError> {
        match may_be_an_id(client_id) {
            true => self.by_client.get(client_id.to_owned()).await,
            false => Ok(None),
        }
    }

    /// What is kept of the resource server with this client id.
    pub(in crate::application) async fn resource_server(
        &self,
        client_id: &str,
    ) -> Result<Option<StoredCredential>, StoreError> {
        match may_be_an_id(client_id) {
            true => self.resource_servers.get(client_id.to_owned()).await,
            false => Ok(None),
        }
    }
}

/// A question that knows its database.
fn with<Asked: 'static>(
    database: &Arc<dyn Database>,
    ask: fn(Arc<dyn Database>, Vec<String>) -> Asked,
) -> impl Fn(Vec<String>) -> Asked + Clone + use<Asked> {
    let database = database.clone();
    move |ids| ask(database.clone(), ids)
}

/// What cannot be an id of ours is not asked for, as others share the question.
fn may_be_an_id(id: &str) -> bool {
    id.len() <= ID_LENGTH_MAX
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Each key names an application and a token. Those of one application are answered by the same row.
async fn by_token(database: Arc<dyn Database>, keys: Vec<String>) -> Result<KeyedAnswers<Arc<GateFacts>>, StoreError> {
    let ids = || keys.iter().filter_map(|key| key.split_once('/'));
    let mut apps: Vec<_> = ids().map(|(app, _)| app.to_owned()).collect();
    apps.dedup();
    let tokens: Vec<_> = ids().map(|(_, token)| token.to_owned()).collect();
    let dialect = database.dialect();
    let (listed_apps, listed_tokens) = (dialect.list("$1"), dialect.list("$2"));
    let revoked = dialect.json_list("r.token_id");
    let query = token_gate::by_apps(&listed_apps, &listed_tokens, &revoked, &apps, &tokens);
    let facts = keyed(database.gate_rows(query).await?, 0, |row| {
        Ok(Arc::new(GateFacts::read(row)?))
    });
    let answers = ids().filter_map(|(app, token)| Some((format!("{app}/{token}"), facts.get(app)?.clone())));
    Ok(answers.collect())
}

async fn by_client(
    database: Arc<dyn Database>,
    ids: Vec<String>,
) -> Result<KeyedAnswers<Arc<ClientFacts>>, StoreError> {
    let listed = database.dialect().list("$1");
    let rows = database.gate_rows(token_gate::by_clients(&listed, &ids)).await?;
    Ok(keyed(rows, 1, |row| Ok(Arc::new(ClientFacts::read(row)?))))
}

async fn resource_servers(
    database: Arc<dyn Database>,
    ids: Vec<String>,
) -> Result<KeyedAnswers<StoredCredential>, StoreError> {
    let listed = database.dialect().list("$2");
    let sql = format!("{} where kind = $1 and id in ({listed})", stored_credential::SELECT);
    let kind = CredentialKind::ResourceServer.name();
    let rows = database
        .gate_rows(Query::new(sql, [kind.into(), Value::json(&ids)]))
        .await?;
    Ok(keyed(rows, 0, stored_credential::read))
}

/// Rows by the text in one of their columns.
fn keyed<V>(
    rows: Vec<Vec<Value>>,
    column: usize,
    read: impl Fn(Vec<Value>) -> Result<V, StoreError>,
) -> KeyedAnswers<V> {
    let keyed = rows.into_iter().filter_map(|row| match row.get(column) {
        Some(Value::Text(key)) => Some((key.clone(), read(row))),
        _ => None,
    });
    keyed.collect()
}
