//! Tests e-mails that cannot be sent, temporarily or permanently.

use chrono::TimeDelta;
use gatebook_projections::sql::Value;

use super::world::{World, at};
use crate::clock::Clock;
use crate::log::append::{EncryptedEmail, Priority};
use crate::mail::scripted_server::{Script, ScriptedServer};
use crate::mail::{DeliveryFailure, MailError};
use crate::outbox::delivery::{ATTEMPTS_MAX, delay_after, survived};
use crate::outbox::{EmailState, last_failure};
use crate::store::on_both_databases::{On, on_both_databases};

on_both_databases!(
    an_email_that_is_refused_for_now_is_tried_again_after_10_then_20_seconds,
    an_email_is_given_up_after_three_days_and_its_content_is_kept,
    why_and_when_a_email_was_given_up_is_known_until_it_is_sent_or_retried,
    an_address_that_the_mail_server_cannot_write_to_is_given_up_at_once,
    an_email_that_is_refused_for_good_is_given_up_at_once,
    an_email_that_cannot_be_sent_keeps_no_other_waiting,
    an_email_that_was_sealed_for_another_row_is_given_up_and_says_why,
    an_email_of_a_kind_that_a_newer_version_wrote_waits_for_that_version,
);

const LATER: Script = Script::Mail("451 4.3.0 try later");

