//! Reads who owns the log and its surroundings on PostgreSQL, and makes the statements that correct it.
//! `postgres_roles` says what is wanted and why.

use gatebook_projections::sql::{Query, RowReader, Value};

use super::database::Database;
use super::error::StoreError;

/// PostgreSQL truncates longer names.
const LONGEST_NAME: usize = 63;
/// The log's owner is named after the database, with this suffix.
const OWNER_SUFFIX: &str = "_log_owner";

/// Reads all that the decision depends on, for the serving role `$1`, or for the owner of `log_head`. PostgreSQL counts
/// a superuser as a member of every role; this query counts it as a member of none, because nothing stops a superuser
/// anyway.
const OWNERSHIP: &str = "\
    select current_database()::text, n.nspname::text, current_user::text, s.rolname::text, e.rolname::text, \
        me.rolsuper::int::int8, me.rolcreaterole::int::int8, s.rolsuper::int::int8, s.rolcreaterole::int::int8, \
        exists (select from pg_roles where rolname = $2)::int::int8, \
        (e.rolcanlogin or e.rolsuper)::int::int8, \
        (not s.rolsuper and pg_has_role(s.oid, c.relowner, 'member'))::int::int8, \
        (not s.rolsuper and pg_has_role(s.oid, n.nspowner, 'member'))::int::int8, \
        (f.oid is not null)::int::int8, coalesce(f.proowner = c.relowner, true)::int::int8, \
        (has_table_privilege(s.oid, c.oid, 'select') and has_table_privilege(s.oid, c.oid, 'insert'))::int::int8, \
        (not s.rolsuper and has_table_privilege(s.oid, c.oid, 'update, delete, truncate, references, trigger'))::int::int8, \
        exists (select from pg_auth_members where roleid = c.relowner and member = me.oid and not admin_option)::int::int8, \
        pg_has_role(me.oid, c.relowner, 'member')::int::int8, pg_has_role(me.oid, s.oid, 'member')::int::int8 \
    from pg_class c \
        join pg_namespace n on n.oid = c.relnamespace \
        join pg_roles e on e.oid = c.relowner \
        left join pg_proc f on f.oid = to_regproc('refuse_to_change_events') \
        join pg_class h on h.oid = to_regclass('log_head') \
        join pg_roles s on s.rolname = coalesce($1, pg_get_userbyid(h.relowner)::text) \
        join pg_roles me on me.rolname = current_user \
    where c.oid = to_regclass('events')";

#[derive(Clone, Debug)]
pub(super) struct Ownership {
    database: String,
    schema: String,
    /// The current role.
    pub(super) me: String,
    pub(super) serving: String,
    pub(super) events_owner: String,
    /// The name that the log's owner should have.
    pub(super) log_owner: String,
    pub(super) i_am_superuser: bool,
    pub(super) i_create_roles: bool,
    serving_is_superuser: bool,
    serving_creates_roles: bool,
    log_owner_exists: bool,
    /// Whether somebody can log in as the owner of `events`, or that owner is a superuser.
    events_owner_is_a_person: bool,
    serving_owns_events: bool,
    serving_owns_schema: bool,
    function_exists: bool,
    /// Whether the trigger function, if it exists, has the same owner as `events`.
    function_goes_along: bool,
    serving_may_append: bool,
    serving_may_more: bool,
    /// Whether the current role was made a direct member of the owner of `events`, without the admin option.
    i_was_made_member: bool,
    pub(super) i_may_act_as_owner: bool,
    pub(super) i_may_act_as_serving: bool,
    /// Tables and functions, other than the log's, that belong to the current role although another role serves.
    /// Written as `alter` expects them.
    mine: Vec<String>,
}

