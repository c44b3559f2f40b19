-- One generation of the projection developers: a table, then its indexes.
create table {table} (
    developer_id text collate "C" not null primary key,
    email text collate "C" not null,
    email_key text collate "C" not null,
    full_name text collate "C" not null,
    signed_up_at text collate "C" not null,
    version bigint not null,
    position bigint not null
);

create unique index developers_by_email_{generation} on {table} (email_key);
