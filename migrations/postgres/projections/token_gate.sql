-- One generation of the projection token_gate: a table, then its indexes.
create table {table} (
    app_id text collate "C" not null primary key,
    client_id text collate "C" not null,
    group_id text collate "C" not null,
    name text collate "C" not null,
    status text collate "C" not null,
    api_permission text collate "C" not null,
    entities text collate "C" not null,
    client_secrets text collate "C" not null,
    version bigint not null,
    position bigint not null
);

create unique index token_gate_by_client_{generation} on {table} (client_id);
