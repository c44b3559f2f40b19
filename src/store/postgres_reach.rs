//! Knows whether the primary can be reached. One task per process looks for it; all callers share the result.
//!
//! While the primary is away, requests are refused at once instead of waiting for a timeout, and the task keeps trying
//! all hosts of the URL. A slow answer also makes the task look, on its own connection: if that connection is answered,
//! the server is only slow; if not, it is away for everybody.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, StreamExt};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::error::StoreError;
use super::postgres_server_state::{Lineage, ServerState};
use super::postgres_troubles::{no_answer, trouble};
use super::postgres_url::postgres_address;

/// After this time without an answer, the task checks whether the server is there at all.
const SILENCE: Duration = Duration::from_millis(250);
/// A server that has answered nobody for this long counts as away. Together with the overhead a caller waits less than
/// a second, because a gateway waits for the caller.
const PATIENCE: Duration = Duration::from_millis(900);
/// How long a server that answered a moment ago may take to answer again.
const STILL_THERE: Duration = Duration::from_millis(200);
/// How long connecting may take. Name lookups and TLS can be slow.
const CONNECTING: Duration = Duration::from_secs(5);
/// The pause between two looks. It keeps slow queries from causing many looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// The task looks this often even if no caller asks. A suspended server answers as the former primary when it resumes;
/// by then its connections must be suspect.
const WHEN_NOBODY_ASKS: Duration = Duration::from_secs(1);
/// The pause between two tries while the primary is away. Short, so that its return is noticed soon.
const BETWEEN_LOOKS_WHILE_AWAY: Duration = Duration::from_millis(100);

/// What this process knows about the primary. The pools and the looking task share it.
pub struct Reach {
    view: watch::Sender<View>,
    times: Mutex<Times>,
    newest: Mutex<Option<Lineage>>,
    look: Notify,
}

#[derive(Clone, Default)]
struct View {
    /// Why the primary is away. `None` while it is there.
    away: Option<Arc<str>>,
    /// Counts moves from one server to another. A caller that waits for a previous server waits in vain.
    moves: u64,
}

#[derive(Default)]
struct Times {
    /// When a connection was last lost or led to a server that takes no writes. Older connections are suspect.
    lost: Option<Instant>,
    /// When the task last saw the primary.
    seen: Option<Instant>,
}

