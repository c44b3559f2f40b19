-- One generation of the projection system: a table. It has one row at most.
create table {table} (
    system_id text collate "C" not null primary key,
    tokens_ended_before text collate "C",
    version bigint not null,
    position bigint not null
);
