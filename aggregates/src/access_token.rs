//! An access token of which something has to be remembered: it was revoked before its end (RFC 7009). Nothing is written
//! when one is issued.
//!
//! Each such token has a stream of its own, so that the log of an application is no longer, and its commands no slower, for
//! the tokens that were revoked. The application's log shows them all the same: the event says of which it speaks.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumString, IntoStaticStr, VariantNames};

use crate::identifiers::{AccessTokenId, AppId, GroupId};
use crate::integration_app::Status;
use crate::refusal::Refusal;
use crate::text::AppName;
use crate::timestamp::Timestamp;

/// What is remembered of an access token; nothing of nearly all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// RFC 7009: that it was revoked.
    pub revoked: Option<RevokedToken>,
}

/// An access token that was revoked before its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedToken {
    /// The application that it was issued to.
    pub app_id: AppId,
    /// R4: that application's group.
    pub group_id: GroupId,
    /// When it would have ended by itself.
    pub expires_at: Timestamp,
}

/// RFC 7009: the integration that a token was issued to revokes it. Who that is has been proven before.
#[derive(Clone, Debug)]
pub struct RevokeAccessToken {
    /// When it is asked.
    pub at: Timestamp,
    /// Which token: the id of its stream.
    pub token_id: AccessTokenId,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// The application that it was issued to.
    pub app_id: AppId,
    /// R6: that application's name.
    pub app_name: AppName,
    /// R4: that application's group.
    pub group_id: GroupId,
    /// R27: whether that application runs.
    pub app_status: Status,
}

/// The facts of an access token. Their JSON is kept for ever: never rename, only add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames, EnumDiscriminants)]
#[strum_discriminants(name(AccessTokenEventType), derive(EnumString), doc = "The names of the events.")]
#[serde(deny_unknown_fields)]
pub enum AccessTokenEvent {
    /// RFC 7009: the integration revoked it.
    AccessTokenRevoked {
        token_id: AccessTokenId,
        app_id: AppId,
        app_name: AppName,
        group_id: GroupId,
        revoked_at: Timestamp,
        expires_at: Timestamp,
    },
}

impl AccessToken {
    /// What follows from the command: the fact, or nothing. Pure. A token that is dead already stays so without another
    /// word: it was revoked before, it has ended, or its application was revoked (R27).
    pub fn decide(&self, command: RevokeAccessToken) -> Vec<AccessTokenEvent> {
        let has_ended = command.at >= command.expires_at || command.app_status == Status::Revoked;
        if self.revoked.is_some() || has_ended {
            return Vec::new();
        }
        vec![AccessTokenEvent::AccessTokenRevoked {
            token_id: command.token_id,
            app_id: command.app_id,
            app_name: command.app_name,
            group_id: command.group_id,
            revoked_at: command.at,
            expires_at: command.expires_at,
        }]
    }
}

impl Aggregate for AccessToken {
    const TYPE: &'static str = "AccessToken";
    type Command = RevokeAccessToken;
    type Event = AccessTokenEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(&mut self, command: RevokeAccessToken, (): &(), sink: &EventSink<Self>) -> Result<(), Refusal> {
        for event in self.decide(command) {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: AccessTokenEvent) {
        let AccessTokenEvent::AccessTokenRevoked {
            app_id,
            group_id,
            expires_at,
            ..
        } = event;
        self.revoked = Some(RevokedToken {
            app_id,
            group_id,
            expires_at,
        });
    }
}

impl DomainEvent for AccessTokenEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: &str = "2026-11-23T09:15:00.000Z";
    const ENDS: &str = "2026-11-23T10:15:00.000Z";

    fn name() -> AppName {
        AppName::parse("Payroll Bridge").unwrap()
    }

    fn at(time: &str) -> Timestamp {
        Timestamp::parse(time).unwrap()
    }

    fn revoke(time: &str, app_status: Status) -> RevokeAccessToken {
        RevokeAccessToken {
            at: at(time),
            token_id: Uuid::from_u128(500).into(),
            expires_at: at(ENDS),
            app_id: Uuid::from_u128(1).into(),
            app_name: name(),
            group_id: GroupId::parse("acme").unwrap(),
            app_status,
        }
    }

    fn revoked(time: &str) -> AccessTokenEvent {
        AccessTokenEvent::AccessTokenRevoked {
            token_id: Uuid::from_u128(500).into(),
            app_id: Uuid::from_u128(1).into(),
            app_name: name(),
            group_id: GroupId::parse("acme").unwrap(),
            revoked_at: at(time),
            expires_at: at(ENDS),
        }
    }

    fn given(events: Vec<AccessTokenEvent>) -> AccessToken {
        let mut token = AccessToken::default();
        events.into_iter().for_each(|event| token.apply(event));
        token
    }

    #[test]
    fn rfc7009_a_token_is_revoked_once_and_only_while_it_lives() {
        let last_moment = "2026-11-23T10:14:59.999Z";
        let cases = [
            (vec![], NOW, Status::Active, vec![revoked(NOW)]),
            // Whatever was suspended may be resumed, and its tokens then live.
            (vec![], NOW, Status::Suspended, vec![revoked(NOW)]),
            (vec![], last_moment, Status::Active, vec![revoked(last_moment)]),
            (vec![], ENDS, Status::Active, vec![]),
            (vec![], NOW, Status::Revoked, vec![]),
            (vec![revoked(NOW)], NOW, Status::Active, vec![]),
        ];
        for (before, time, status, expected) in cases {
            assert_eq!(
                given(before).decide(revoke(time, status)),
                expected,
                "{time} {status:?}"
            );
        }
    }
}
