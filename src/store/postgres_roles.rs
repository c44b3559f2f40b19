//! Who owns the log on PostgreSQL (R29). Triggers stop everybody but the table's owner, who can turn them off; so the table
//! `events`, the function of its trigger, and the schema they are in belong to a role of its own that nobody can log in
//! as. The role that serves may select and insert there and nothing else. Everything else is the serving role's.
//!
//! One role for each database, `<database>_log_owner`: roles are the cluster's, and whoever may administer the one
//! database's role must not be in charge of another's log.

use gatebook_projections::sql::{Query, RowReader, Value};

use super::database::{Database, Dialect, Purpose};
use super::error::StoreError;
use super::log_guards::missing_guards;

/// PostgreSQL cuts names longer than this.
const LONGEST_NAME: usize = 63;
/// What follows the database's name in the name of the log's owner.
const OWNER_SUFFIX: &str = "_log_owner";

/// Everything that decides what is to be done, for the serving role `$1`, or the one that the log's head belongs to. A
/// superuser, whom nothing stops, is a member of every role in PostgreSQL's eyes, and counts as one of none here.
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

/// Who owns what, and who may do what with it.
#[derive(Clone, Debug)]
struct Ownership {
    database: String,
    schema: String,
    /// The role that asks.
    me: String,
    serving: String,
    events_owner: String,
    /// What the log's owner is to be called.
    log_owner: String,
    i_am_superuser: bool,
    i_create_roles: bool,
    serving_is_superuser: bool,
    serving_creates_roles: bool,
    log_owner_exists: bool,
    /// Whether somebody can log in as the owner of `events`, or it is a superuser.
    events_owner_is_a_person: bool,
    serving_owns_events: bool,
    serving_owns_schema: bool,
    function_exists: bool,
    /// Whether the function of the trigger, if there is one, has the owner of `events`.
    function_goes_along: bool,
    serving_may_append: bool,
    serving_may_more: bool,
    /// Whether the role that asks was made a member of the owner of `events`, itself and to no other end.
    i_was_made_member: bool,
    i_may_act_as_owner: bool,
    i_may_act_as_serving: bool,
    /// Tables and functions, other than the log's, that belong to the role that asks, which does not serve. As they stand
    /// after `alter`.
    mine: Vec<String>,
}

/// What came of setting up the log's owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogOwner {
    /// It is as it should be, from before or from now on.
    Settled,
    /// This role may not do it. An administrator can, with this script.
    ForAnAdministrator(String),
}

/// Gives the log to a role of its own, as far as it is not, and everything else to the role that serves: the one named, or
/// the one that the tables belong to. Safe to run again. On SQLite there are no roles.
///
/// # Errors
/// A database that cannot be reached; `Refused` when there is no such role.
pub async fn settle_log_owner(database: &dyn Database, serving: Option<&str>) -> Result<LogOwner, StoreError> {
    if database.dialect() == Dialect::Sqlite {
        return Ok(LogOwner::Settled);
    }
    let mut ownership = Ownership::read(database, serving).await?;
    let statements = ownership.statements(false);
    if !statements.is_empty() && (ownership.i_am_superuser || ownership.i_create_roles) {
        match carry_out(database, &statements).await {
            Ok(()) => {
                tracing::info!(
                    owner = ownership.log_owner,
                    serving = ownership.serving,
                    "the log has an owner of its own"
                );
                // PostgreSQL ignores the revoking of what somebody else has granted.
                ownership = Ownership::read(database, Some(&ownership.serving)).await?;
            }
            Err(StoreError::Refused(why)) => tracing::info!(why, "this role may not set up the log's owner"),
            Err(error) => return Err(error),
        }
    }
    match ownership.statements(true).is_empty() {
        true => Ok(LogOwner::Settled),
        false => Ok(LogOwner::ForAnAdministrator(ownership.script())),
    }
}

