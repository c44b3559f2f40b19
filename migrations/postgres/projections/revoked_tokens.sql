-- One generation of the projection revoked_tokens: a table.
create table {table} (
    token_id text collate "C" not null primary key,
    app_id text collate "C" not null,
    expires_at text collate "C" not null,
    version bigint not null,
    position bigint not null
);
