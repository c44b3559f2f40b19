//! Makes statements that only a server that takes writes answers (R26). The check is part of the statement, so it costs
//! no round trip; a standby or a read-only server, whose state may be old, returns an error.

/// A setting that no server has. Reading it causes an error that contains this name, by which we recognise the refusal.
const NO_PRIMARY: &str = "gatebook.this_server_takes_no_writes";

/// Wraps a query so that only a server that takes writes answers it.
///
/// Every transaction of a standby or a read-only server is read-only. PostgreSQL evaluates the sub-select first and
/// once, even if the query has no rows, because it depends on no row.
pub fn only_on_primary(sql: &str) -> String {
    let explain = "explain";
    let first = sql.trim_start().get(..explain.len()).unwrap_or_default();
    match first.eq_ignore_ascii_case(explain) {
        // No decision depends on it, and it cannot be a subquery.
        true => sql.to_owned(),
        false => format!(
            "select * from ({sql}) guarded where ({}) is null",
            refusal("transaction_read_only")
        ),
    }
}

/// Begins a write transaction, and fails on a server that takes no writes.
pub fn begin_write() -> String {
    format!(
        "begin isolation level read committed; {}",
        refusal("transaction_read_only")
    )
}

/// Begins a transaction on one unchanging snapshot. With `any_server` a standby may serve it.
pub fn begin_snapshot(any_server: bool) -> String {
    let begin = "begin isolation level repeatable read read only";
    match any_server {
        true => begin.to_owned(),
        false => {
            let standby = "select case when pg_is_in_recovery() then current_setting";
            let refusal = refusal("default_transaction_read_only");
            format!("{begin}; {standby}('{NO_PRIMARY}') end; {refusal}")
        }
    }
}

/// Whether the error comes from one of the checks above.
pub fn is_no_primary(error: &str) -> bool {
    error.contains(NO_PRIMARY)
}

fn refusal(read_only: &str) -> String {
    format!("select case when current_setting('{read_only}') = 'on' then current_setting('{NO_PRIMARY}') end")
}

#[cfg(test)]
mod tests {
    use gatebook_projections::groups;

    use super::*;

    #[test]
    fn a_query_is_guarded_and_an_explanation_is_not() {
        let groups = groups::all();
        let others = [
            "SELECT name from groups order by name",
            "with n as (select 1) select * from n",
            "select 1 union all select 2",
            "values (1)",
            "",
        ];
        for sql in others.into_iter().chain([groups.sql.as_str()]) {
            let guarded = only_on_primary(sql);
            let begins = format!("select * from ({sql}) guarded where (select case");
            assert!(guarded.starts_with(&begins), "{guarded}");
        }
        assert_eq!(only_on_primary("explain select 1"), "explain select 1");
    }

    #[test]
    fn the_refusal_is_known_by_the_setting_it_names() {
        let error = format!("error returned from database: unrecognized configuration parameter \"{NO_PRIMARY}\"");
        assert!(is_no_primary(&error));
        assert!(!is_no_primary(
            "unrecognized configuration parameter \"gatebook.other\""
        ));
    }
}
