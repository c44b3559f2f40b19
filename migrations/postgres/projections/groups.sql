-- One generation of the projection groups: a table, then its indexes.
create table {table} (
    group_id text collate "C" not null primary key,
    name text collate "C" not null,
    product_plan text collate "C" not null,
    entities text collate "C" not null,
    users text collate "C" not null,
    user_email_keys text collate "C" not null,
    version bigint not null,
    position bigint not null
);

create index groups_search_user_email_keys_{generation} on {table} using gin (user_email_keys gin_trgm_ops);
