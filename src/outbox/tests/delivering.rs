//! Tests e-mails that reach their mailbox.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use chrono::TimeDelta;
use gatebook_projections::sql::Value;
use tokio::sync::{Notify, watch};

use super::world::{GoesAway, LINK, World, at, eventually};
use crate::clock::Clock;
use crate::mail::scripted_server::{Script, ScriptedServer};
use crate::outbox::queue::{self, CLAIM_MAX, Takes};
use crate::outbox::{EmailState, list};
use crate::store::on_both_databases::{On, on_both_databases};

on_both_databases!(
    an_email_is_sent_and_then_what_it_said_is_forgotten,
    an_email_is_sent_once,
    emails_leave_in_the_order_they_were_written_and_twenty_are_taken_at_a_time,
    codes_and_links_to_passwords_leave_before_emails_that_have_waited_for_longer,
    a_code_does_not_wait_for_emails_that_a_server_is_silent_about,
    an_email_that_takes_long_holds_no_other_up,
    a_few_emails_share_a_few_connections,
    a_program_that_ends_gives_back_what_no_server_answers_for,
    a_process_that_dies_between_sending_and_writing_it_down_sends_the_same_mail_again,
    an_email_that_is_sent_again_into_a_folder_is_one_file,
    two_processes_never_send_the_same_email,
    an_email_whose_lease_may_end_while_it_is_sent_is_left_alone,
    an_email_that_is_given_back_is_due_at_once_and_has_lost_no_attempt,
    a_running_outbox_sends_what_it_is_woken_for_and_ends_when_told,
    a_running_outbox_ends_with_the_program,
);

async fn an_email_is_sent_and_then_what_it_said_is_forgotten(on: On) {
    let world = World::new(on).await;
    let id = world.invite("dev@example.com").await;
    assert!(matches!(world.sealed().await, Value::Text(sealed) if !sealed.contains("invite")));
    assert_eq!(world.outbox().deliver_due().await.unwrap(), 1);
    let mails = world.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].lines().any(|line| line == LINK));
    assert!(mails[0].contains(&format!("Message-ID: <{id}@gate.example.com>\r\n")));
    assert!(mails[0].contains("Date: Mon, 23 Nov 2026 09:15:00 +0000\r\n"));
    assert_eq!(world.sealed().await, Value::Null);
    let email = world.email().await;
    assert_eq!((email.state, email.attempts), (EmailState::Sent, 1));
    assert_eq!((email.sent_at, email.next_attempt_at), (Some(at(0)), None));
    assert_eq!(
        (email.kind.as_str(), email.recipient.as_str()),
        ("invitation", "dev@example.com")
    );
    assert!(
        world
            .metrics
            .text()
            .contains(r#"gatebook_emails_total{outcome="Sent"} 1"#)
    );
}

async fn an_email_is_sent_once(on: On) {
    let world = World::new(on).await;
    let mut server = ScriptedServer::start([]).await;
    world.invite("dev@example.com").await;
    let outbox = world.outbox_to(&server);
    assert_eq!(outbox.deliver_due().await.unwrap(), 1);
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(outbox.deliver_due().await.unwrap(), 0);
    assert_eq!(server.message_ids().len(), 1);
}

async fn emails_leave_in_the_order_they_were_written_and_twenty_are_taken_at_a_time(on: On) {
    let world = World::new(on).await;
    let mut ids = Vec::new();
    for number in 0..=CLAIM_MAX {
        world.clock.advance(TimeDelta::milliseconds(1));
        let id = world.invite(&format!("dev{number}@example.com")).await;
        ids.push(format!("<{id}@gate.example.com>"));
    }
    let mut server = ScriptedServer::start([]).await;
    let outbox = world.outbox_to(&server).one_by_one();
    assert_eq!(outbox.deliver_due().await.unwrap(), 20);
    assert_eq!(outbox.deliver_due().await.unwrap(), 1);
    assert_eq!(outbox.deliver_due().await.unwrap(), 0);
    assert_eq!(server.message_ids(), ids);
}

