//! R26: a question that only a server that takes writes answers. The server says in the same statement whether it is one,
//! so knowing costs no round trip; a standby or a read-only server, whose state may be old, refuses.

/// A setting that no server has. Asking for it is an error that names it, and so tells what is the matter.
const NO_PRIMARY: &str = "gatebook.this_server_takes_no_writes";

/// The text of a query, so that it is answered by a server that takes writes or not at all.
///
/// Every transaction of a standby is read-only, and so is one of a server that was made read-only. The sub-select does not
/// depend on any row, so PostgreSQL evaluates it once and before all else, even where the query has no rows.
pub fn only_on_primary(sql: &str) -> String {
    let explain = "explain";
    let first = sql.trim_start().get(..explain.len()).unwrap_or_default();
    match first.eq_ignore_ascii_case(explain) {
        // Nothing is decided from it, and it cannot be part of another query.
        true => sql.to_owned(),
        false => format!(
            "select * from ({sql}) guarded where ({}) is null",
            refusal("transaction_read_only")
        ),
    }
}

/// Begins a transaction that writes, on a server that takes writes.
pub fn begin_write() -> String {
    format!(
        "begin isolation level read committed; {}",
        refusal("transaction_read_only")
    )
}

/// Begins a transaction that reads one unchanging snapshot; `any_server` takes it from a standby, too.
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

/// Whether an error's text is the refusal of one of the statements above.
pub fn is_no_primary(error: &str) -> bool {
    error.contains(NO_PRIMARY)
}

fn refusal(read_only: &str) -> String {
    format!("select case when current_setting('{read_only}') = 'on' then current_setting('{NO_PRIMARY}') end")
}

#[cfg(test)]
mod tests {
    use gatebook_projections::token_gate;

    use super::*;

    #[test]
    fn a_query_is_guarded_and_an_explanation_is_not() {
        let ids = ["a".to_owned()];
        let gate = [
            token_gate::by_apps("$1", "$2", "json_agg(r.token_id)", &ids, &ids),
            token_gate::by_clients("$1", &ids),
        ];
        let gate = gate.iter().map(|query| query.sql.as_str());
        let others = [
            "SELECT name from groups order by name",
            "with n as (select 1) select * from n",
            "values (1)",
            "",
        ];
        for sql in gate.chain(others) {
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
