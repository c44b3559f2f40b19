//! Searches that find no end. They keep themselves waiting, and nobody else.

use futures::future::join_all;
use gatebook::store::Dialect;
use sqlx::{Connection, Executor, PgConnection};

use crate::support::eventually::eventually;
use crate::support::interrupted::Interrupted;
use crate::support::{APPS, Person, World, on_both_databases};

on_both_databases! {
    searches_without_an_end_keep_neither_the_gate_nor_other_people_waiting,
}

/// More than there are connections.
const SEARCHES: usize = 32;

async fn searches_without_an_end_keep_neither_the_gate_nor_other_people_waiting(mut world: World) {
    let (ada, _, _, client) = world.running("Payroll").await;
    let (pam, audrey) = (world.user("acme", "pam").await, world.user("acme", "audrey").await);
    let (node, database) = world.interrupted_node().await;
    world.base_url.clone_from(&node);
    let at_node = |person: &Person| Person {
        base_url: node.clone(),
        ..person.clone()
    };
    let people = [&ada, &pam, &audrey].map(at_node);
    let before = database.questions();
    people[0].get(APPS).await.expect(200);
    let questions_of_a_list = database.questions() - before;

    let obstacle = Obstacle::put(&world, &database).await;
    let before = database.questions();
    let searches = people.iter().cycle().take(SEARCHES).cloned();
    let searches = searches.map(|person| async move { person.get(&format!("{APPS}?name=%25")).await });
    let searches = tokio::spawn(join_all(searches));
    // All have asked what comes before the search itself.
    let asked_before = SEARCHES * (questions_of_a_list - 1);
    eventually("search under way", async || {
        (database.questions() >= before + asked_before + 2).then_some(())
    })
    .await;
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    people[0].get("/api/v1/me").await.expect(200);
    assert_eq!(database.searches(), 2, "the others wait for their turn");

    obstacle.take_away().await;
    // Two of each person's had a turn, or waited for one; those beyond are told to come back.
    let answers = searches.await.unwrap();
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert!(done.len() >= 2 * people.len(), "{} of {SEARCHES}", done.len());
    // PostgreSQL is asked for the first applications, and then for those that an index of texts finds.
    let questions_each = match world.database().dialect() {
        Dialect::Postgres => 2,
        Dialect::Sqlite => 1,
    };
    assert_eq!(database.searches(), questions_each * done.len());
    for answer in refused {
        answer.refused(429, "too_many_requests");
    }
}

/// What keeps searches from ending.
enum Obstacle<'a> {
    /// PostgreSQL: somebody who has the table for themselves.
    Lock(PgConnection),
    /// SQLite, whose readers wait for nobody: they keep their connections all the same.
    Held(&'a Interrupted),
}

impl<'a> Obstacle<'a> {
    async fn put(world: &World, database: &'a Interrupted) -> Self {
        match world.database().dialect() {
            Dialect::Postgres => {
                let mut connection = PgConnection::connect(&world.database_url).await.unwrap();
                let lock = "begin; lock table app_list in access exclusive mode";
                connection.execute(lock).await.unwrap();
                Self::Lock(connection)
            }
            Dialect::Sqlite => {
                database.searches_end(false);
                Self::Held(database)
            }
        }
    }

    async fn take_away(self) {
        match self {
            Self::Lock(connection) => connection.close().await.unwrap(),
            Self::Held(database) => database.searches_end(true),
        }
    }
}
