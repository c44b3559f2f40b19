//! Appending: one gap-free order, and all of an append or nothing of it.

use std::sync::Arc;

use futures::future::join_all;
use gatebook::log::append::{
    Append, AppendError, Credential, CredentialChange, CredentialGuard, Precondition, ReservationKey,
};
use gatebook::log::hash_chain::{EventParts, NO_PREDECESSOR, hash_of};
use gatebook::log::read;
use gatebook::store::ConnectionPurpose;
use gatebook_projections::sql::{Column, Query, Value, text};

use super::noted::{KIND, at, credential, email, events, key, name, note, notes, there_is_of, with_everything};
use crate::support::{World, on_both_databases};

on_both_databases!(
    positions_have_no_gaps_under_fifty_parallel_appends,
    whatever_makes_an_append_fail_the_others_of_its_batch_go_through_and_nothing_of_it_is_there,
    what_the_database_refuses_leaves_the_others_alone,
    of_appends_in_one_batch_that_want_the_same_the_first_gets_it,
    a_guard_that_holds_lets_an_append_through_and_one_that_does_not_refuses_it,
    a_decision_stands_after_events_that_are_nothing_to_it_and_falls_with_others,
    what_must_not_exist_is_looked_for_in_the_database_and_in_the_batch,
    an_append_that_is_based_on_a_credential_is_refused_once_that_was_replaced,
    hashes_form_a_chain_across_appends,
    rows_of_a_stream_that_is_written_twice_in_a_batch_are_as_they_are_in_the_end,
    an_append_without_events_writes_what_goes_with_it,
);

const ALL: [i64; 5] = [1; 5];
const NOTHING: [i64; 5] = [0; 5];

/// Hands the appends over while somebody else holds the log's lock, so that they are written in one batch.
pub(super) async fn in_one_batch(world: &World, appends: Vec<Append>) -> Vec<Result<(), AppendError>> {
    let (database, writer) = (world.database(), &world.gatebook.log.writer);
    let mut lock = database.begin(ConnectionPurpose::Write).await.unwrap();
    let head = format!("select position from log_head{}", database.dialect().for_update());
    lock.rows(Query::new(head, [])).await.unwrap();
    // The writer takes this one alone, and finds the lock taken; the others gather meanwhile.
    let first = writer.append(Append::default());
    let others = join_all(
        appends
            .into_iter()
            .map(|append| async { writer.append(append).await.map(|_| ()) }),
    );
    let free = async {
        tokio::task::yield_now().await;
        lock.commit().await.unwrap();
    };
    let (first, others, ()) = tokio::join!(first, others, free);
    first.unwrap();
    others
}

async fn positions_have_no_gaps_under_fifty_parallel_appends(world: World) {
    let before = read::head(world.database()).await.unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            let writer = world.gatebook.log.writer.clone();
            let append = notes(&format!("s{number}"), 0, NO_PREDECESSOR, 1 + number % 3);
            tokio::spawn(async move { events(writer.append(append).await) })
        })
        .collect();
    let mut message = Vec::new();
    for receipt in join_all(tasks).await {
        let receipt = receipt.unwrap();
        assert!(
            receipt.windows(2).all(|two| two[1].position == two[0].position + 1),
            "{receipt:#?}"
        );
        message.extend(receipt);
    }
    message.sort_by_key(|event| event.position);
    let positions: Vec<_> = message.iter().map(|event| event.position).collect();
    let head = read::head(world.database()).await.unwrap();
    assert_eq!(positions, (before + 1..=head).collect::<Vec<_>>());
    let sql = format!("{} where position > $1 order by position", read::SELECT_EVENTS);
    let stored = read::events(world.database().rows(Query::new(sql, [before.into()])).await.unwrap()).unwrap();
    assert_eq!(stored, message, "receipts tell what is stored");
}

