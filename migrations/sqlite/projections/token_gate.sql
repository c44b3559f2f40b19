-- One generation of the projection token_gate: a table, then its indexes.
create table {table} (
    app_id text not null primary key,
    client_id text not null,
    group_id text not null,
    name text not null,
    status text not null,
    api_permission text not null,
    entities text not null,
    client_secrets text not null,
    version integer not null,
    position integer not null
);

create unique index token_gate_by_client_{generation} on {table} (client_id);
