//! Tests what operators see and do.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use super::world::{START, World, at};
use crate::clock::Clock;
use crate::log::append::{EncryptedEmail, Priority};
use crate::mail::DeliveryFailure;
use crate::mail::scripted_server::{Script, ScriptedServer};
use crate::outbox::queue::{self, AttemptOutcome, LEASE, Takes};
use crate::outbox::{Depth, EmailState, Retry, depth, list, list_page, retry_failed, totals};
use crate::store::on_both_databases::{On, on_both_databases};

on_both_databases!(
    operators_see_emails_newest_first_and_by_state_but_not_what_they_say,
    an_email_that_was_given_up_can_be_sent_after_all,
    an_email_that_waits_for_its_next_attempt_can_be_sent_now,
    an_email_that_was_sent_stays_sent_and_one_that_never_was_is_not_found,
    an_email_that_is_being_sent_is_not_sent_by_a_second_process_because_it_is_retried,
    an_email_for_later_is_not_sent_early_because_it_is_retried,
    all_emails_that_were_given_up_can_be_sent_after_all,
    operators_read_the_outbox_page_by_page,
    how_much_waits_and_for_how_long_is_known,
    both_databases_find_what_is_due_by_an_index,
    what_an_attempt_came_to_does_not_undo_a_retry_or_a_sending_meanwhile,
);

const NOBODY: Script = Script::Recipient("550 5.1.1 nobody here");

async fn operators_see_emails_newest_first_and_by_state_but_not_what_they_say(on: On) {
    let world = World::new(on).await;
    let server = ScriptedServer::start([NOBODY]).await;
    let first = world.invite("a@example.com").await;
    world.outbox_to(&server).deliver_due().await.unwrap();
    world.clock.advance(TimeDelta::seconds(1));
    let second = world.invite("b@example.com").await;

    let ids = async |state, limit| -> Vec<String> {
        let emails = list(&*world.database, state, limit).await.unwrap();
        emails.into_iter().map(|email| email.id).collect()
    };
    assert_eq!(ids(None, 9).await, [second.to_string(), first.to_string()]);
    assert_eq!(ids(None, 1).await, [second.to_string()]);
    assert_eq!(ids(Some(EmailState::Failed), 9).await, [first.to_string()]);
    assert_eq!(ids(Some(EmailState::Pending), 9).await, [second.to_string()]);
    assert!(ids(Some(EmailState::Sent), 9).await.is_empty());

    let failed = &list(&*world.database, Some(EmailState::Failed), 9).await.unwrap()[0];
    assert_eq!(
        serde_json::to_value(failed).unwrap(),
        json!({
            "id": first, "kind": "invitation", "recipient": "a@example.com", "state": "failed", "attempts": 1,
            "next_attempt_at": null, "last_error": "permanent error (550): 5.1.1 nobody here",
            "created_at": START, "sent_at": null,
        })
    );
}

async fn an_email_that_was_given_up_can_be_sent_after_all(on: On) {
    let world = World::new(on).await;
    let mut server = ScriptedServer::start([NOBODY]).await;
    let id = world.invite("dev@example.com").await;
    let outbox = world.outbox_to(&server);
    outbox.deliver_due().await.unwrap();

    world.clock.advance(TimeDelta::hours(2));
    let Retry::Due(email) = outbox.retry(id).await.unwrap() else {
        panic!("it was not retried");
    };
    assert_eq!((email.state, email.attempts), (EmailState::Pending, 0));
    assert_eq!((email.next_attempt_at, &email.last_error), (Some(at(7_200)), &None));
    assert_eq!(outbox.retry(id).await.unwrap(), Retry::Due(email), "a second click");
    outbox.deliver_due().await.unwrap();
    assert_eq!(world.email().await.state, EmailState::Sent);
    assert_eq!(server.message_ids(), [format!("<{id}@gate.example.com>")]);
}

