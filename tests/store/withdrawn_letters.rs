//! An e-mail that waits is withdrawn by whatever makes it untrue.

use gatebook::log::append::{Append, SealedLetter};
use gatebook::store::Purpose;
use gatebook_projections::sql::{Query, Value};

use super::appends::in_one_batch;
use super::noted::{letter, note};
use crate::support::{World, on_both_databases};

on_both_databases!(
    a_letter_that_waits_is_withdrawn_by_what_it_is_about,
    a_letter_that_was_given_up_is_withdrawn_too_and_one_that_was_sent_is_not,
);

async fn a_letter_that_waits_is_withdrawn_by_what_it_is_about(world: World) {
    let about = |letter: SealedLetter, about: &str| SealedLetter {
        about: Some(about.to_owned()),
        ..letter
    };
    let writes = |called: &str, letters: Vec<SealedLetter>, withdrawn: &[&str]| Append {
        letters,
        withdrawn_letters: withdrawn.iter().map(|about| (*about).to_owned()).collect(),
        ..note(called)
    };
    let earlier = vec![
        about(letter("earlier"), "a"),
        about(letter("other"), "b"),
        letter("free"),
    ];
    world
        .gatebook
        .log
        .writer
        .append(writes("1", earlier, &[]))
        .await
        .unwrap();
    let batch = vec![
        writes("2", vec![about(letter("replaced"), "a")], &["a"]),
        writes("3", vec![about(letter("new"), "a")], &["a"]),
        writes("4", vec![about(letter("gone"), "c")], &[]),
        writes("5", Vec::new(), &["c"]),
    ];
    for result in in_one_batch(&world, batch).await {
        result.unwrap();
    }
    let ids = Query::new("select id from letters order by id", []);
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

async fn a_letter_that_was_given_up_is_withdrawn_too_and_one_that_was_sent_is_not(world: World) {
    let about = |id: &str| SealedLetter {
        about: Some("a".to_owned()),
        ..letter(id)
    };
    let written = Append {
        letters: vec![about("failed"), about("sent")],
        ..note("1")
    };
    let writer = &world.gatebook.log.writer;
    writer.append(written).await.unwrap();
    let mut transaction = world.database().begin(Purpose::Write).await.unwrap();
    transaction.script("update letters set state = id").await.unwrap();
    transaction.commit().await.unwrap();
    let withdrawing = Append {
        withdrawn_letters: vec!["a".to_owned()],
        ..note("2")
    };
    writer.append(withdrawing).await.unwrap();
    let ids = world.database().rows(Query::new("select id from letters", [])).await;
    assert_eq!(ids.unwrap(), [[Value::from("sent")]]);
}
