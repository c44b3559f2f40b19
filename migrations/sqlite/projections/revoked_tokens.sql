-- One generation of the projection revoked_tokens: a table.
create table {table} (
    token_id text not null primary key,
    app_id text not null,
    expires_at text not null,
    version integer not null,
    position integer not null
);