/// Makes this role a member of those that the tables belong to, if that is needed and can be, so that migrations can alter
/// them. Gives the roles that [`leave_roles`] has to leave again.
///
/// # Errors
/// A database that cannot be reached.
pub async fn join_roles(database: &dyn Database) -> Result<Vec<String>, StoreError> {
    if database.dialect() == Dialect::Sqlite {
        return Ok(Vec::new());
    }
    let ownership = match Ownership::read(database, None).await {
        Ok(ownership) => ownership,
        // Nothing has been migrated yet.
        Err(StoreError::Refused(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut joined = Vec::new();
    if !ownership.i_create_roles {
        return Ok(joined);
    }
    for (role, is_needed) in [
        (&ownership.events_owner, !ownership.i_may_act_as_owner),
        (&ownership.serving, !ownership.i_may_act_as_serving),
    ] {
        let grant = format!("grant {} to {}", quoted(role), quoted(&ownership.me));
        match is_needed {
            true => match carry_out(database, &[grant]).await {
                Ok(()) => joined.push(role.clone()),
                // Then a migration that needs it says so.
                Err(StoreError::Refused(_)) => {}
                Err(error) => return Err(error),
            },
            false => {}
        }
    }
    Ok(joined)
}

/// Ends what [`join_roles`] began.
///
/// # Errors
/// A database that cannot be reached.
pub async fn leave_roles(database: &dyn Database, joined: &[String]) -> Result<(), StoreError> {
    let revoke = |role: &String| format!("revoke {} from current_user", quoted(role));
    match joined {
        [] => Ok(()),
        joined => carry_out(database, &joined.iter().map(revoke).collect::<Vec<_>>()).await,
    }
}

/// What an operator should know about how the log is guarded: a sentence for each trigger that is missing, and for each way
/// around them that the role has that this process works with. Reads only.
///
/// # Errors
/// A database that cannot be reached, or whose catalogue cannot be read.
pub async fn log_warnings(database: &dyn Database) -> Result<Vec<String>, StoreError> {
    let mut warnings = missing_guards(&mut *database.begin(Purpose::Snapshot).await?).await?;
    warnings.extend(role_warnings(database).await?);
    Ok(warnings)
}

/// What an operator should know about the role that this process works with: a sentence for each way around the triggers
/// that it has.
async fn role_warnings(database: &dyn Database) -> Result<Vec<String>, StoreError> {
    if database.dialect() == Dialect::Sqlite {
        return Ok(Vec::new());
    }
    let me = database.rows(Query::new("select current_user::text", [])).await?;
    let me = match me.first().map(Vec::as_slice) {
        Some([Value::Text(me)]) => me.clone(),
        _ => return Ok(Vec::new()),
    };
    Ok(Ownership::read(database, Some(&me)).await?.warnings())
}

impl Ownership {
    async fn read(database: &dyn Database, serving: Option<&str>) -> Result<Self, StoreError> {
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
            return Err(StoreError::Refused(why));
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

    /// What is to be done, in order. A superuser needs no membership to give something away.
    fn statements(&self, by_superuser: bool) -> Vec<String> {
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
        // Left behind by a migration that did not come to its end, or granted by hand.
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
            // Whoever owns a schema may drop what is in it.
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

    /// The statements for an administrator, as psql reads them.
    fn script(&self) -> String {
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

    fn warnings(&self) -> Vec<String> {
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

/// The name of the role that owns a database's log.
fn log_owner_of(database: &str) -> String {
    let mut end = database.len().min(LONGEST_NAME - OWNER_SUFFIX.len());
    while !database.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{OWNER_SUFFIX}", &database[..end])
}

/// A name as it stands in a statement.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// All of it, or nothing.
async fn carry_out(database: &dyn Database, statements: &[String]) -> Result<(), StoreError> {
    let mut transaction = database.begin(Purpose::Write).await?;
    for statement in statements {
        transaction.script(statement).await?;
    }
    transaction.commit().await
}