async fn an_email_that_is_refused_for_now_is_tried_again_after_10_then_20_seconds(on: On) {
    let world = World::new(on).await;
    let mut server = ScriptedServer::start([LATER, Script::HangUp]).await;
    world.invite("dev@example.com").await;
    let outbox = world.outbox_to(&server);

    assert_eq!(outbox.deliver_due().await.unwrap(), 1);
    let email = world.email().await;
    assert_eq!((email.state, email.attempts), (EmailState::Pending, 1));
    assert_eq!(email.next_attempt_at, Some(at(10)));
    let error = email.last_error.unwrap();
    assert_eq!(error, "transient error (451): 4.3.0 try later");

    world.clock.advance(TimeDelta::milliseconds(9_999));
    assert_eq!(outbox.deliver_due().await.unwrap(), 0);
    world.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(outbox.deliver_due().await.unwrap(), 1);
    assert_eq!(world.email().await.next_attempt_at, Some(at(30)));

    world.clock.advance(TimeDelta::seconds(20));
    assert_eq!(outbox.deliver_due().await.unwrap(), 1);
    let email = world.email().await;
    assert_eq!((email.state, email.attempts), (EmailState::Sent, 3));
    assert_eq!(email.last_error, None);
    let ids = server.message_ids();
    assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let counted = world.metrics.text();
    assert!(counted.contains(r#"gatebook_emails_total{outcome="Delayed"} 2"#));
}

#[test]
fn the_wait_doubles_up_to_an_hour() {
    let seconds: Vec<_> = (1..12).map(|n| delay_after(n).num_seconds()).collect();
    assert_eq!(seconds, [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]);
    assert_eq!(delay_after(i64::MAX), TimeDelta::hours(1));
}

async fn an_email_is_given_up_after_three_days_and_its_content_is_kept(on: On) {
    let world = World::new(on).await;
    let server = ScriptedServer::start([LATER; ATTEMPTS_MAX as usize]).await;
    world.invite("dev@example.com").await;
    let outbox = world.outbox_to(&server);
    let clock = Clock::Manual(world.clock.clone());
    let mut attempt = 0;
    let tried_for = loop {
        attempt += 1;
        let now = clock.now();
        assert_eq!(outbox.deliver_due().await.unwrap(), 1, "attempt {attempt}");
        if world.email().await.state != EmailState::Pending {
            break now.to_utc() - at(0).to_utc();
        }
        world.clock.advance(delay_after(attempt));
    };
    assert!(
        (TimeDelta::hours(70)..TimeDelta::hours(74)).contains(&tried_for),
        "{tried_for}"
    );
    let email = world.email().await;
    assert_eq!((email.state, email.attempts), (EmailState::Failed, ATTEMPTS_MAX));
    assert_eq!(outbox.deliver_due().await.unwrap(), 0);
    assert_ne!(world.sealed().await, Value::Null);
}

async fn an_email_that_is_refused_for_good_is_given_up_at_once(on: On) {
    let world = World::new(on).await;
    let server = ScriptedServer::start([Script::Recipient("550 5.1.1 nobody here")]).await;
    world.invite("dev@example.com").await;
    world.outbox_to(&server).deliver_due().await.unwrap();
    let email = world.email().await;
    assert_eq!((email.state, email.attempts), (EmailState::Failed, 1));
    assert_eq!(
        email.last_error.as_deref(),
        Some("permanent error (550): 5.1.1 nobody here")
    );
    let counted = world.metrics.text();
    assert!(counted.contains(r#"gatebook_emails_total{outcome="Failed"} 1"#));
}

async fn why_and_when_a_email_was_given_up_is_known_until_it_is_sent_or_retried(on: On) {
    let world = World::new(on).await;
    let server =
        ScriptedServer::start([Script::Recipient("550 5.1.1 nobody here"), Script::Mail("554 5.6.0 no")]).await;
    let id = world.invite_about("dev@example.com", "invitation to 1").await;
    let outbox = world.outbox_to(&server);
    let known = async || {
        let about = ["assignment of 1".to_owned(), "invitation to 1".to_owned()];
        last_failure(&*world.database, &about).await.unwrap()
    };
    for (after, failure) in [(7, DeliveryFailure::AddressRefused), (14, DeliveryFailure::MailRefused)] {
        assert_eq!(known().await, None, "it may be sent yet");
        world.clock.advance(TimeDelta::seconds(7));
        outbox.deliver_due().await.unwrap();
        let failed = known().await.unwrap();
        assert_eq!((failed.kind.as_str(), failed.at), ("invitation", at(after)));
        assert_eq!(failed.failure, Some(failure));
        outbox.retry(id).await.unwrap();
    }
    outbox.deliver_due().await.unwrap();
    assert_eq!((known().await, world.email().await.state), (None, EmailState::Sent));
    assert_eq!(last_failure(&*world.database, &[]).await.unwrap(), None);
}

async fn an_address_that_the_mail_server_cannot_write_to_is_given_up_at_once(on: On) {
    let world = World::new(on).await;
    let server = ScriptedServer::start([]).await;
    world.invite_about("dév@example.com", "invitation to 1").await;
    world.outbox_to(&server).deliver_due().await.unwrap();
    let failed = last_failure(&*world.database, &["invitation to 1".to_owned()])
        .await
        .unwrap();
    assert_eq!(failed.unwrap().failure, Some(DeliveryFailure::AddressUnsupported));
}

async fn an_email_that_cannot_be_sent_keeps_no_other_waiting(on: On) {
    let world = World::new(on).await;
    let mut server = ScriptedServer::start([Script::Mail("554 5.6.0 no"), LATER]).await;
    for to in ["a@example.com", "b@example.com", "nobody", "c@example.com"] {
        world.clock.advance(TimeDelta::milliseconds(1));
        world.invite(to).await;
    }
    let outbox = world.outbox_to(&server).one_by_one();
    assert_eq!(outbox.deliver_due().await.unwrap(), 4);
    assert_eq!(server.message_ids().len(), 3);
    let states = crate::outbox::list(&*world.database, None, 9).await.unwrap();
    let states: Vec<_> = states.iter().rev().map(|email| email.state).collect();
    use EmailState::{Failed, Pending, Sent};
    assert_eq!(states, [Failed, Pending, Failed, Sent]);
}

#[tokio::test]
async fn an_email_whose_sending_dies_is_tried_again_later_like_any_other() {
    let died = survived(async { panic!("as a bug would") }).await;
    assert!(matches!(died, Err(MailError::Transient(_))), "{died:?}");
    assert_eq!(survived(async { Ok(()) }).await, Ok(()));
}

async fn an_email_that_was_sealed_for_another_row_is_given_up_and_says_why(on: On) {
    let world = World::new(on).await;
    world
        .write(EncryptedEmail {
            id: world.new_id().to_string(),
            kind: "invitation",
            recipient: "dev@example.com".to_owned(),
            priority: Priority::Normal,
            sealed: "AAAA".to_owned(),
            not_before: None,
            about: None,
            audience: None,
            quotas: Vec::new(),
        })
        .await;
    assert_eq!(world.outbox().deliver_due().await.unwrap(), 1);
    let email = world.email().await;
    assert_eq!(email.state, EmailState::Failed);
    assert!(
        email
            .last_error
            .unwrap()
            .starts_with("its content is lost: the sealed text")
    );
    assert!(world.mails().is_empty());
}

async fn an_email_of_a_kind_that_a_newer_version_wrote_waits_for_that_version(on: On) {
    let world = World::new(on).await;
    world
        .write(EncryptedEmail {
            id: world.new_id().to_string(),
            kind: "birthday",
            recipient: "dev@example.com".to_owned(),
            priority: Priority::Normal,
            sealed: "AAAA".to_owned(),
            not_before: None,
            about: None,
            audience: None,
            quotas: Vec::new(),
        })
        .await;
    world.outbox().deliver_due().await.unwrap();
    let email = world.email().await;
    assert_eq!(email.state, EmailState::Pending);
    assert!(email.last_error.unwrap().contains("birthday"));
}
