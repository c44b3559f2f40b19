-- One generation of the projection portal_apps: a table, then its indexes.
create table {table} (
    app_id text collate "C" not null primary key,
    group_id text collate "C" not null,
    client_id text collate "C" not null,
    name text collate "C" not null,
    description text collate "C" not null,
    api_permission text collate "C" not null,
    status text collate "C" not null,
    entities text collate "C" not null,
    link text collate "C" not null,
    developer_email text collate "C",
    developer_email_key text collate "C",
    developer_id text collate "C",
    assigned_at text collate "C",
    otp_expires_at text collate "C",
    otp_attempts_left bigint,
    client_secrets text collate "C" not null,
    version bigint not null,
    position bigint not null
);

create index portal_apps_by_developer_{generation} on {table} (developer_email_key);
