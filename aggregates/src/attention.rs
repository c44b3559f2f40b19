//! What about an application somebody should look at: an invitation that has ended, a locked OTP, a client secret that is about
//! to end. It follows from facts and the time, so nothing has to happen for it to begin, and nobody writes it down.
//!
//! Lists ask the database for the same; `tests/store/attention.rs` holds the two together.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::integration_app::{ClientSecret, OtpState, Status, has_ended, otp_state};
use crate::timestamp::Timestamp;

/// How long before its end a client secret needs attention.
pub const SECRET_ENDS_SOON: TimeDelta = TimeDelta::hours(24);
/// The same, if no other client secret goes on after it.
pub const LAST_SECRET_ENDS_SOON: TimeDelta = TimeDelta::days(14);
/// How long before its end date an application needs attention.
pub const ACCESS_ENDS_TODAY: TimeDelta = TimeDelta::hours(24);
/// How long after its verification an application that nobody has used yet needs attention.
pub const NEVER_USED_AFTER: TimeDelta = TimeDelta::days(7);
/// How long after its last use an application needs attention.
pub const UNUSED_AFTER: TimeDelta = TimeDelta::days(90);

/// A reason to look at an application. The more urgent ones come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Attention {
    /// R15: there were five wrong tries.
    OtpLocked,
    /// An e-mail to the developer could not be delivered.
    MailRefused,
    /// The application ends within [`ACCESS_ENDS_TODAY`].
    AccessEndsToday,
    /// R23: see [`SECRET_ENDS_SOON`] and [`LAST_SECRET_ENDS_SOON`].
    SecretEndsSoon,
    /// R18: the invitation ended before anybody signed up with it.
    InvitationExpired,
    /// R14: the OTP ended before it was verified.
    OtpExpired,
    /// R25: it has no entity of its group, so that nothing can be read with it.
    NoEntities,
    /// See [`NEVER_USED_AFTER`].
    NeverUsed,
    /// See [`UNUSED_AFTER`].
    #[serde(rename = "unused_90_days")]
    #[strum(serialize = "unused_90_days")]
    Unused90Days,
}

impl Attention {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The words on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::OtpLocked => "OTP locked",
            Self::MailRefused => "Mail refused",
            Self::AccessEndsToday => "Access ends today",
            Self::SecretEndsSoon => "Secret ends soon",
            Self::InvitationExpired => "Invite expired",
            Self::OtpExpired => "OTP expired",
            Self::NoEntities => "No entities",
            Self::NeverUsed => "Never used",
            Self::Unused90Days => "Not used",
        }
    }
}

/// What is known of an application.
#[derive(Clone, Copy, Debug)]
pub struct AttentionFacts<'a> {
    /// R1: whether its group is on the plan. Without it nothing can be done about the application.
    pub is_on_plan: bool,
    /// R27.
    pub status: Status,
    /// When the application ends by itself.
    pub ends_at: Option<Timestamp>,
    /// What is open with its developer.
    pub developer: OpenWithDeveloper,
    /// When the developer verified.
    pub verified_at: Option<Timestamp>,
    /// Whether an e-mail that the developer waits for could not be delivered.
    pub has_refused_mail: bool,
    /// R25: whether its group has an entity of those that were selected.
    pub has_entities: bool,
    /// R23: those that were not retired.
    pub client_secrets: &'a [ClientSecret],
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
}

/// R14, R18: what a developer who has not verified still has to do something with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenWithDeveloper {
    /// R18: when the invitation of somebody without an account ends.
    pub invite_expires_at: Option<Timestamp>,
    /// R14: when the OTP ends.
    pub otp_expires_at: Option<Timestamp>,
    /// R15: wrong tries that are left.
    pub otp_attempts_left: Option<i64>,
}

impl OpenWithDeveloper {
    /// Why it cannot be used any more, the most urgent first. It holds of suspended applications, too: the lists, the
    /// pages and the portal say it in place of “invited”.
    pub fn dead(&self, now: Timestamp) -> impl Iterator<Item = Attention> + use<> {
        let otp = self
            .otp_expires_at
            .zip(self.otp_attempts_left)
            .map(|(ends, tries)| otp_state(ends, tries, now));
        let invitation_expired = self.invite_expires_at.is_some_and(|ends| now >= ends);
        [
            (otp == Some(OtpState::Locked)).then_some(Attention::OtpLocked),
            invitation_expired.then_some(Attention::InvitationExpired),
            (otp == Some(OtpState::Expired)).then_some(Attention::OtpExpired),
        ]
        .into_iter()
        .flatten()
    }
}