impl Ownership {
    /// Reads the ownership for the named serving role, or for the owner of `log_head`.
    ///
    /// # Errors
    /// `Database` if the role does not exist or nothing has been migrated.
    pub(super) async fn read(database: &dyn Database, serving: Option<&str>) -> Result<Self, StoreError> {
        let name = database.rows(Query::new("select current_database()::text", [])).await?;
        let name = match name.into_iter().flatten().next() {
            Some(Value::Text(name)) => name,
            _ => String::new(),
        };
        let log_owner = log_owner_of(&name);
        let query = Query::new(OWNERSHIP, [serving.into(), log_owner.as_str().into()]);
        let Some(row) = database.rows(query).await?.into_iter().next() else {
            let why = match serving {
                Some(serving) => format!("there is no role {serving}, or no table events; create the role first"),
                None => "there is no table events".to_owned(),
            };
            return Err(StoreError::Database(why.into()));
        };
        let mut row = RowReader::new("events", row);
        let mut ownership = Self {
            database: row.text()?,
            schema: row.text()?,
            me: row.text()?,
            serving: row.text()?,
            events_owner: row.text()?,
            log_owner,
            i_am_superuser: row.int()? == 1,
            i_create_roles: row.int()? == 1,
            serving_is_superuser: row.int()? == 1,
            serving_creates_roles: row.int()? == 1,
            log_owner_exists: row.int()? == 1,
            events_owner_is_a_person: row.int()? == 1,
            serving_owns_events: row.int()? == 1,
            serving_owns_schema: row.int()? == 1,
            function_exists: row.int()? == 1,
            function_goes_along: row.int()? == 1,
            serving_may_append: row.int()? == 1,
            serving_may_more: row.int()? == 1,
            i_was_made_member: row.int()? == 1,
            i_may_act_as_owner: row.int()? == 1,
            i_may_act_as_serving: row.int()? == 1,
            mine: Vec::new(),
        };
        ownership.mine = ownership.what_is_mine(database).await?;
        Ok(ownership)
    }

    async fn what_is_mine(&self, database: &dyn Database) -> Result<Vec<String>, StoreError> {
        if self.me == self.serving {
            return Ok(Vec::new());
        }
        let sql = "select format('table %I.%I', schemaname, tablename) from pg_tables \
                   where schemaname = $1 and tableowner = $2 and tablename <> 'events' \
                   union all \
                   select 'function ' || p.oid::regprocedure::text \
                   from pg_proc p join pg_namespace n on n.oid = p.pronamespace \
                   where n.nspname = $1 and pg_get_userbyid(p.proowner) = $2 and p.proname <> 'refuse_to_change_events' \
                     and not exists (select from pg_depend where objid = p.oid and deptype = 'e') \
                   order by 1";
        let args = [self.schema.as_str().into(), self.me.as_str().into()];
        let rows = database.rows(Query::new(sql, args)).await?;
        let names = rows.into_iter().flatten().filter_map(|value| match value {
            Value::Text(name) => Some(name),
            Value::Null | Value::Int(_) => None,
        });
        Ok(names.collect())
    }

    /// The statements to run, in order. A superuser can change owners without becoming a member.
    pub(super) fn statements(&self, by_superuser: bool) -> Vec<String> {
        let (owner, serving, me) = (quoted(&self.log_owner), quoted(&self.serving), quoted(&self.me));
        let mut all = Vec::new();
        if self.is_to_be_handed_over() {
            let joins = !by_superuser && !self.i_am_superuser;
            if !self.log_owner_exists {
                all.push(format!("create role {owner} nologin"));
            }
            if joins {
                all.push(format!("grant {owner} to {me}"));
            }
            all.extend(self.hand_over());
            if joins {
                all.push(format!("revoke {owner} from {me}"));
            }
        } else if !self.serving_may_append || self.serving_may_more {
            all.extend(self.append_only());
        }
        let joins = !by_superuser && !self.i_may_act_as_serving && !self.mine.is_empty();
        if joins {
            all.push(format!("grant {serving} to {me}"));
        }
        all.extend(self.mine.iter().map(|one| format!("alter {one} owner to {serving}")));
        if joins {
            all.push(format!("revoke {serving} from {me}"));
        }
        // The membership was left by an interrupted migration, or was granted by hand.
        if self.events_owner == self.log_owner && self.serving_owns_events {
            all.push(format!("revoke {owner} from {serving}"));
        }
        if self.events_owner == self.log_owner && self.i_was_made_member && self.me != self.serving {
            all.push(format!("revoke {owner} from {me}"));
        }
        all
    }