impl Reach {
    /// Starts with a primary that was just found.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            view: watch::Sender::default(),
            times: Mutex::default(),
            newest: Mutex::default(),
            look: Notify::new(),
        })
    }

    /// Succeeds while the primary can be reached.
    ///
    /// # Errors
    /// `Unavailable`, at once and with the reason, while it is away.
    pub fn now(&self) -> Result<(), StoreError> {
        match &self.view.borrow().away {
            Some(why) => Err(StoreError::unavailable(&**why)),
            None => Ok(()),
        }
    }

    /// When a connection to the primary last failed.
    pub fn last_trouble(&self) -> Option<Instant> {
        self.times().lost
    }

    /// Waits for the database's answer.
    ///
    /// # Errors
    /// The answer's own error; `Unavailable` after `limit`, or sooner if the server answers nobody; `Lost` if another
    /// server became the primary meanwhile. After a connection that was lost or led to a server that takes no writes,
    /// older connections are suspect.
    pub async fn answered<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let asked = Instant::now();
        let mut view = self.view.subscribe();
        let moves = view.borrow().moves;
        tokio::pin!(answer);
        if let Ok(answered) = timeout(SILENCE.min(limit), &mut answer).await {
            return self.noted(answered);
        }
        while let Some(left) = limit.checked_sub(asked.elapsed()) {
            let looked = Instant::now();
            self.look.notify_one();
            tokio::select! {
                answered = &mut answer => return self.noted(answered),
                _ = view.wait_for(|view| view.away.is_some() || view.moves != moves) => {
                    self.now()?;
                    return Err(StoreError::lost("another server has become the primary"));
                }
                () = sleep(PATIENCE.saturating_sub(SILENCE).min(left)) => {}
            }
            // With less time than this left, silence says nothing about the server.
            if left > PATIENCE / 2 && !self.was_seen_since(looked) {
                self.is_away("it does not answer", "it does not answer");
                self.lost_now();
                return Err(StoreError::unavailable("it does not answer"));
            }
        }
        Err(StoreError::unavailable("it did not answer in time"))
    }

    fn noted<T>(&self, answered: Result<T, StoreError>) -> Result<T, StoreError> {
        if answered.as_ref().is_err_and(StoreError::is_lost) {
            self.suspect();
        }
        answered
    }

    /// Makes all existing connections suspect, so that pools close them.
    fn suspect(&self) {
        self.lost_now();
        self.look.notify_one();
    }

    fn lost_now(&self) {
        self.times().lost = Some(Instant::now());
    }

    /// Whether decisions may use this server: it takes writes, and no newer primary of its cluster has been seen.
    pub fn accepts(&self, server: &ServerState) -> bool {
        server.takes_writes && !self.was_replaced(server)
    }

    /// Records the state of a server. If it is a newer primary, connections to the previous one become suspect.
    pub fn notices(&self, server: &ServerState) {
        let _ = self.accepts(server);
    }

    /// Whether this process has seen a newer primary than this server. If this server is the newer one, all existing
    /// connections become suspect, no matter who found it.
    fn was_replaced(&self, server: &ServerState) -> bool {
        let Some(lineage) = &server.lineage else {
            return false;
        };
        let mut newest = self.newest();
        let before = newest.replace(lineage.clone());
        match before {
            Some(seen) if *lineage < seen => {
                *newest = Some(seen);
                true
            }
            Some(seen) if seen < *lineage => {
                drop(newest);
                self.suspect();
                false
            }
            _ => false,
        }
    }

    /// Notes that a new connection led to a server that takes no writes, and returns the error for it.
    pub fn leads_to_no_primary(&self) -> sqlx::Error {
        self.suspect();
        sqlx::Error::Configuration("the server takes no writes".into())
    }

    /// Whether a connection of this age is newer than the last loss.
    pub fn trusts(&self, age: Duration) -> bool {
        self.times().lost.is_none_or(|lost| lost.elapsed() > age)
    }

    fn was_seen_since(&self, then: Instant) -> bool {
        self.times().seen.is_some_and(|seen| seen >= then)
    }

    /// The log gets the exact reason. Callers may be anybody and get no addresses.
    fn is_away(&self, why: &str, for_callers: &str) {
        let mut was_there = false;
        self.view
            .send_modify(|view| was_there = view.away.replace(for_callers.into()).is_none());
        if was_there {
            tracing::error!(why, "the database is away");
        }
        self.look.notify_one();
    }

    /// Notes that the primary was seen; with `moved`, on a different server than before.
    fn is_there(&self, moved: bool) {
        self.times().seen = Some(Instant::now());
        let was_away = self.now().is_err();
        if was_away || moved {
            // Older connections may lead to a former primary, or to no server.
            self.lost_now();
            self.view.send_modify(|view| {
                view.away = None;
                view.moves += u64::from(moved);
            });
        }
        if was_away {
            tracing::info!("the database is back");
        }
    }

    fn newest(&self) -> std::sync::MutexGuard<'_, Option<Lineage>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn times(&self) -> std::sync::MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks for the primary whenever a caller asks for it, and until it is found. It starts with the connection `first`
