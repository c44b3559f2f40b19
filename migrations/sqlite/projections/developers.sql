-- One generation of the projection developers: a table, then its indexes.
create table {table} (
    developer_id text not null primary key,
    email text not null,
    email_key text not null,
    full_name text not null,
    signed_up_at text not null,
    version integer not null,
    position integer not null
);

create unique index developers_by_email_{generation} on {table} (email_key);
