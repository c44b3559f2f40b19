//! R23: all client secrets that an application ever had, told from its events: those that live, and how the others ended.

use gatebook_aggregates::identifiers::{AppId, ClientSecretId};
use gatebook_aggregates::integration_app::{
    AppSubject, ClientSecretEvent, IntegrationApp, IntegrationAppEvent as Event, StatusEvent, has_ended,
};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::recorded::Recorded;

use crate::application::authorization::Reader;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;

/// A client secret that exists or existed, without the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSecret {
    /// Its id.
    pub id: ClientSecretId,
    /// Its first characters.
    pub prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The name of whoever made it, as the activity log has it.
    pub created_by: String,
    /// When it ends or ended by itself.
    pub ends_at: Option<Timestamp>,
    /// When somebody ended it, and how.
    stopped: Option<(Timestamp, SecretEnd)>,
    /// Whether its end is that of the overlap with a newer one.
    is_replaced: bool,
    /// When it was used last, as far as is known.
    pub last_used_at: Option<Timestamp>,
}

/// How a client secret ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretEnd {
    /// Somebody with this name retired it.
    Retired(String),
    /// Its end date came.
    EndDate,
    /// The overlap with a newer one was over.
    Replaced,
    /// The application was revoked by somebody with this name.
    ApplicationRevoked(String),
}

/// The client secrets of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretHistory {
    /// Those that live, the newest first.
    pub live: Vec<KnownSecret>,
    /// Those that have ended, the one that ended last first.
    pub ended: Vec<(KnownSecret, Timestamp, SecretEnd)>,
}

