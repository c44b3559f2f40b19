//! Failed credentials are slowed down, per address and per account; whoever knows what to enter is not.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::world::PASSWORD;
use crate::support::{Answer, PORTAL, Person, World, app_at, on_both_databases};

on_both_databases! {
    r19_wrong_codes_are_slowed_down_and_never_locked_out,
    r19_a_code_that_is_no_longer_valid_is_no_wrong_code,
    r19_the_password_is_hashed_for_the_right_code_only,
    r19_whoever_was_sent_many_codes_is_told_for_how_long_to_wait,
    r18_links_that_are_not_known_any_more_are_slowed_down_and_others_are_not,
    whoever_fails_from_one_address_does_not_keep_the_owner_out_at_another,
    an_integration_that_fails_does_not_keep_the_people_of_its_office_out,
    people_who_fail_do_not_slow_down_the_tokens_of_their_office,
    right_log_ins_at_once_are_all_answered,
}

const DEV: &str = "dev@example.com";
const ELSEWHERE: &str = "127.0.0.2";

/// Somebody at the end of an invitation.
struct Invitee {
    person: Person,
    token: String,
}

impl Invitee {
    async fn of(world: &World) -> Self {
        let ada = world.ada().await;
        world.created(&ada, "Payroll").await;
        Self {
            person: world.anybody(),
            token: world.last_mail_to(DEV).await.invite_token(),
        }
    }

    async fn asks_for_a_code(&self) -> Answer {
        let asked = json!({"invite_token": self.token});
        self.person.post(&format!("{PORTAL}/sign-up/code"), asked).await
    }

    /// The code that was mailed, and one that was not.
    async fn codes(&self, world: &World) -> (String, String) {
        self.asks_for_a_code().await.expect(202);
        let right = world.last_mail_to(DEV).await.code();
        let wrong = if right == "000000" { "111111" } else { "000000" };
        (right, wrong.to_owned())
    }

    async fn signs_up(&self, code: &str) -> Answer {
        let form = json!({
            "invite_token": self.token, "code": code, "full_name": "Dev Eloper", "password": PASSWORD,
        });
        self.person.post(&format!("{PORTAL}/sign-up"), form).await
    }
}

async fn log_in(person: &Person, password: &str) -> Answer {
    let form = json!({"email": DEV, "password": password});
    person.post(&format!("{PORTAL}/session"), form).await
}

#[track_caller]
fn told_to_wait(answer: Answer) -> i64 {
    let seconds = answer.refused(429, "too_many_requests").header("retry-after");
    seconds.parse().unwrap()
}

async fn r19_wrong_codes_are_slowed_down_and_never_locked_out(world: World) {
    let invitee = Invitee::of(&world).await;
    for _ in 0..2 {
        let (_, wrong) = invitee.codes(&world).await;
        for attempts_left in [4, 3, 2, 1, 0] {
            let answer = invitee.signs_up(&wrong).await.refused(422, "code_wrong");
            assert_eq!(answer.json()["attempts_left"], attempts_left);
        }
    }
    let (right, wrong) = invitee.codes(&world).await;
    let before = world.traces().await;
    assert_eq!(told_to_wait(invitee.signs_up(&wrong).await), 10);
    let wait = told_to_wait(invitee.signs_up(&right).await);
    assert_eq!(world.traces().await, before);
    world.pass(TimeDelta::seconds(wait));
    invitee.signs_up(&right).await.expect(201);
}

async fn r19_a_code_that_is_no_longer_valid_is_no_wrong_code(world: World) {
    let invitee = Invitee::of(&world).await;
    let (old, _) = invitee.codes(&world).await;
    world.pass(TimeDelta::minutes(10));
    for _ in 0..20 {
        invitee.signs_up(&old).await.refused(410, "code_expired");
    }
    let (right, _) = invitee.codes(&world).await;
    invitee.signs_up(&right).await.expect(201);
}