async fn whatever_makes_an_append_fail_the_others_of_its_batch_go_through_and_nothing_of_it_is_there(world: World) {
    let earlier = Append {
        reservations: vec![name("taken", "earlier")],
        idempotency: Some(key("used", "earlier")),
        ..note("earlier")
    };
    world.gatebook.log.writer.append(earlier).await.unwrap();
    let ruined = |called: &str, ruin: fn(&mut Append)| {
        let mut append = with_everything(note(called));
        ruin(&mut append);
        append
    };
    let appends = vec![
        with_everything(note("good-1")),
        ruined("bad-version", |append| append.streams[0].expected.version = 1),
        with_everything(note("good-2")),
        ruined("bad-name", |append| append.reservations.push(name("taken", "bad-name"))),
        ruined("bad-key", |append| append.idempotency = Some(key("used", "bad-key"))),
        ruined("bad-guard", |append| append.preconditions.push(at("earlier", 0).into())),
        ruined("bad-companion", |append| append.streams.extend(note("earlier").streams)),
        with_everything(note("good-3")),
    ];
    let [good_1, version, good_2, taken, used, guard, companion, good_3] =
        in_one_batch(&world, appends).await.try_into().unwrap();
    for good in [good_1, good_2, good_3] {
        good.unwrap();
    }
    for conflict in [version, guard, companion] {
        assert!(matches!(conflict, Err(AppendError::Conflict)), "{conflict:?}");
    }
    assert!(
        matches!(&taken, Err(AppendError::Taken(ReservationKey::AppName(name))) if name == "taken"),
        "{taken:?}"
    );
    assert!(matches!(used, Err(AppendError::KeyUsed)), "{used:?}");
    for good in ["good-1", "good-2", "good-3"] {
        assert_eq!(there_is_of(world.database(), good).await, ALL, "{good}");
    }
    for bad in ["bad-version", "bad-name", "bad-key", "bad-guard", "bad-companion"] {
        assert_eq!(there_is_of(world.database(), bad).await, NOTHING, "{bad}");
    }
    assert_eq!(there_is_of(world.database(), "earlier").await, [1, 1, 0, 0, 1]);
}

async fn what_the_database_refuses_leaves_the_others_alone(world: World) {
    world
        .gatebook
        .log
        .writer
        .append(with_everything(note("earlier")))
        .await
        .unwrap();
    let mut same_email = with_everything(note("same-letter"));
    same_email.emails.push(email("earlier"));
    let mut no_json = with_everything(note("no-json"));
    no_json.streams[0].events[0].payload.push(' ');
    let appends = vec![
        with_everything(note("good-1")),
        same_email,
        no_json,
        with_everything(note("good-2")),
    ];
    let [good_1, same_email, no_json, good_2] = in_one_batch(&world, appends).await.try_into().unwrap();
    good_1.unwrap();
    good_2.unwrap();
    let message = matches!(&same_email, Err(AppendError::Store(error)) if !error.is_unavailable());
    assert!(message, "{same_email:?}");
    assert!(matches!(&no_json, Err(AppendError::NotReadBack(_))), "{no_json:?}");
    for good in ["good-1", "good-2", "earlier"] {
        assert_eq!(there_is_of(world.database(), good).await, ALL, "{good}");
    }
    for bad in ["same-letter", "no-json"] {
        assert_eq!(there_is_of(world.database(), bad).await, NOTHING, "{bad}");
    }
}

async fn of_appends_in_one_batch_that_want_the_same_the_first_gets_it(world: World) {
    let wants = |called: &str| Append {
        reservations: vec![name("wanted", called)],
        ..note(called)
    };
    let names = vec![wants("n1"), wants("n2"), wants("n3")];
    let keys = ["k1", "k2"].map(|called| Append {
        idempotency: Some(key("wanted", called)),
        ..note(called)
    });
    let streams = vec![note("s"), note("s")];
    let appends = names.into_iter().chain(keys).chain(streams).collect();
    let results = in_one_batch(&world, appends).await;
    let words: Vec<_> = results
        .iter()
        .map(|result| match result {
            Ok(()) => "done",
            Err(AppendError::Conflict) => "conflict",
            Err(AppendError::Taken(_)) => "taken",
            Err(AppendError::CredentialReplaced) => "replaced",
            Err(AppendError::KeyUsed) => "used",
            Err(error @ (AppendError::NotReadBack(_) | AppendError::Store(_))) => panic!("{error}"),
            Err(AppendError::TooManyEmails { .. } | AppendError::ApplicationLimit { .. }) => "too many",
        })
        .collect();
    assert_eq!(words, ["done", "taken", "taken", "done", "used", "done", "conflict"]);
    assert_eq!(there_is_of(world.database(), "s").await, [1, 0, 0, 0, 0]);
}

