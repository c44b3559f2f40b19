-- One generation of the projection portal_apps: a table, then its indexes.
create table {table} (
    app_id text not null primary key,
    group_id text not null,
    client_id text not null,
    name text not null,
    description text not null,
    api_permission text not null,
    status text not null,
    entities text not null,
    link text not null,
    developer_email text,
    developer_email_key text,
    developer_id text,
    assigned_at text,
    otp_expires_at text,
    otp_attempts_left integer,
    client_secrets text not null,
    version integer not null,
    position integer not null
);

create index portal_apps_by_developer_{generation} on {table} (developer_email_key);
