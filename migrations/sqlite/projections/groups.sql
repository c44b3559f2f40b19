-- One generation of the projection groups: a table, then its indexes.
create table {table} (
    group_id text not null primary key,
    name text not null,
    product_plan text not null,
    entities text not null,
    users text not null,
    user_email_keys text not null,
    version integer not null,
    position integer not null
);
