//! Whether the primary can be reached. One task per process looks for it; everybody else learns from that at once.
//!
//! While the primary is away nobody waits for a time-out: requests are refused at once, and the task tries all hosts of
//! the URL again and again. An answer that does not come makes the task look, too, on a connection of its own: if that is
//! answered, the server is only slow; if not, it is away for everybody.

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

/// An answer that takes longer makes the task look whether the server is there at all.
const SILENCE: Duration = Duration::from_millis(250);
/// A server that has said nothing for as long, to anybody, is away. With what surrounds it a caller waits less than a
/// second: a gateway waits behind it.
const PATIENCE: Duration = Duration::from_millis(900);
/// The time a server that was there a moment ago may take to say that it still is.
const STILL_THERE: Duration = Duration::from_millis(200);
/// How long making a connection may take; names and TLS can take their time.
const CONNECTING: Duration = Duration::from_secs(5);
/// The time between two looks, so that slow questions do not turn into many looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// A node that nobody asks looks as often. Its connections may lead to a server that stands still, and that would answer as
/// the primary it was when it goes on; by then they must be suspect.
const WHEN_NOBODY_ASKS: Duration = Duration::from_secs(1);
/// The time between two looks while the primary is away: it is found soon after it is back.
const BETWEEN_LOOKS_WHILE_AWAY: Duration = Duration::from_millis(100);

/// What this process knows of the primary. Shared by its pools, and by the task that looks.
pub struct Reach {
    view: watch::Sender<View>,
    times: Mutex<Times>,
    newest: Mutex<Option<Lineage>>,
    look: Notify,
}

#[derive(Clone, Default)]
struct View {
    /// Why the primary is away; nothing while it is not.
    away: Option<Arc<str>>,
    /// Counts the moves from one server to another. Whoever waits for an answer of an earlier one waits in vain.
    moves: u64,
}

#[derive(Default)]
struct Times {
    /// When a connection was lost, or turned out to lead to a server that takes no writes. Older ones are suspect.
    lost: Option<Instant>,
    /// When the primary was last seen by the task that looks.
    seen: Option<Instant>,
}