impl KnownSecret {
    /// When it ended, and how; none while it lives.
    fn end(&self, now: Timestamp) -> Option<(Timestamp, SecretEnd)> {
        let by_itself = self.ends_at.filter(|end| has_ended(Some(*end), now)).map(|end| {
            let how = match self.is_replaced {
                true => SecretEnd::Replaced,
                false => SecretEnd::EndDate,
            };
            (end, how)
        });
        let ends = [by_itself, self.stopped.clone()];
        ends.into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}

impl SecretHistory {
    /// What the events of an application tell of its secrets at this moment.
    fn of(history: &[Recorded<Event>], now: Timestamp) -> Self {
        let mut known: Vec<KnownSecret> = Vec::new();
        for recorded in history {
            let (at, by) = (recorded.recorded_at, recorded.metadata.actor_name.clone().into_inner());
            match recorded.event.subject() {
                AppSubject::ClientSecrets(event) => record(&mut known, event, by, at),
                AppSubject::Status(StatusEvent::Revoked { revoked_at }) => known
                    .iter_mut()
                    .filter(|secret| secret.stopped.is_none())
                    .for_each(|secret| secret.stopped = Some((revoked_at, SecretEnd::ApplicationRevoked(by.clone())))),
                AppSubject::Creation(_)
                | AppSubject::Details(_)
                | AppSubject::DeveloperLink(_)
                | AppSubject::Status(StatusEvent::Suspended | StatusEvent::Resumed)
                | AppSubject::AuditedRead(_) => {}
            }
        }
        let mut all = Self::default();
        for secret in known.into_iter().rev() {
            match secret.end(now) {
                None => all.live.push(secret),
                Some((at, how)) => all.ended.push((secret, at, how)),
            }
        }
        all.ended.sort_by_key(|(_, at, _)| std::cmp::Reverse(*at));
        all
    }
}

fn record(known: &mut Vec<KnownSecret>, event: ClientSecretEvent<'_>, by: String, at: Timestamp) {
    match event {
        ClientSecretEvent::Generated {
            client_secret_id,
            prefix,
            created_at,
            previous,
            ends_at,
            ..
        } => {
            let replaced = previous.and_then(|previous| {
                let secret = known.iter_mut().find(|secret| secret.id == previous.client_secret_id);
                secret.map(|secret| (secret, previous))
            });
            if let Some((secret, previous)) = replaced {
                secret.ends_at = Some(previous.ends_at);
                secret.is_replaced |= !previous.ends_anyway;
            }
            known.push(KnownSecret {
                id: client_secret_id,
                prefix: prefix.to_owned(),
                created_at,
                created_by: by,
                ends_at,
                stopped: None,
                is_replaced: false,
                last_used_at: None,
            });
        }
        ClientSecretEvent::Retired { client_secret_id } => {
            if let Some(secret) = known.iter_mut().find(|secret| secret.id == client_secret_id) {
                secret.stopped = Some((at, SecretEnd::Retired(by)));
            }
        }
    }
}

impl Gatebook {
    /// R3, R23: all client secrets of an application of the group.
    pub async fn secret_history(&self, reader: Reader<'_>, id: AppId) -> Result<SecretHistory, Failure> {
        // R4: of another group's application there is nothing to see.
        self.app(reader, id).await?;
        // A stream that holds unreadable events can still be shown.
        let stream = self.log.load_readable::<IntegrationApp>(&id.to_string()).await?;
        let mut all = SecretHistory::of(&stream.history, self.clock.now());
        let ended = all.ended.iter_mut().map(|(secret, ..)| secret);
        for secret in all.live.iter_mut().chain(ended) {
            secret.last_used_at = self.last_uses.last_used(self.database(), secret.id).await?;
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use gatebook_aggregates::identifiers::KeyedDigest;
    use gatebook_aggregates::integration_app::PreviousSecret;
    use gatebook_aggregates::metadata::{ActorType, Metadata};
    use uuid::Uuid;

    use super::*;

    const DAY: &str = "2026-11-2";

    fn day(day: i64) -> Timestamp {
        Timestamp::parse(&format!("{DAY}{day}T09:00:00.000Z")).unwrap()
    }

    fn secret(number: u128) -> ClientSecretId {
        Uuid::from_u128(number).into()
    }

    fn generated(
        number: u128,
        at: Timestamp,
        previous: Option<(u128, Timestamp, bool)>,
        end: Option<Timestamp>,
    ) -> Event {
        Event::ClientSecretGenerated {
            client_secret_id: secret(number),
            prefix: format!("gbs_{number}"),
            secret_digest: KeyedDigest(String::new()),
            created_at: at,
            previous: previous.map(|(number, ends_at, ends_anyway)| PreviousSecret {
                client_secret_id: secret(number),
                ends_at,
                ends_anyway,
            }),
            ends_at: end,
        }
    }

    fn told(events: &[(Event, Timestamp)], now: Timestamp) -> SecretHistory {
        let recorded = events.iter().zip(1..).map(|((event, at), sequence)| Recorded {
            position: sequence,
            sequence,
            recorded_at: *at,
            aggregate_id: String::new(),
            metadata: Metadata {
                actor_type: ActorType::Developer,
                actor_id: "dev".to_owned(),
                actor_name: "Dev".to_owned().into(),
                ip_address: String::new().into(),
                request_id: String::new(),
                app_name: String::new(),
            },
            event: event.clone(),
        });
        SecretHistory::of(&recorded.collect::<Vec<_>>(), now)
    }

    fn ends(history: &SecretHistory) -> Vec<(String, Timestamp, SecretEnd)> {
        let ended = history.ended.iter();
        ended
            .map(|(secret, at, how)| (secret.prefix.clone(), *at, how.clone()))
            .collect()
    }

    #[test]
    fn r23_each_secret_lives_until_the_first_of_its_ends() {
        let overlap = Some((1, day(3), false));
        let events = [
            (generated(1, day(0), None, Some(day(9))), day(0)),
            (generated(2, day(1), overlap, Some(day(5))), day(1)),
        ];
        let history = told(&events, day(2));
        let live: Vec<_> = history
            .live
            .iter()
            .map(|secret| (secret.prefix.as_str(), secret.ends_at))
            .collect();
        assert_eq!(live, [("gbs_2", Some(day(5))), ("gbs_1", Some(day(3)))]);
        assert!(history.ended.is_empty());
        let replaced = ("gbs_1".to_owned(), day(3), SecretEnd::Replaced);
        assert_eq!(ends(&told(&events, day(3))), vec![replaced.clone()]);
        let over = ("gbs_2".to_owned(), day(5), SecretEnd::EndDate);
        assert_eq!(ends(&told(&events, day(5))), [over, replaced]);
    }

    #[test]
    fn r23_who_ended_it_is_told_unless_it_was_over_before() {
        let by = || "Dev".to_owned();
        let retired = Event::ClientSecretRetired {
            client_secret_id: secret(1),
        };
        let revoked = Event::ApplicationRevoked {
            reason: None,
            revoked_at: day(6),
        };
        let events = [
            (generated(1, day(0), None, None), day(0)),
            (generated(2, day(1), Some((1, day(4), false)), None), day(1)),
            (retired, day(2)),
            (generated(3, day(3), Some((2, day(5), false)), None), day(3)),
            (revoked, day(6)),
        ];
        let expected = [
            ("gbs_3".to_owned(), day(6), SecretEnd::ApplicationRevoked(by())),
            ("gbs_2".to_owned(), day(5), SecretEnd::Replaced),
            ("gbs_1".to_owned(), day(2), SecretEnd::Retired(by())),
        ];
        assert_eq!(ends(&told(&events, day(7))), expected);
    }
}