async fn codes_and_links_to_passwords_leave_before_emails_that_have_waited_for_longer(on: On) {
    let world = World::new(on).await;
    for number in 0..CLAIM_MAX {
        world.invite(&format!("dev{number}@example.com")).await;
    }
    world.clock.advance(TimeDelta::seconds(1));
    world.write_code("code@example.com").await;
    let mut server = ScriptedServer::start([]).await;
    let outbox = world.outbox_to(&server).one_by_one();
    assert_eq!(outbox.deliver_due().await.unwrap(), CLAIM_MAX);
    let first = server.mails.recv().await.unwrap();
    assert!(first.contains("To: code@example.com"), "{first}");
}

async fn a_code_does_not_wait_for_emails_that_a_server_is_silent_about(on: On) {
    let world = World::new(on).await;
    for _ in 0..CLAIM_MAX {
        world.invite("silent@example.com").await;
    }
    let mut server = ScriptedServer::always(Script::SilentFor("silent@example.com")).await;
    let (stop, shutdown) = watch::channel(false);
    let wake = Arc::new(Notify::new());
    let running = tokio::spawn(Arc::new(world.outbox_to(&server)).run(shutdown, wake.clone()));
    eventually("every place for e-mails to be taken", || {
        server.heard("RCPT").len() >= 6
    })
    .await;
    world.write_code("code@example.com").await;
    wake.notify_one();
    let mail = server.mails.recv().await.unwrap();
    assert!(mail.contains("To: code@example.com"), "{mail}");
    stop.send(true).unwrap();
    running.await.unwrap();
}

async fn an_email_that_takes_long_holds_no_other_up(on: On) {
    let world = World::new(on).await;
    world.invite("silent@example.com").await;
    for number in 0..2 * CLAIM_MAX {
        world.clock.advance(TimeDelta::milliseconds(1));
        world.invite(&format!("dev{number}@example.com")).await;
    }
    let mut server = ScriptedServer::always(Script::SilentFor("silent@example.com")).await;
    let (stop, shutdown) = watch::channel(false);
    let running = tokio::spawn(Arc::new(world.outbox_to(&server)).run(shutdown, Arc::default()));
    for _ in 0..2 * CLAIM_MAX {
        server.mails.recv().await.unwrap();
    }
    stop.send(true).unwrap();
    running.await.unwrap();
}

async fn a_few_emails_share_a_few_connections(on: On) {
    let world = World::new(on).await;
    for number in 0..CLAIM_MAX {
        world.invite(&format!("dev{number}@example.com")).await;
    }
    let mut server = ScriptedServer::start([]).await;
    assert_eq!(world.outbox_to(&server).deliver_due().await.unwrap(), CLAIM_MAX);
    assert_eq!(server.message_ids().len(), CLAIM_MAX);
    assert!(server.connections() <= 6, "{}", server.connections());
}

async fn a_program_that_ends_gives_back_what_no_server_answers_for(on: On) {
    let world = World::new(on).await;
    for _ in 0..CLAIM_MAX {
        world.invite("dev@example.com").await;
    }
    let server = ScriptedServer::always(Script::SilentFor("dev@example.com")).await;
    let (stop, shutdown) = watch::channel(false);
    let running = tokio::spawn(Arc::new(world.outbox_to(&server)).run(shutdown, Arc::default()));
    eventually("every place to be taken", || server.heard("RCPT").len() >= 6).await;
    stop.send(true).unwrap();
    running.await.unwrap();
    let emails = list(&*world.database, Some(EmailState::Pending), 99).await.unwrap();
    assert_eq!(emails.len(), CLAIM_MAX);
    for email in emails {
        assert_eq!((email.attempts, email.next_attempt_at), (0, Some(at(0))), "{email:?}");
    }
}