    fn is_to_be_handed_over(&self) -> bool {
        let is_anothers = self.events_owner != self.log_owner;
        let by_owner = is_anothers && (self.events_owner_is_a_person || self.serving_owns_events);
        by_owner || self.serving_owns_schema || !self.function_goes_along
    }

    fn hand_over(&self) -> Vec<String> {
        let (owner, serving, schema) = (quoted(&self.log_owner), quoted(&self.serving), quoted(&self.schema));
        let mut all = Vec::new();
        if self.serving_owns_schema {
            // The owner of a schema may drop everything in it.
            all.push(format!("alter schema {schema} owner to {owner}"));
        } else {
            all.push(format!("grant usage, create on schema {schema} to {owner}"));
        }
        if self.serving_owns_schema || self.me != self.serving {
            all.push(format!("grant usage, create on schema {schema} to {serving}"));
        }
        all.push(format!("alter table {} owner to {owner}", self.in_schema("events")));
        if self.function_exists {
            let function = self.in_schema("refuse_to_change_events");
            all.push(format!("alter function {function}() owner to {owner}"));
        }
        all.extend(self.append_only());
        all
    }

    fn append_only(&self) -> [String; 2] {
        let (events, serving) = (self.in_schema("events"), quoted(&self.serving));
        [
            format!("revoke all on table {events} from {serving}"),
            format!("grant select, insert on table {events} to {serving}"),
        ]
    }

    fn in_schema(&self, name: &str) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(name))
    }

    /// The statements for an administrator, as a psql script.
    pub(super) fn script(&self) -> String {
        let statements: String = self
            .statements(true)
            .iter()
            .map(|statement| format!("{statement};\n"))
            .collect();
        format!(
            "-- {me} may not give the log to a role of its own, which keeps events append-only against {serving}, too.\n\
             -- Run this as an administrator (a superuser) in the database {database}; until then gatebook serves and warns.\n\
             begin;\n{statements}commit;\n",
            me = self.me,
            serving = self.serving,
            database = self.database,
        )
    }

    /// One sentence for each way in which the serving role could bypass the triggers.
    pub(super) fn warnings(&self) -> Vec<String> {
        let me = &self.me;
        if self.serving_is_superuser {
            return vec![format!(
                "the role {me} that Gatebook works with is a superuser, whom no trigger keeps from changing events; give \
                 Gatebook a role of its own (see docs/operating/postgres.md)"
            )];
        }
        let settle = "run `gatebook migrate` as a role that may create roles, or the statements that it prints";
        let mut warnings = Vec::new();
        if self.serving_owns_events || self.serving_owns_schema || !self.function_goes_along {
            warnings.push(format!(
                "the role {me} that Gatebook works with owns the table events, its schema or its guard, so it could turn \
                 off the triggers that keep events append-only; {settle}"
            ));
        } else if self.serving_may_more {
            warnings.push(format!(
                "the role {me} that Gatebook works with has more rights on the table events than select and insert; \
                 {settle}"
            ));
        }
        if self.serving_creates_roles {
            warnings.push(format!(
                "the role {me} that Gatebook works with may create roles, and so could make itself the owner of the table \
                 events; take it away (alter role {} nocreaterole), and migrate with another role",
                quoted(me)
            ));
        }
        warnings
    }
}

/// The name of the role that should own a database's log.
fn log_owner_of(database: &str) -> String {
    let mut end = database.len().min(LONGEST_NAME - OWNER_SUFFIX.len());
    while !database.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{OWNER_SUFFIX}", &database[..end])
}

/// Quotes a name for SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_is_called_after_its_database_within_what_postgres_keeps_of_a_name() {
        assert_eq!(log_owner_of("gatebook"), "gatebook_log_owner");
        let long = log_owner_of(&"x".repeat(63));
        assert_eq!((long.len(), long.ends_with("x_log_owner")), (63, true));
        // The name is not cut within a character.
        assert_eq!(log_owner_of(&"ä".repeat(31)), format!("{}_log_owner", "ä".repeat(26)));
    }

    #[test]
    fn names_are_quoted() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
