//! R25: the first reason that holds.

use strum::IntoEnumIterator;
use uuid::Uuid;

use super::*;
use crate::identifiers::KeyedDigest;

const NOW: &str = "2026-11-23T09:00:00.000Z";

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

fn in_ms(millis: i64) -> Timestamp {
    now().plus(chrono::TimeDelta::milliseconds(millis))
}

/// A call at the gate, and everything that is true at that moment.
struct Call {
    token: TokenFacts,
    entity: Option<EntityId>,
    access: Option<Access>,
    status: Status,
    ends_at: Option<Timestamp>,
    api_permission: ApiPermission,
    client_secrets: Vec<ClientSecret>,
    tokens_ended_before: Option<Timestamp>,
    product_plan: ProductPlan,
    is_unreadable: bool,
    opened: Vec<EntityId>,
}

impl Call {
    fn that_may_pass() -> Self {
        let berlin = EntityId::parse("berlin").unwrap();
        let secret = ClientSecret {
            id: Uuid::from_u128(1).into(),
            prefix: "gbs_1".into(),
            secret_digest: KeyedDigest("digest".into()),
            created_at: now(),
            ends_at: None,
        };
        Self {
            token: TokenFacts {
                token_id: Uuid::from_u128(500).into(),
                client_secret_id: secret.id,
                read: true,
                write: true,
                issued_at: now(),
                expires_at: in_ms(1),
                is_revoked: false,
            },
            entity: Some(berlin.clone()),
            access: Some(Access::Write),
            status: Status::Active,
            ends_at: None,
            api_permission: ApiPermission::ReadWrite,
            client_secrets: vec![secret],
            tokens_ended_before: None,
            product_plan: ProductPlan::parse("AIQ3").unwrap(),
            is_unreadable: false,
            opened: vec![berlin],
        }
    }

    fn verdict(&self) -> Verdict {
        self.check(&self.token, self.entity.as_ref(), self.access, now())
    }
}

impl Gate for Call {
    fn status(&self) -> Status {
        self.status
    }
    fn ends_at(&self) -> Option<Timestamp> {
        self.ends_at
    }
    fn api_permission(&self) -> ApiPermission {
        self.api_permission
    }
    fn client_secrets(&self) -> &[ClientSecret] {
        &self.client_secrets
    }
    fn tokens_ended_before(&self) -> Option<Timestamp> {
        self.tokens_ended_before
    }
    fn product_plan(&self) -> &ProductPlan {
        &self.product_plan
    }
    fn is_unreadable(&self) -> bool {
        self.is_unreadable
    }
    fn opens_entity(&self, entity: &EntityId) -> bool {
        self.opened.contains(entity)
    }
}

/// One thing that is wrong with a call, and what the gate says when it is the only one.
type Failure = (Verdict, fn(&mut Call));

/// R25's order. Failures of one stage are of one rank; most exclude each other.
const STAGES: [&[Failure]; 9] = [
    &[(Verdict::TokenExpired, |call| call.token.expires_at = now())],
    &[
        (Verdict::TokenRevoked, |call| call.token.is_revoked = true),
        (Verdict::TokenRevoked, |call| {
            call.tokens_ended_before = Some(in_ms(1));
        }),
    ],
    &[
        (Verdict::SecretRetired, |call| {
            call.client_secrets[0].ends_at = Some(now());
        }),
        (Verdict::SecretRetired, |call| call.client_secrets.clear()),
    ],
    &[
        (Verdict::AppSuspended, |call| call.status = Status::Suspended),
        (Verdict::AppRevoked, |call| call.status = Status::Revoked),
    ],
    &[(Verdict::AppExpired, |call| call.ends_at = Some(now()))],
    &[(Verdict::GroupNotOnPlan, |call| {
        call.product_plan = ProductPlan::parse("AIQ2").unwrap();
    })],
    &[(Verdict::Unavailable, |call| call.is_unreadable = true)],
    &[
        (Verdict::EntityMissing, |call| call.entity = None),
        (Verdict::EntityNotAssigned, |call| call.opened.clear()),
    ],
    &[
        (Verdict::AccessNotPermitted, |call| call.token.write = false),
        (Verdict::AccessNotPermitted, |call| {
            call.api_permission = ApiPermission::Read;
        }),
        (Verdict::AccessNotPermitted, |call| call.access = None),
    ],
];

#[test]
fn r25_a_call_with_nothing_wrong_passes() {
    assert_eq!(Call::that_may_pass().verdict(), Verdict::Ok);
}

#[test]
fn r25_of_two_failures_the_earlier_reason_is_named() {
    for (rank, stage) in STAGES.iter().enumerate() {
        for (first, fails_first) in *stage {
            for (second, fails_second) in STAGES[rank + 1..].concat() {
                let mut call = Call::that_may_pass();
                fails_second(&mut call);
                fails_first(&mut call);
                assert_eq!(call.verdict(), *first, "{first:?} before {second:?}");
            }
        }
    }
}