async fn a_process_that_dies_between_sending_and_writing_it_down_sends_the_same_mail_again(on: On) {
    let world = World::new(on).await;
    world.invite("dev@example.com").await;
    let mut server = ScriptedServer::start([]).await;
    let dying = GoesAway {
        database: world.database.clone(),
        after_writes: AtomicI64::new(1),
    };
    let dying = world.outbox_by(&server.url(), Arc::new(dying));
    assert!(dying.deliver_due().await.unwrap_err().is_unavailable());
    assert_eq!(world.email().await.state, EmailState::Pending);

    let outbox = world.outbox_to(&server);
    world.clock.advance(TimeDelta::milliseconds(59_999));
    assert_eq!(outbox.deliver_due().await.unwrap(), 0, "the lease still holds");
    world.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(outbox.deliver_due().await.unwrap(), 1);
    let ids = server.message_ids();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(world.email().await.state, EmailState::Sent);
}

async fn an_email_that_is_sent_again_into_a_folder_is_one_file(on: On) {
    let world = World::new(on).await;
    world.invite("dev@example.com").await;
    let dying = GoesAway {
        database: world.database.clone(),
        after_writes: AtomicI64::new(1),
    };
    world
        .outbox_by("file:", Arc::new(dying))
        .deliver_due()
        .await
        .unwrap_err();
    let first = world.mails();
    world.clock.advance(TimeDelta::minutes(5));
    assert_eq!(world.outbox().deliver_due().await.unwrap(), 1);
    assert_eq!((first.len(), world.mails()), (1, first));
}

async fn two_processes_never_send_the_same_email(on: On) {
    let world = World::new(on).await;
    for number in 0..30 {
        world.invite(&format!("dev{number}@example.com")).await;
    }
    let mut server = ScriptedServer::start([]).await;
    let one = world.outbox_to(&server);
    let other = world.outbox_by(&server.url(), world.other_process().await);
    let (by_one, by_other) = tokio::join!(one.deliver_due(), other.deliver_due());
    assert_eq!(by_one.unwrap() + by_other.unwrap(), 30);
    let ids: BTreeSet<_> = server.message_ids().into_iter().collect();
    assert_eq!(ids.len(), 30);
}

async fn an_email_whose_lease_may_end_while_it_is_sent_is_left_alone(on: On) {
    let world = World::new(on).await;
    world.invite("dev@example.com").await;
    let clock = Clock::Manual(world.clock.clone());
    let claimed = queue::claim(&*world.database, &clock, Takes::All).await.unwrap();
    assert!(claimed[0].can_be_sent_at(at(15)));
    assert!(!claimed[0].can_be_sent_at(at(16)));
}

async fn an_email_that_is_given_back_is_due_at_once_and_has_lost_no_attempt(on: On) {
    let world = World::new(on).await;
    world.invite("dev@example.com").await;
    let clock = Clock::Manual(world.clock.clone());
    let claimed = queue::claim(&*world.database, &clock, Takes::All).await.unwrap();
    assert_eq!(world.email().await.attempts, 1);
    queue::hand_back(&*world.database, &claimed, at(0)).await.unwrap();
    let email = world.email().await;
    assert_eq!((email.attempts, email.next_attempt_at), (0, Some(at(0))));
    assert_eq!(world.outbox().deliver_due().await.unwrap(), 1);
}

async fn a_running_outbox_sends_what_it_is_woken_for_and_ends_when_told(on: On) {
    let world = World::new(on).await;
    let mut server = ScriptedServer::start([]).await;
    let (stop, shutdown) = watch::channel(false);
    let wake = Arc::new(Notify::new());
    let running = tokio::spawn(Arc::new(world.outbox_to(&server)).run(shutdown, wake.clone()));
    for _ in 0..2 {
        world.invite("dev@example.com").await;
        wake.notify_one();
        server.mails.recv().await.unwrap();
    }
    stop.send(true).unwrap();
    running.await.unwrap();
    let emails = list(&*world.database, Some(EmailState::Sent), 9).await.unwrap();
    assert_eq!(emails.len(), 2, "the e-mail at hand was finished");
}

async fn a_running_outbox_ends_with_the_program(on: On) {
    let world = World::new(on).await;
    let (stop, shutdown) = watch::channel(false);
    let running = tokio::spawn(Arc::new(world.outbox()).run(shutdown, Arc::default()));
    drop(stop);
    running.await.unwrap();
}