async fn a_guard_that_holds_lets_an_append_through_and_one_that_does_not_refuses_it(world: World) {
    let writer = &world.gatebook.log.writer;
    let first = events(writer.append(note("watched")).await);
    let guarded = |called: &str, version| Append {
        preconditions: vec![at("watched", version).into()],
        ..note(called)
    };
    for version in [0, 2] {
        let refused = writer.append(guarded("refused", version)).await;
        assert!(matches!(refused, Err(AppendError::Conflict)), "{refused:?}");
    }
    writer.append(guarded("done", 1)).await.unwrap();
    // Within a batch, a guard sees what those before it have done.
    let batch = vec![
        guarded("before", 1),
        notes("watched", 1, &first[0].hash, 1),
        guarded("after", 1),
    ];
    let [before, moved, after] = in_one_batch(&world, batch).await.try_into().unwrap();
    before.unwrap();
    moved.unwrap();
    assert!(matches!(after, Err(AppendError::Conflict)), "{after:?}");
    writer
        .append(Append {
            preconditions: vec![at("not begun", 0).into()],
            ..note("last")
        })
        .await
        .unwrap();
}

async fn a_decision_stands_after_events_that_are_nothing_to_it_and_falls_with_others(world: World) {
    let writer = &world.gatebook.log.writer;
    let first = events(writer.append(notes("watched", 0, NO_PREDECESSOR, 3)).await);
    // Until the fourth event of what is watched, nothing takes the ground from it.
    let membership = |called: &str, version| Append {
        preconditions: vec![Precondition {
            guard: at("watched", version),
            holds_after: Arc::new(|event| event.sequence != 4),
        }],
        ..note(called)
    };
    for (called, version) in [("zero", 0), ("one", 1), ("three", 3)] {
        writer.append(membership(called, version)).await.unwrap();
    }
    let ahead = writer.append(membership("ahead", 4)).await;
    assert!(matches!(ahead, Err(AppendError::Conflict)), "{ahead:?}");
    let batch = vec![
        membership("before", 2),
        notes("watched", 3, &first[2].hash, 1),
        membership("after", 2),
        membership("of the new", 4),
    ];
    let [before, moved, after, new] = in_one_batch(&world, batch).await.try_into().unwrap();
    before.unwrap();
    moved.unwrap();
    assert!(matches!(after, Err(AppendError::Conflict)), "{after:?}");
    new.unwrap();
    let late = writer.append(membership("late", 3)).await;
    assert!(matches!(late, Err(AppendError::Conflict)), "{late:?}");
}

async fn what_must_not_exist_is_looked_for_in_the_database_and_in_the_batch(world: World) {
    let writer = &world.gatebook.log.writer;
    let takes = |called: &str| Append {
        reservations: vec![name(called, called)],
        ..note(called)
    };
    let without = |called: &str, missing: &str| Append {
        still_free: vec![ReservationKey::AppName(missing.to_owned())],
        ..note(called)
    };
    writer.append(without("early", "there")).await.unwrap();
    writer.append(takes("there")).await.unwrap();
    let late = writer.append(without("late", "there")).await;
    assert!(matches!(late, Err(AppendError::Conflict)), "{late:?}");
    let batch = vec![without("before", "new"), takes("new"), without("after", "new")];
    let [before, taken, after] = in_one_batch(&world, batch).await.try_into().unwrap();
    before.unwrap();
    taken.unwrap();
    assert!(matches!(after, Err(AppendError::Conflict)), "{after:?}");
    assert_eq!(there_is_of(world.database(), "after").await, NOTHING);
}

async fn hashes_form_a_chain_across_appends(world: World) {
    let writer = &world.gatebook.log.writer;
    let mut last = NO_PREDECESSOR.to_owned();
    for version in [0, 2, 4, 6] {
        let added = events(writer.append(notes("s", version, &last, 2)).await);
        last.clone_from(&added[1].hash);
    }
    let stream = read::stream(world.database(), KIND, "s").await.unwrap();
    let mut previous = NO_PREDECESSOR;
    for (event, sequence) in stream.iter().zip(1..) {
        assert_eq!((event.sequence, event.previous_hash.as_str()), (sequence, previous));
        assert_eq!(event.hash, hash_of(event, &EventParts::of(event).unwrap()));
        previous = &event.hash;
    }
    assert_eq!(stream.len(), 8);
}