async fn r19_the_password_is_hashed_for_the_right_code_only(world: World) {
    let invitee = Invitee::of(&world).await;
    let (right, wrong) = invitee.codes(&world).await;
    let hashed = || world.gatebook.metrics.password_hashings.get();
    let before = hashed();
    invitee.signs_up(&wrong).await.expect(422);
    assert_eq!(hashed(), before);
    invitee.signs_up(&right).await.expect(201);
    assert_eq!(hashed(), before + 1);
}

async fn r19_whoever_was_sent_many_codes_is_told_for_how_long_to_wait(world: World) {
    let invitee = Invitee::of(&world).await;
    for _ in 0..5 {
        invitee.asks_for_a_code().await.expect(202);
    }
    world.pass(TimeDelta::milliseconds(100_001));
    assert_eq!(told_to_wait(invitee.asks_for_a_code().await), 500);
    world.pass(TimeDelta::seconds(500));
    invitee.asks_for_a_code().await.expect(202);
}

async fn r18_links_that_are_not_known_any_more_are_slowed_down_and_others_are_not(world: World) {
    let invitee = Invitee::of(&world).await;
    let old = Invitee {
        token: invitee.token.clone(),
        ..invitee
    };
    let (code, _) = old.codes(&world).await;
    old.signs_up(&code).await.expect(201);
    let ada = world.ada().await;
    let form = World::with(
        World::new_integration("Stock"),
        json!({"developer_email": "eve@example.com"}),
    );
    ada.post("/api/v1/integration-apps", form).await.expect(201);
    let eve = world.last_mail_to("eve@example.com").await.invite_token();
    let open = async |token: &str| {
        let asked = json!({"invite_token": token});
        old.person.post(&format!("{PORTAL}/sign-up/invitation"), asked).await
    };
    for _ in 0..100 {
        open(&old.token).await.refused(404, "invite_unknown");
    }
    assert_eq!(told_to_wait(open(&old.token).await), 1);
    open(&eve).await.expect(200);
    world.pass(TimeDelta::seconds(1));
    open(&old.token).await.refused(404, "invite_unknown");
}

async fn whoever_fails_from_one_address_does_not_keep_the_owner_out_at_another(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    world.signed_up(DEV).await;
    let (owner, stranger) = (world.anybody(), world.anybody_at(ELSEWHERE));
    for _ in 0..10 {
        log_in(&stranger, "wrong password")
            .await
            .refused(401, "unauthenticated");
    }
    for _ in 0..20 {
        told_to_wait(log_in(&stranger, "wrong password").await);
    }
    log_in(&owner, PASSWORD).await.expect(200);
    told_to_wait(log_in(&stranger, PASSWORD).await);
}

async fn an_integration_that_fails_does_not_keep_the_people_of_its_office_out(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    for number in 0..100 {
        let other = (format!("gbc_{number}"), client.1.clone());
        world.token(&other).await.expect(401);
    }
    world.token(&client).await.expect(429);
    log_in(&world.anybody(), PASSWORD).await.expect(200);
}

async fn people_who_fail_do_not_slow_down_the_tokens_of_their_office(world: World) {
    let (.., client) = world.running("Payroll").await;
    for number in 0..100 {
        let form = json!({"email": format!("user{number}@example.com"), "password": "wrong password"});
        world
            .anybody()
            .post(&format!("{PORTAL}/session"), form)
            .await
            .expect(401);
    }
    told_to_wait(log_in(&world.anybody(), PASSWORD).await);
    world.token(&(client.0, "wrong".to_owned())).await.expect(401);
}

async fn right_log_ins_at_once_are_all_answered(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    world.signed_up(DEV).await;
    let anybody = world.anybody();
    let form: Value = json!({"email": DEV, "password": PASSWORD});
    let log_ins: Vec<_> = (0..30)
        .map(|_| tokio::spawn(anybody.post_owned(format!("{PORTAL}/session"), form.clone())))
        .collect();
    for log_in in log_ins {
        log_in.await.unwrap().expect(200);
    }
}