/// What of an application needs attention, the most urgent first. What somebody has suspended, revoked or let end waits for
/// nobody.
pub fn attention(facts: &AttentionFacts<'_>, now: Timestamp) -> Vec<Attention> {
    if facts.status != Status::Active || has_ended(facts.ends_at, now) || !facts.is_on_plan {
        return Vec::new();
    }
    let of_its_own = [
        (facts.has_refused_mail, Attention::MailRefused),
        (facts.ends_today(now), Attention::AccessEndsToday),
        (secret_ends_soon(facts.client_secrets, now), Attention::SecretEndsSoon),
        (!facts.has_entities, Attention::NoEntities),
        (facts.is_never_used(now), Attention::NeverUsed),
        (facts.is_unused(now), Attention::Unused90Days),
    ];
    let of_its_own = of_its_own.into_iter().filter_map(|(holds, code)| holds.then_some(code));
    let mut all: Vec<_> = facts.developer.dead(now).chain(of_its_own).collect();
    all.sort_unstable();
    all
}

impl AttentionFacts<'_> {
    fn ends_today(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| is_within(end, ACCESS_ENDS_TODAY, now))
    }

    fn is_never_used(&self, now: Timestamp) -> bool {
        let verified_long_ago = self.verified_at.is_some_and(|at| now >= at.plus(NEVER_USED_AFTER));
        verified_long_ago && self.last_used_at.is_none()
    }

    fn is_unused(&self, now: Timestamp) -> bool {
        self.last_used_at.is_some_and(|at| now >= at.plus(UNUSED_AFTER))
    }
}

/// R23: in the last day of one that is replaced, and in the last two weeks of the last one.
fn secret_ends_soon(secrets: &[ClientSecret], now: Timestamp) -> bool {
    let end_within = |time| move |secret: &ClientSecret| secret.ends_at.is_some_and(|end| is_within(end, time, now));
    let mut live = secrets.iter().filter(|secret| secret.is_live(now)).peekable();
    let any_lives = live.peek().is_some();
    any_lives && (secrets.iter().any(end_within(SECRET_ENDS_SOON)) || live.all(end_within(LAST_SECRET_ENDS_SOON)))
}

