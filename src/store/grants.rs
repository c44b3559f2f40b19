//! Who may do what with a table, taken over by the table that takes its place. On SQLite a file's rights are all there is.

use gatebook_projections::sql::{Query, Value};

use super::database::{Dialect, Transaction};
use super::error::StoreError;

/// Grants on a table and on its columns, as statements for the other table. The owner needs none. A column that is gone
/// takes its grants along.
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

/// Gives the table to the owner of the other one, when that is somebody else: an administrator who rebuilds does not take
/// the serving role's table away.
pub(crate) async fn own_like(transaction: &mut dyn Transaction, other: &str, table: &str) -> Result<(), StoreError> {
    if transaction.dialect() == Dialect::Sqlite {
        return Ok(());
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

/// Grants on the table what is granted on the other one.
pub(crate) async fn copy_grants(transaction: &mut dyn Transaction, other: &str, table: &str) -> Result<(), StoreError> {
    if transaction.dialect() == Dialect::Sqlite {
        return Ok(());
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
