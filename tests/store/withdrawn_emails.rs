//! An e-mail that waits is withdrawn by whatever makes it untrue.

use gatebook::log::append::{Append, EncryptedEmail};
use gatebook::store::ConnectionPurpose;
use gatebook_projections::sql::{Query, Value};

use super::appends::in_one_batch;
use super::noted::{email, note};
use crate::support::{World, on_both_databases};

on_both_databases!(
    an_email_that_waits_is_withdrawn_by_what_it_is_about,
    an_email_that_was_given_up_is_withdrawn_too_and_one_that_was_sent_is_not,
);

async fn an_email_that_waits_is_withdrawn_by_what_it_is_about(world: World) {
    let about = |email: EncryptedEmail, about: &str| EncryptedEmail {
        about: Some(about.to_owned()),
        ..email
    };
    let writes = |called: &str, emails: Vec<EncryptedEmail>, withdrawn: &[&str]| Append {
        emails,
        withdrawn_emails: withdrawn.iter().map(|about| (*about).to_owned()).collect(),
        ..note(called)
    };
    let earlier = vec![about(email("earlier"), "a"), about(email("other"), "b"), email("free")];
    world
        .gatebook
        .log
        .writer
        .append(writes("1", earlier, &[]))
        .await
        .unwrap();
    let batch = vec![
        writes("2", vec![about(email("replaced"), "a")], &["a"]),
        writes("3", vec![about(email("new"), "a")], &["a"]),
        writes("4", vec![about(email("gone"), "c")], &[]),
        writes("5", Vec::new(), &["c"]),
    ];
    for result in in_one_batch(&world, batch).await {
        result.unwrap();
    }
    let ids = Query::new("select id from outbox order by id", []);
    let ids: Vec<_> = world
        .database()
        .rows(ids)
        .await
        .unwrap()
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(ids, ["free", "new", "other"].map(Value::from));
}

async fn an_email_that_was_given_up_is_withdrawn_too_and_one_that_was_sent_is_not(world: World) {
    let about = |id: &str| EncryptedEmail {
        about: Some("a".to_owned()),
        ..email(id)
    };
    let written = Append {
        emails: vec![about("failed"), about("sent")],
        ..note("1")
    };
    let writer = &world.gatebook.log.writer;
    writer.append(written).await.unwrap();
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    transaction.script("update outbox set state = id").await.unwrap();
    transaction.commit().await.unwrap();
    let withdrawing = Append {
        withdrawn_emails: vec!["a".to_owned()],
        ..note("2")
    };
    writer.append(withdrawing).await.unwrap();
    let ids = world.database().rows(Query::new("select id from outbox", [])).await;
    assert_eq!(ids.unwrap(), [[Value::from("sent")]]);
}