/// Whether a moment is still to come, and no further away than this.
fn is_within(moment: Timestamp, time: TimeDelta, now: Timestamp) -> bool {
    now < moment && moment <= now.plus(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifiers::{ClientSecretId, KeyedDigest};
    use uuid::Uuid;

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-23T09:00:00.000Z").unwrap()
    }

    /// One that needs nothing.
    fn running() -> AttentionFacts<'static> {
        AttentionFacts {
            is_on_plan: true,
            status: Status::Active,
            ends_at: None,
            developer: OpenWithDeveloper::default(),
            verified_at: Some(now().plus(TimeDelta::days(-100))),
            has_refused_mail: false,
            has_entities: true,
            client_secrets: &[],
            last_used_at: Some(now()),
        }
    }

    fn invited(otp_attempts_left: i64) -> AttentionFacts<'static> {
        AttentionFacts {
            developer: OpenWithDeveloper {
                invite_expires_at: Some(now()),
                otp_expires_at: Some(now()),
                otp_attempts_left: Some(otp_attempts_left),
            },
            verified_at: None,
            last_used_at: None,
            ..running()
        }
    }

    /// One millisecond before the moment, and at it.
    fn around(facts: &AttentionFacts<'_>, moment: Timestamp) -> [Vec<Attention>; 2] {
        [
            attention(facts, moment.plus(TimeDelta::milliseconds(-1))),
            attention(facts, moment),
        ]
    }

    fn secret(ends_at: Option<Timestamp>) -> ClientSecret {
        ClientSecret {
            id: ClientSecretId::from_uuid(Uuid::nil()),
            prefix: "gbs_1234".to_owned(),
            secret_digest: KeyedDigest("digest".to_owned()),
            created_at: now(),
            ends_at,
        }
    }

    #[test]
    fn what_runs_needs_nothing() {
        assert_eq!(attention(&running(), now()), []);
    }

    #[test]
    fn r14_r18_invitation_and_otp_need_attention_from_their_end_on() {
        let both = vec![Attention::InvitationExpired, Attention::OtpExpired];
        assert_eq!(around(&invited(1), now()), [vec![], both]);
    }

    #[test]
    fn r15_a_locked_otp_is_called_locked_before_and_after_its_end_and_comes_first() {
        let [before, after] = around(&invited(0), now());
        assert_eq!(before, [Attention::OtpLocked]);
        assert_eq!(after, [Attention::OtpLocked, Attention::InvitationExpired]);
    }

    #[test]
    fn an_application_ends_today_in_its_last_24_hours() {
        let end = now().plus(TimeDelta::days(30));
        let facts = AttentionFacts {
            ends_at: Some(end),
            last_used_at: Some(end),
            ..running()
        };
        let begins = end.plus(-ACCESS_ENDS_TODAY);
        assert_eq!(around(&facts, begins), [vec![], vec![Attention::AccessEndsToday]]);
        assert_eq!(around(&facts, end), [vec![Attention::AccessEndsToday], vec![]]);
    }

    #[test]
    fn what_has_ended_waits_for_nobody() {
        let end = now().plus(TimeDelta::days(1));
        let facts = AttentionFacts {
            ends_at: Some(end),
            has_entities: false,
            ..invited(0)
        };
        let [before, after] = around(&facts, end);
        assert_eq!(before.len(), 4);
        assert_eq!(after, []);
    }

    #[test]
    fn r23_a_secret_that_is_replaced_ends_soon_in_its_last_day() {
        let end = now().plus(TimeDelta::days(10));
        let secrets = [secret(Some(end)), secret(None)];
        let facts = AttentionFacts {
            client_secrets: &secrets,
            ..running()
        };
        let begins = end.plus(-SECRET_ENDS_SOON);
        assert_eq!(around(&facts, begins), [vec![], vec![Attention::SecretEndsSoon]]);
        assert_eq!(around(&facts, end), [vec![Attention::SecretEndsSoon], vec![]]);
    }

    #[test]
    fn r23_the_last_secret_ends_soon_two_weeks_before() {
        let end = now().plus(TimeDelta::days(30));
        let earlier = secret(Some(now()));
        let secrets = [earlier, secret(Some(end))];
        let facts = AttentionFacts {
            client_secrets: &secrets,
            ..running()
        };
        let begins = end.plus(-LAST_SECRET_ENDS_SOON);
        assert_eq!(around(&facts, begins), [vec![], vec![Attention::SecretEndsSoon]]);
        assert_eq!(around(&facts, end), [vec![Attention::SecretEndsSoon], vec![]]);
    }

    #[test]
    fn what_was_never_used_needs_attention_7_days_after_its_verification() {
        let facts = AttentionFacts {
            verified_at: Some(now()),
            last_used_at: None,
            ..running()
        };
        let moment = now().plus(NEVER_USED_AFTER);
        assert_eq!(around(&facts, moment), [vec![], vec![Attention::NeverUsed]]);
    }

    #[test]
    fn what_was_used_needs_attention_90_days_after_its_last_use() {
        let moment = now().plus(UNUSED_AFTER);
        assert_eq!(around(&running(), moment), [vec![], vec![Attention::Unused90Days]]);
    }

    #[test]
    fn r25_without_an_entity_or_with_a_refused_mail_it_needs_attention_at_any_time() {
        let facts = AttentionFacts {
            has_entities: false,
            has_refused_mail: true,
            ..running()
        };
        assert_eq!(
            attention(&facts, now()),
            [Attention::MailRefused, Attention::NoEntities]
        );
    }

    #[test]
    fn r1_r27_what_was_stopped_waits_for_nobody() {
        for (status, is_on_plan) in [
            (Status::Suspended, true),
            (Status::Revoked, true),
            (Status::Active, false),
        ] {
            let facts = AttentionFacts {
                status,
                is_on_plan,
                has_entities: false,
                ..invited(0)
            };
            assert_eq!(attention(&facts, now()), []);
        }
    }

    #[test]
    fn a_code_is_one_word() {
        for code in Attention::VARIANTS {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
        assert_eq!(Attention::Unused90Days.as_str(), "unused_90_days");
    }
}