async fn an_email_that_waits_for_its_next_attempt_can_be_sent_now(on: On) {
    let world = World::new(on).await;
    let server = ScriptedServer::start([Script::HangUp]).await;
    let id = world.invite("dev@example.com").await;
    let outbox = world.outbox_to(&server);
    outbox.deliver_due().await.unwrap();
    assert_eq!(outbox.deliver_due().await.unwrap(), 0);
    outbox.retry(id).await.unwrap();
    assert_eq!(outbox.deliver_due().await.unwrap(), 1);
    assert_eq!(world.email().await.state, EmailState::Sent);
}

async fn an_email_that_was_sent_stays_sent_and_one_that_never_was_is_not_found(on: On) {
    let world = World::new(on).await;
    let id = world.invite("dev@example.com").await;
    let outbox = world.outbox();
    outbox.deliver_due().await.unwrap();
    let sent = world.email().await;
    assert_eq!(outbox.retry(id).await.unwrap(), Retry::NotFailed(sent));
    assert_eq!(outbox.deliver_due().await.unwrap(), 0);
    assert_eq!(outbox.retry(Uuid::nil()).await.unwrap(), Retry::Unknown);
}

async fn an_email_that_is_being_sent_is_not_sent_by_a_second_process_because_it_is_retried(on: On) {
    let world = World::new(on).await;
    let server = ScriptedServer::start([Script::HangUp]).await;
    let id = world.invite("dev@example.com").await;
    world.outbox_to(&server).deliver_due().await.unwrap();
    world.clock.advance(TimeDelta::seconds(10));
    queue::claim(&*world.database, &Clock::Manual(world.clock.clone()), Takes::All)
        .await
        .unwrap();
    let sending = world.email().await;
    assert_eq!((sending.attempts, &sending.last_error), (2, &None));
    assert_eq!(world.outbox().retry(id).await.unwrap(), Retry::NotFailed(sending));
    assert_eq!(world.outbox().deliver_due().await.unwrap(), 0);
}

async fn an_email_for_later_is_not_sent_early_because_it_is_retried(on: On) {
    let world = World::new(on).await;
    let id = world.new_id();
    world
        .write(EncryptedEmail {
            id: id.to_string(),
            kind: "client_secret_ending",
            recipient: "dev@example.com".to_owned(),
            priority: Priority::Normal,
            sealed: "AAAA".to_owned(),
            not_before: Some(at(3_600)),
            about: None,
            audience: None,
            quotas: Vec::new(),
        })
        .await;
    let waiting = world.email().await;
    assert_eq!(world.outbox().retry(id).await.unwrap(), Retry::NotFailed(waiting));
    assert_eq!(world.email().await.next_attempt_at, Some(at(3_600)));
}

async fn all_emails_that_were_given_up_can_be_sent_after_all(on: On) {
    let world = World::new(on).await;
    let mut server = ScriptedServer::start([NOBODY, NOBODY]).await;
    for to in ["a@example.com", "b@example.com"] {
        world.invite(to).await;
    }
    let outbox = world.outbox_to(&server);
    outbox.deliver_due().await.unwrap();
    assert_eq!(outbox.deliver_due().await.unwrap(), 0);
    let retried = retry_failed(&*world.database, at(0)).await.unwrap();
    assert_eq!((retried, outbox.deliver_due().await.unwrap()), (2, 2));
    assert_eq!(server.message_ids().len(), 2);
    assert_eq!(retry_failed(&*world.database, at(0)).await.unwrap(), 0);
}

async fn operators_read_the_outbox_page_by_page(on: On) {
    let world = World::new(on).await;
    let mut written = Vec::new();
    for number in 0..5 {
        // Two e-mails have the same time.
        world.clock.advance(TimeDelta::milliseconds(number % 2));
        written.push(world.invite("dev@example.com").await.to_string());
    }
    written.reverse();
    let (mut read, mut after) = (Vec::new(), None);
    for size in [2, 2, 1] {
        let (emails, next) = list_page(&*world.database, None, after.as_ref(), 2).await.unwrap();
        assert_eq!(emails.len(), size);
        read.extend(emails.into_iter().map(|email| email.id));
        after = next;
    }
    assert_eq!((read, after), (written, None));
}

