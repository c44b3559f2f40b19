-- One generation of the projection groups: a table, then its indexes.
create table {table} (
    group_id text collate "C" not null primary key,
    name text collate "C" not null,
    product_plan text collate "C" not null,
    entities text collate "C" not null,
    users text collate "C" not null,
    version bigint not null,
    position bigint not null
);