async fn rows_of_a_stream_that_is_written_twice_in_a_batch_are_as_they_are_in_the_end(world: World) {
    use gatebook_projections::row_base::RowBase;
    use gatebook_projections::row_write::{MapWrites, RowWrite};
    use std::sync::Arc;

    const COLUMNS: &[Column] = &[text("id"), text("last_used_at")];
    let writes = |append: Append, last: &'static str| {
        let mut append = append;
        append.streams[0].fold = Arc::new(move |events, _| {
            let values = vec!["row".into(), format!("{last} at {}", events[0].sequence).into()];
            Ok(vec![RowWrite {
                table: "last_uses",
                columns: COLUMNS,
                values,
                maps: MapWrites::default(),
                row: RowBase::default(),
            }])
        });
        append
    };
    // The second knows the first one's hash only when it was written before; here nobody checks the chain.
    let appends = vec![
        writes(note("s"), "one"),
        writes(notes("s", 1, NO_PREDECESSOR, 1), "two"),
    ];
    for result in in_one_batch(&world, appends).await {
        result.unwrap();
    }
    let sql = "select last_used_at from last_uses where id = 'row'";
    let rows = world.database().rows(Query::new(sql, [])).await.unwrap();
    assert_eq!(rows, [[Value::from("two at 2")]]);
}

async fn an_append_that_is_based_on_a_credential_is_refused_once_that_was_replaced(world: World) {
    let writer = &world.gatebook.log.writer;
    let put = |id: &str, digest: &str| Append {
        credentials: vec![CredentialChange::Put(Credential {
            digest: digest.to_owned(),
            ..credential(id)
        })],
        ..Append::default()
    };
    let based_on = |called: &str, id: &str, digest: &str| Append {
        credential_guards: vec![CredentialGuard {
            kind: credential(id).kind,
            id: id.to_owned(),
            digest: digest.to_owned(),
        }],
        ..note(called)
    };
    writer.append(put("c", "first")).await.unwrap();
    writer.append(based_on("1", "c", "first")).await.unwrap();
    for (id, digest) in [("c", "other"), ("nothing", "first")] {
        let refused = writer.append(based_on("2", id, digest)).await;
        assert!(matches!(refused, Err(AppendError::CredentialReplaced)), "{refused:?}");
    }
    // Within a batch, it counts what those before it have done.
    let change = |change: CredentialChange| Append {
        credentials: vec![change],
        ..Append::default()
    };
    let (kind, id, owner) = (credential("c").kind, "c".to_owned(), "c".to_owned());
    let batch = vec![
        based_on("3", "c", "first"),
        put("c", "second"),
        based_on("4", "c", "first"),
        based_on("5", "c", "second"),
        change(CredentialChange::Delete { kind, id }),
        based_on("6", "c", "second"),
        put("c", "third"),
        based_on("7", "c", "third"),
        change(CredentialChange::DeleteOwned { kind, owner }),
        based_on("8", "c", "third"),
    ];
    let results = in_one_batch(&world, batch).await;
    let refused = |result: &Result<(), AppendError>| matches!(result, Err(AppendError::CredentialReplaced));
    let refused: Vec<_> = results.iter().map(refused).collect();
    assert_eq!(
        refused,
        [false, false, true, false, false, true, false, false, false, true],
        "{results:?}"
    );
}

async fn an_append_without_events_writes_what_goes_with_it(world: World) {
    let before = read::head(world.database()).await.unwrap();
    let mut append = with_everything(note("quiet"));
    append.streams.clear();
    append.idempotency = None;
    let receipt = world.gatebook.log.writer.append(append).await;
    assert_eq!(events(receipt), []);
    assert_eq!(there_is_of(world.database(), "quiet").await, [0, 1, 1, 1, 0]);
    assert_eq!(read::head(world.database()).await.unwrap(), before);
}
