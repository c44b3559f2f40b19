//! Checks the triggers that keep the log append-only (R29). They are missing from a copy of the table alone, such as
//! `pg_dump -t events` makes, and the table's owner can turn them off.

use gatebook_projections::sql::{Query, Value};

use super::database::{Dialect, Transaction};
use super::error::StoreError;

/// SQLite's triggers, and what each prevents.
const ON_SQLITE: [(&str, &str); 3] = [
    ("events_are_never_updated", "are changed"),
    ("events_are_never_replaced", "are replaced"),
    ("events_are_never_deleted", "are deleted"),
];

/// Whether the trigger exists, is enabled, runs before every update, delete and truncate statement of any column (58 in
/// `tgtype`), and whether its function still raises an exception.
const ON_POSTGRES: &str = "select case \
         when t.tgenabled not in ('O', 'A') then 'off' \
         when t.tgtype <> 58 or t.tgqual is not null or t.tgattr::text <> '' \
           or p.prosrc not like '%raise exception%' then 'changed' \
         else 'on' end \
     from pg_trigger t join pg_proc p on p.oid = t.tgfoid \
     where t.tgrelid = to_regclass('events') and t.tgname = 'events_are_append_only'";

/// One sentence for each guard of the log that is missing or off. Reads only.
pub(crate) async fn missing_guards(transaction: &mut dyn Transaction) -> Result<Vec<String>, StoreError> {
    let repair = "restore the triggers (see docs/operating/postgres.md), and find out who took them";
    match transaction.dialect() {
        Dialect::Postgres => {
            let rows = transaction.rows(Query::new(ON_POSTGRES, [])).await?;
            let state = match rows.first().map(Vec::as_slice) {
                Some([Value::Text(state)]) if state == "on" => return Ok(Vec::new()),
                Some([Value::Text(state)]) if state == "off" => "is off",
                Some(_) => "is not the one that the migrations made",
                None => "is missing",
            };
            let what = "the trigger events_are_append_only of the table events";
            Ok(vec![format!(
                "{what} {state}, so nothing in the database keeps events from being changed; {repair}"
            )])
        }
        Dialect::Sqlite => {
            let sql = "select name from sqlite_master where type = 'trigger' and tbl_name = 'events' \
                       and sql like '%raise(abort%'";
            let found = transaction.rows(Query::new(sql, [])).await?;
            let missing = ON_SQLITE
                .iter()
                .filter(|(name, _)| !found.contains(&vec![Value::from(*name)]));
            Ok(missing
                .map(|(name, what)| {
                    format!("the trigger {name} of the table events is missing, so nothing notices when events {what}; {repair}")
                })
                .collect())
        }
    }
}
