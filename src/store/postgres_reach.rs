//! Whether the primary can be reached. One task per process looks for it; everybody else learns from that at once.
//!
//! While the primary is away nobody waits for a time-out: requests are refused at once, and the task tries all hosts of
//! the URL again and again. An answer that does not come makes the task look, too, on a connection of its own: if that is
//! answered, the server is only slow; if not, it is away for everybody.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, StreamExt};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor, Row};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::error::StoreError;
use super::postgres_troubles::{no_answer, trouble};
use super::postgres_url::postgres_address;

/// An answer that takes longer makes the task look whether the server is there at all.
const SILENCE: Duration = Duration::from_millis(250);
/// A server that has said nothing for as long, to anybody, is away. Short, because a gateway waits behind it.
const PATIENCE: Duration = Duration::from_secs(1);
/// The time a server that was there a moment ago may take to say that it still is.
const STILL_THERE: Duration = Duration::from_millis(200);
/// The time between two looks, so that slow questions do not turn into many looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// The time between two looks while the primary is away: it is found soon after it is back.
const BETWEEN_LOOKS_WHILE_AWAY: Duration = Duration::from_millis(100);

/// What this process knows of the primary. Shared by its pools, and by the task that looks.
pub struct Reach {
    /// Why the primary is away; nothing while it is not.
    away: watch::Sender<Option<Arc<str>>>,
    times: Mutex<Times>,
    look: Notify,
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
            away: watch::Sender::new(None),
            times: Mutex::default(),
            look: Notify::new(),
        })
    }

    /// Nothing while the primary can be reached.
    ///
    /// # Errors
    /// `Unavailable` with the reason, at once, while it is away.
    pub fn now(&self) -> Result<(), StoreError> {
        match &*self.away.borrow() {
            Some(why) => Err(StoreError::Unavailable(why.to_string())),
            None => Ok(()),
        }
    }

    /// What the database answers.
    ///
    /// # Errors
    /// The answer's own; `Unavailable` when it takes longer than `limit`, and sooner when the server says nothing to
    /// anybody. A connection that is lost, or leads to a server that takes no writes, makes older ones suspect.
    pub async fn answered<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        tokio::pin!(answer);
        if let Ok(answered) = timeout(SILENCE, &mut answer).await {
            return self.noted(answered);
        }
        let asked = Instant::now();
        let mut away = self.away.subscribe();
        let mut pause = PATIENCE.saturating_sub(SILENCE);
        loop {
            self.look.notify_one();
            tokio::select! {
                answered = &mut answer => return self.noted(answered),
                why = away.wait_for(Option::is_some) => {
                    let why = why.ok().and_then(|why| why.clone());
                    return Err(self.given_up(why.as_deref().unwrap_or("it is away")));
                }
                () = sleep(pause) => {}
            }
            if !self.was_seen_since(asked.max(Instant::now() - PATIENCE)) {
                self.is_away("it does not answer", "it does not answer");
                return Err(self.given_up("it does not answer"));
            }
            if asked.elapsed() + SILENCE >= limit {
                return Err(self.given_up("it did not answer in time"));
            }
            pause = PATIENCE.min(limit.saturating_sub(asked.elapsed() + SILENCE));
        }
    }

    fn noted<T>(&self, answered: Result<T, StoreError>) -> Result<T, StoreError> {
        if answered.as_ref().is_err_and(StoreError::is_lost) {
            self.suspect();
        }
        answered
    }

    fn given_up(&self, why: &str) -> StoreError {
        self.suspect();
        StoreError::Unavailable(why.to_owned())
    }

    /// From now on no connection is trusted that was made before.
    fn suspect(&self) {
        self.lost_now();
        self.look.notify_one();
    }

    fn lost_now(&self) {
        self.times().lost = Some(Instant::now());
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
        if self.away.send_replace(Some(for_callers.into())).is_none() {
            tracing::error!(why, "the database is away");
        }
        self.look.notify_one();
    }

    fn is_there(&self) {
        self.times().seen = Some(Instant::now());
        if self.away.borrow().is_some() {
            // Connections from before may lead to a server that is the primary no longer, or to nobody.
            self.lost_now();
            self.away.send_replace(None);
            tracing::info!("the database is back");
        }
    }

    fn times(&self) -> std::sync::MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks for the primary whenever somebody asks for it, and until it is found. `lead` is told of each host that it is
/// found on. Ends never; abort it.
pub async fn keep_looking(
    hosts: Vec<PgConnectOptions>,
    any_server: bool,
    reach: Arc<Reach>,
    lead: impl Fn(&PgConnectOptions),
) {
    let mut connection: Option<PgConnection> = None;
    loop {
        reach.look.notified().await;
        loop {
            if let Some(known) = connection.take() {
                connection = still_there(known, any_server, &reach).await;
            }
            if connection.is_some() {
                break reach.is_there();
            }
            match find_server(&hosts, PATIENCE, any_server).await {
                Ok((found, host)) => {
                    lead(&host);
                    connection = Some(found);
                    break reach.is_there();
                }
                Err(error) => reach.is_away(&error.to_string(), "no server of it that takes writes can be reached"),
            }
            sleep(BETWEEN_LOOKS_WHILE_AWAY).await;
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

/// The connection, if its server answers at once that it takes writes.
async fn still_there(mut connection: PgConnection, any_server: bool, reach: &Reach) -> Option<PgConnection> {
    match timeout(STILL_THERE, takes_writes(&mut connection)).await {
        Ok(Ok(takes_writes)) if takes_writes || any_server => Some(connection),
        Ok(_) => {
            reach.lost_now();
            None
        }
        // A busy machine is late, too; that alone says nothing about other connections.
        Err(_) => None,
    }
}

/// The first of the hosts that answers and takes writes, if it has to. All are asked at once, so that one that is silent costs nothing.
///
/// # Errors
/// `Unavailable` with what each of them said.
pub async fn find_server(
    hosts: &[PgConnectOptions],
    limit: Duration,
    any_server: bool,
) -> Result<(PgConnection, PgConnectOptions), StoreError> {
    let mut asked: FuturesUnordered<_> = hosts.iter().map(|host| ask(host, limit, any_server)).collect();
    let mut troubles = Vec::new();
    while let Some(answered) = asked.next().await {
        match answered {
            Ok(found) => return Ok(found),
            Err(trouble) => troubles.push(trouble),
        }
    }
    Err(StoreError::Unavailable(troubles.join("; ")))
}

async fn ask(
    host: &PgConnectOptions,
    limit: Duration,
    any_server: bool,
) -> Result<(PgConnection, PgConnectOptions), String> {
    let connecting = async {
        let mut connection = host.connect().await?;
        let takes_writes = takes_writes(&mut connection).await?;
        Ok::<_, sqlx::Error>((connection, takes_writes))
    };
    let name = postgres_address(host);
    match timeout(limit, connecting).await {
        Ok(Ok((connection, takes_writes))) if takes_writes || any_server => Ok((connection, host.clone())),
        Ok(Ok((connection, _))) => {
            let _ = timeout(STILL_THERE, connection.close()).await;
            Err(format!("{name} takes no writes (a standby, or read-only)"))
        }
        Ok(Err(error)) => Err(trouble(host, &error)),
        Err(_) => Err(no_answer(host)),
    }
}

/// Whether the server is one that takes writes: neither a standby nor read-only.
pub async fn takes_writes(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let sql = "select not pg_is_in_recovery() and current_setting('default_transaction_read_only') = 'off'";
    // Not prepared: that fails by itself where connections share a server, which is found out later.
    connection.fetch_one(sqlx::raw_sql(sql)).await?.try_get(0)
}