/// and calls `lead` with each host on which it finds the primary later. Never returns; abort it.
pub async fn keep_looking(
    hosts: &[PgConnectOptions],
    first: Found,
    any_server: bool,
    reach: &Reach,
    lead: impl Fn(&PgConnectOptions),
) {
    let mut known = first.started_at;
    let mut connection = Some(first.connection);
    loop {
        // A timeout and a notification both mean: look now.
        let _ = timeout(WHEN_NOBODY_ASKS, reach.look.notified()).await;
        if let Some(idle) = connection.take() {
            connection = still_there(idle, any_server, reach).await;
        }
        match connection {
            Some(_) => reach.is_there(false),
            None => match look_for(hosts, any_server, reach).await {
                Some(found) => {
                    lead(&found.host);
                    reach.is_there(found.started_at != known);
                    (connection, known) = (Some(found.connection), found.started_at);
                }
                None => reach.is_there(false),
            },
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

/// Tries until a server is found, and marks the primary as away meanwhile. Several tries run at once, because one try
/// can take longer than `PATIENCE`, for example with slow name lookups. Returns `None` if a server is there but has no
/// free connection.
async fn look_for(hosts: &[PgConnectOptions], any_server: bool, reach: &Reach) -> Option<Found> {
    let mut tries = FuturesUnordered::new();
    loop {
        tries.push(find_server(hosts, CONNECTING, any_server, reach));
        tokio::select! {
            Some(tried) = tries.next() => match tried {
                Ok(found) => return Some(found),
                Err(error) if error.is_full => return None,
                Err(error) => reach.is_away(&error.why, "no server of it that takes writes can be reached"),
            },
            () = sleep(PATIENCE) => reach.is_away("no host answers", "it does not answer"),
        }
        sleep(BETWEEN_LOOKS_WHILE_AWAY).await;
    }
}

/// Returns the connection if its server answers at once that it takes writes.
async fn still_there(mut connection: PgConnection, any_server: bool, reach: &Reach) -> Option<PgConnection> {
    match timeout(STILL_THERE, ServerState::asked(&mut connection)).await {
        Ok(Ok(server)) if any_server || reach.accepts(&server) => Some(connection),
        Ok(_) => {
            reach.lost_now();
            None
        }
        // A busy machine is slow, too. A timeout alone does not make other connections suspect.
        Err(_) => None,
    }
}

pub struct Found {
    pub connection: PgConnection,
    /// The host of the URL that leads to the server.
    pub host: PgConnectOptions,
    /// When the server started. This tells it from another server at the same address.
    pub started_at: String,
}

pub struct NoServer {
    /// The error of each host.
    pub why: String,
    /// Whether a host had no free connection.
    pub is_full: bool,
}

impl From<NoServer> for StoreError {
    fn from(none: NoServer) -> Self {
        Self::unavailable(none.why)
    }
}

/// Returns the first host that answers and, unless `any_server`, takes writes. It asks all hosts at once, so a silent
/// host costs no time.
///
/// # Errors
/// The error of each host.
pub async fn find_server(
    hosts: &[PgConnectOptions],
    limit: Duration,
    any_server: bool,
    reach: &Reach,
) -> Result<Found, NoServer> {
    let mut asked: FuturesUnordered<_> = hosts.iter().map(|host| ask(host, limit, any_server, reach)).collect();
    let (mut troubles, mut is_full) = (Vec::new(), false);
    while let Some(answered) = asked.next().await {
        match answered {
            Ok(found) => return Ok(found),
            Err(none) => {
                troubles.push(none.why);
                is_full |= none.is_full;
            }
        }
    }
    let why = troubles.join("; ");
    Err(NoServer { why, is_full })
}

async fn ask(host: &PgConnectOptions, limit: Duration, any_server: bool, reach: &Reach) -> Result<Found, NoServer> {
    let connecting = async {
        let mut connection = host.connect().await?;
        let server = ServerState::asked(&mut connection).await?;
        Ok::<_, sqlx::Error>((connection, server))
    };
    let none = |why, is_full| Err(NoServer { why, is_full });
    match timeout(limit, connecting).await {
        Ok(Ok((connection, server))) if any_server || reach.accepts(&server) => Ok(Found {
            connection,
            host: host.clone(),
            started_at: server.started_at,
        }),
        Ok(Ok((connection, server))) => {
            let _ = timeout(STILL_THERE, connection.close()).await;
            let why = match server.takes_writes {
                true => "was the primary before, and another one has taken its place",
                false => "takes no writes (a standby, or read-only)",
            };
            none(format!("{} {why}", postgres_address(host)), false)
        }
        Ok(Err(error)) => none(trouble(host, &error), is_full(&error)),
        Err(_) => none(no_answer(host), false),
    }
}

fn is_full(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == "53300")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn primary_on(timeline: &str) -> ServerState {
        ServerState {
            takes_writes: true,
            started_at: String::new(),
            lineage: Some(Lineage::at("1", timeline)),
        }
    }

    #[tokio::test]
    async fn r26_whoever_meets_a_newer_primary_suspects_the_connections_from_before_and_refuses_the_older_one() {
        let reach = Reach::new();
        let from_before = Duration::from_secs(60);
        assert!(reach.accepts(&primary_on("00000001")) && reach.accepts(&primary_on("00000001")));
        assert!(reach.trusts(from_before));
        // A pool checks each new connection like this, even if no task watches all hosts.
        assert!(reach.accepts(&primary_on("00000002")));
        assert!(!reach.trusts(from_before));
        assert!(!reach.accepts(&primary_on("00000001")));
        assert!(reach.accepts(&primary_on("00000002")));
    }
}
