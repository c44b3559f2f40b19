-- One generation of the projection system: a table. It has one row at most.
create table {table} (
    system_id text not null primary key,
    tokens_ended_before text,
    version integer not null,
    position integer not null
);