async fn how_much_waits_and_for_how_long_is_known(on: On) {
    let world = World::new(on).await;
    let depth = async |seconds| depth(&*world.database, at(seconds)).await.unwrap();
    assert_eq!(depth(0).await, Depth::default());
    let server = ScriptedServer::start([NOBODY]).await;
    world.invite("a@example.com").await;
    world.outbox_to(&server).deliver_due().await.unwrap();
    world.clock.advance(TimeDelta::seconds(1));
    world.invite("b@example.com").await;
    world.clock.advance(TimeDelta::seconds(1));
    world.invite("c@example.com").await;
    world
        .write(EncryptedEmail {
            id: world.new_id().to_string(),
            kind: "client_secret_ending",
            recipient: "dev@example.com".to_owned(),
            sealed: "AAAA".to_owned(),
            priority: Priority::Normal,
            not_before: Some(at(3_600)),
            about: None,
            audience: None,
            quotas: Vec::new(),
        })
        .await;
    let waiting = Depth {
        pending: 2,
        failed: 1,
        oldest_age: Some(TimeDelta::seconds(60)),
    };
    assert_eq!(depth(61).await, waiting);
    assert_eq!(depth(3_600).await.pending, 3, "its day has come");
    let totals = totals(&*world.database, at(61)).await.unwrap();
    assert_eq!((totals.pending, totals.sent, totals.failed), (3, 0, 1));
    assert_eq!(totals.oldest_waiting_since, Some(at(1)));
}

async fn both_databases_find_what_is_due_by_an_index(on: On) {
    let world = World::new(on).await;
    let due = "select id from outbox where state = 'pending' and priority = 0 \
               and next_attempt_at <= '2026' order by next_attempt_at, id limit 20";
    let plan = world.plan(due).await;
    assert!(plan.contains("outbox_due"), "{plan}");
    assert!(!plan.contains("Sort") && !plan.contains("TEMP B-TREE"), "{plan}");
}

async fn what_an_attempt_came_to_does_not_undo_a_retry_or_a_sending_meanwhile(on: On) {
    let world = World::new(on).await;
    let (id, clock) = (
        world.invite("dev@example.com").await,
        Clock::Manual(world.clock.clone()),
    );
    let claimed = &queue::claim(&*world.database, &clock, Takes::All).await.unwrap()[0];
    // The lease ends, another process claims the e-mail and gives it up, and an operator retries it.
    world.clock.advance(LEASE + TimeDelta::seconds(1));
    let server = ScriptedServer::start([NOBODY]).await;
    world.outbox_to(&server).deliver_due().await.unwrap();
    world.clock.advance(TimeDelta::seconds(1));
    let Retry::Due(retried) = world.outbox().retry(id).await.unwrap() else {
        panic!("it was not retried");
    };
    let (database, later) = (&*world.database, at(500).plus(LEASE));
    let error = || "too late".to_owned();
    for outcome in [
        AttemptOutcome::Delayed {
            until: later,
            error: error(),
        },
        AttemptOutcome::Failed {
            failure: DeliveryFailure::MailRefused,
            error: error(),
        },
    ] {
        assert_eq!(
            queue::record(database, vec![(claimed, outcome)], later).await.unwrap(),
            0
        );
    }
    assert_eq!(world.email().await, retried);

    world.outbox().deliver_due().await.unwrap();
    let sent = world.email().await;
    assert_eq!(
        queue::record(database, vec![(claimed, AttemptOutcome::Sent)], later)
            .await
            .unwrap(),
        0
    );
    queue::hand_back(database, [claimed], later).await.unwrap();
    assert_eq!(world.email().await, sent);
}
