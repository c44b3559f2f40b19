//! Copies the grants and the owner of a table to the table that replaces it. SQLite has only the rights of its file.

use gatebook_projections::sql::{Query, Value};

use super::database::{Dialect, Transaction};
use super::error::StoreError;

/// Produces the grants on a table and its columns as statements for another table. It skips the owner, who needs none,
/// and columns that the other table lacks.
const GRANTS: &str = "\
    with granted as ( \
        select null::text as columns, c.relowner, a.grantee, a.privilege_type, a.is_grantable \
        from pg_class c, aclexplode(c.relacl) a where c.oid = $1::regclass \
        union all \
        select '(' || quote_ident(t.attname) || ')', c.relowner, a.grantee, a.privilege_type, a.is_grantable \
        from pg_class c join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a \
        where c.oid = $1::regclass and exists ( \
            select from pg_attribute n where n.attrelid = $2::regclass and n.attname = t.attname and not n.attisdropped) \
    ) \
    select 'grant ' || privilege_type || coalesce(columns, '') || ' on table ' || $2::regclass::text || ' to ' \
        || case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end \
        || case when is_grantable then ' with grant option' else '' end \
    from granted where grantee <> relowner order by 1";

/// Gives the table to the owner of the other one if they differ, so that the serving role keeps its table when an
/// administrator rebuilds it.
pub(crate) async fn own_like(transaction: &mut dyn Transaction, other: &str, table: &str) -> Result<(), StoreError> {
    match transaction.dialect() {
        Dialect::Sqlite => return Ok(()),
        Dialect::Postgres => {}
    }
    let owner = "select quote_ident(pg_get_userbyid(c.relowner)) from pg_class c join pg_class n on n.relowner <> c.relowner \
                 where c.oid = $1::regclass and n.oid = $2::regclass";
    let rows = transaction
        .rows(Query::new(owner, [other.into(), table.into()]))
        .await?;
    for owner in rows.into_iter().flatten() {
        if let Value::Text(owner) = owner {
            transaction
                .script(&format!("alter table {table} owner to {owner}"))
                .await?;
        }
    }
    Ok(())
}

/// Copies the other table's grants to this table.
pub(crate) async fn copy_grants(transaction: &mut dyn Transaction, other: &str, table: &str) -> Result<(), StoreError> {
    match transaction.dialect() {
        Dialect::Sqlite => return Ok(()),
        Dialect::Postgres => {}
    }
    let grants = transaction
        .rows(Query::new(GRANTS, [other.into(), table.into()]))
        .await?;
    for grant in grants.into_iter().flatten() {
        if let Value::Text(grant) = grant {
            transaction.script(&grant).await?;
        }
    }
    Ok(())
}
