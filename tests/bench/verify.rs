//! Verifying the log and all rows: events per second, against reading the same events and rows.

use std::time::Instant;

use gatebook::log::read;
use gatebook::replay::{self, PAGE, Silent};
use gatebook_projections::registry;
use gatebook_projections::sql::{Query, select_list};

use super::median;
use super::setting::Setting;

const ROUNDS: usize = 3;

/// Measures a verification of everything.
pub async fn measure(setting: &Setting) {
    let database = &setting.gatebook.log.database;
    let events = read::head(&**database).await.unwrap();
    println!("\nverify of {events} events and all rows, against reading them");
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let verified = replay::verify(database, &registry::all(), &Silent).await.unwrap();
        assert!(verified.all_equal(), "{:?}", verified.differences);
        ours.push(events as f64 / begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        read_all(setting).await;
        limits.push(events as f64 / begun.elapsed().as_secs_f64());
    }
    let (ours, limit) = (median(ours), median(limits));
    println!(
        "verify [postgres]: {ours:.0} events/s = {:.2} of reading ({limit:.0} events/s)",
        ours / limit
    );
}

/// Reads all events and then all rows, in pages of the same size.
async fn read_all(setting: &Setting) {
    let database = setting.gatebook.database();
    let mut after = 0;
    loop {
        let sql = format!(
            "{} where position > $1 order by position limit {PAGE}",
            read::SELECT_EVENTS
        );
        let rows = database.rows(Query::new(sql, [after.into()])).await.unwrap();
        match read::events(rows).unwrap().last() {
            Some(last) => after = last.position,
            None => break,
        }
    }
    for projection in registry::all() {
        let (columns, key) = (select_list(projection.columns, ""), projection.columns[0].name);
        let mut after = String::new();
        loop {
            let name = projection.name;
            let sql = format!("select {columns} from {name} where {key} > $1 order by {key} limit {PAGE}");
            let rows = database.rows(Query::new(sql, [after.as_str().into()])).await.unwrap();
            match rows.last().and_then(|row| row.first()) {
                Some(gatebook_projections::sql::Value::Text(key)) => after.clone_from(key),
                _ => break,
            }
        }
    }
}