#[test]
fn r25_of_any_number_of_failures_the_first_reason_is_named() {
    // Counts through every choice of at most one failure a stage.
    let choices: usize = STAGES.iter().map(|stage| stage.len() + 1).product();
    for mut choice in 0..choices {
        let mut call = Call::that_may_pass();
        let mut expected = Verdict::Ok;
        for stage in STAGES {
            let chosen = choice % (stage.len() + 1);
            choice /= stage.len() + 1;
            if let Some((verdict, fails)) = chosen.checked_sub(1).map(|n| stage[n]) {
                fails(&mut call);
                if expected == Verdict::Ok {
                    expected = verdict;
                }
            }
        }
        assert_eq!(call.verdict(), expected);
    }
}

#[test]
fn r25_a_token_is_alive_or_dead_before_entity_and_access_are_looked_at() {
    for (rank, stage) in STAGES.iter().enumerate() {
        for (verdict, fails) in *stage {
            let mut call = Call::that_may_pass();
            fails(&mut call);
            let alive = if rank < 7 { *verdict } else { Verdict::Ok };
            assert_eq!(call.check_token(&call.token, now()), alive);
        }
    }
}

#[test]
fn r25_token_secret_and_application_hold_until_their_end_and_not_a_millisecond_longer() {
    for (ends_in, token, secret, app) in [
        (1, Verdict::Ok, Verdict::Ok, Verdict::Ok),
        (0, Verdict::TokenExpired, Verdict::SecretRetired, Verdict::AppExpired),
        (-1, Verdict::TokenExpired, Verdict::SecretRetired, Verdict::AppExpired),
    ] {
        let mut call = Call::that_may_pass();
        call.token.expires_at = in_ms(ends_in);
        assert_eq!(call.verdict(), token);
        let mut call = Call::that_may_pass();
        call.client_secrets[0].ends_at = Some(in_ms(ends_in));
        assert_eq!(call.verdict(), secret);
        let mut call = Call::that_may_pass();
        call.ends_at = Some(in_ms(ends_in));
        assert_eq!(call.verdict(), app);
    }
}

#[test]
fn r23_a_live_secret_does_not_help_the_token_of_another_one() {
    let mut call = Call::that_may_pass();
    call.token.client_secret_id = Uuid::from_u128(2).into();
    assert_eq!(call.verdict(), Verdict::SecretRetired);
}

#[test]
fn a_token_that_was_issued_at_the_moment_before_which_tokens_ended_is_alive() {
    for (ended_before, verdict) in [(1, Verdict::TokenRevoked), (0, Verdict::Ok), (-1, Verdict::Ok)] {
        let mut call = Call::that_may_pass();
        call.tokens_ended_before = Some(in_ms(ended_before));
        assert_eq!(call.verdict(), verdict, "{ended_before}");
    }
}

#[test]
fn r25_one_open_entity_does_not_open_another_one() {
    let mut call = Call::that_may_pass();
    call.entity = Some(EntityId::parse("dublin").unwrap());
    assert_eq!(call.verdict(), Verdict::EntityNotAssigned);
}

#[test]
fn r24_access_needs_both_the_scope_and_the_permission() {
    use Access::{Read, Write};
    use ApiPermission::ReadWrite;
    for api_permission in [ApiPermission::Read, ReadWrite] {
        for (read, write) in [(true, true), (true, false), (false, true), (false, false)] {
            for access in [Read, Write] {
                let mut call = Call::that_may_pass();
                (call.token.read, call.token.write) = (read, write);
                (call.api_permission, call.access) = (api_permission, Some(access));
                let passes = match access {
                    Read => read,
                    Write => write && api_permission == ReadWrite,
                };
                assert_eq!(call.verdict() == Verdict::Ok, passes);
            }
        }
    }
}

#[test]
fn r25_every_reason_has_its_place_in_the_order() {
    use Verdict::{Ok, TokenInvalid, TokenMalformed, TokenMissing};
    let staged: Vec<_> = STAGES.concat().into_iter().map(|(verdict, _)| verdict).collect();
    for verdict in Verdict::iter() {
        // Without a genuine token there are no facts to decide on.
        let has_no_facts = [Ok, TokenMissing, TokenMalformed, TokenInvalid].contains(&verdict);
        assert!(has_no_facts || staged.contains(&verdict), "{verdict:?}");
    }
}

#[test]
fn every_reason_has_the_code_of_the_contract() {
    let codes: Vec<_> = Verdict::iter().map(Verdict::code).collect();
    let contract = [
        "ok",
        "token_missing",
        "token_malformed",
        "token_invalid",
        "token_expired",
        "token_revoked",
        "secret_retired",
        "app_suspended",
        "app_revoked",
        "app_expired",
        "group_not_on_plan",
        "entity_missing",
        "entity_not_assigned",
        "access_not_permitted",
        "unavailable",
    ];
    assert_eq!(codes, contract);
}