impl Reach {
    /// A primary that was found a moment ago.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            view: watch::Sender::default(),
            times: Mutex::default(),
            newest: Mutex::default(),
            look: Notify::new(),
        })
    }

    /// Nothing while the primary can be reached.
    ///
    /// # Errors
    /// `Unavailable` with the reason, at once, while it is away.
    pub fn now(&self) -> Result<(), StoreError> {
        match &self.view.borrow().away {
            Some(why) => Err(StoreError::Unavailable(why.to_string())),
            None => Ok(()),
        }
    }

    /// When something last went wrong between here and the primary.
    pub fn last_trouble(&self) -> Option<Instant> {
        self.times().lost
    }

    /// What the database answers.
    ///
    /// # Errors
    /// The answer's own; `Unavailable` when it takes longer than `limit`, and sooner when the server says nothing to
    /// anybody; `Lost` when another server has become the primary meanwhile. A connection that is lost, or leads to a
    /// server that takes no writes, makes older ones suspect.
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
                    return Err(StoreError::Lost("another server has become the primary".to_owned()));
                }
                () = sleep(PATIENCE.saturating_sub(SILENCE).min(left)) => {}
            }
            // Of a short limit too little is left to say anything about the server.
            if left > PATIENCE / 2 && !self.was_seen_since(looked) {
                self.is_away("it does not answer", "it does not answer");
                self.lost_now();
                return Err(StoreError::Unavailable("it does not answer".to_owned()));
            }
        }
        Err(StoreError::Unavailable("it did not answer in time".to_owned()))
    }

    fn noted<T>(&self, answered: Result<T, StoreError>) -> Result<T, StoreError> {
        if answered.as_ref().is_err_and(StoreError::is_lost) {
            self.suspect();
        }
        answered
    }

    /// From now on no connection is trusted that was made before.
    fn suspect(&self) {
        self.lost_now();
        self.look.notify_one();
    }

    fn lost_now(&self) {
        self.times().lost = Some(Instant::now());
    }

    /// Whether a server may be decided from: it takes writes, and none of its cluster has become the primary since it did.
    pub fn accepts(&self, server: &ServerState) -> bool {
        server.takes_writes && !self.was_replaced(server)
    }

    /// A server was looked at. If it has become the primary since the one did that is used, that one is suspect.
    pub fn notices(&self, server: &ServerState) {
        let _ = self.accepts(server);
    }

    /// Whether another server has become the primary since this one did, as far as this process has seen. If this one has
    /// since another did, connections to that one are suspect, whoever met this one first.
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

    /// A connection was made, and leads to a server that takes no writes; what its maker is told.
    pub fn leads_to_no_primary(&self) -> sqlx::Error {
        self.suspect();
        sqlx::Error::Configuration("the server takes no writes".into())
    }

    /// Whether a connection of this age was made after all that was lost.
    pub fn trusts(&self, age: Duration) -> bool {
        self.times().lost.is_none_or(|lost| lost.elapsed() > age)
    }

    fn was_seen_since(&self, then: Instant) -> bool {
        self.times().seen.is_some_and(|seen| seen >= then)
    }

    /// The log is told exactly why; callers, who may be anybody, are told no addresses.
    fn is_away(&self, why: &str, for_callers: &str) {
        let mut was_there = false;
        self.view
            .send_modify(|view| was_there = view.away.replace(for_callers.into()).is_none());
        if was_there {
            tracing::error!(why, "the database is away");
        }
        self.look.notify_one();
    }

    /// It was seen; on another server than before, if it `moved`.
    fn is_there(&self, moved: bool) {
        self.times().seen = Some(Instant::now());
        let was_away = self.now().is_err();
        if was_away || moved {
            // Connections from before may lead to a server that is the primary no longer, or to nobody.
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

/// Looks for the primary whenever somebody asks for it, and until it is found. Begins with what was found first; `lead` is told of each host that it is found on later. Never ends; abort it.
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
        // Woken or not: it is time to look.
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

/// Tries until a server is found, and says meanwhile that there is none. A try may take longer than it takes to call the
/// primary away, as where names are looked up slowly, so several are under way. Nothing is found while the server has no
/// connection left for this, which says that it is there.
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

/// The connection, if its server answers at once that it takes writes.
async fn still_there(mut connection: PgConnection, any_server: bool, reach: &Reach) -> Option<PgConnection> {
    match timeout(STILL_THERE, ServerState::asked(&mut connection)).await {
        Ok(Ok(server)) if any_server || reach.accepts(&server) => Some(connection),
        Ok(_) => {
            reach.lost_now();
            None
        }
        // A busy machine is late, too; that alone says nothing about other connections.
        Err(_) => None,
    }
}

/// A server that was found.
pub struct Found {
    /// A connection to it.
    pub connection: PgConnection,
    /// The host of the URL that leads to it.
    pub host: PgConnectOptions,
    /// When it was started, by which it is told from another one at the same address.
    pub started_at: String,
}

/// Why no server was found.
pub struct NoServer {
    /// What each host said.
    pub why: String,
    /// Whether one of them only had no connection left.
    pub is_full: bool,
}

impl From<NoServer> for StoreError {
    fn from(none: NoServer) -> Self {
        Self::Unavailable(none.why)
    }
}

/// The first of the hosts that answers and takes writes, if it has to. All are asked at once, so that one that is silent
/// costs nothing.
///
/// # Errors
/// What each of them said.
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
        // As a pool does that makes a connection, whether or not somebody watches all hosts.
        assert!(reach.accepts(&primary_on("00000002")));
        assert!(!reach.trusts(from_before));
        assert!(!reach.accepts(&primary_on("00000001")));
        assert!(reach.accepts(&primary_on("00000002")));
    }
}
