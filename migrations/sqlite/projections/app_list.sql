-- One generation of the projection app_list: a table, then its indexes.
create table {table} (
    app_id text not null primary key,
    group_id text not null,
    client_id text not null,
    integration_type text not null,
    integrate_type text,
    name text not null,
    name_key text not null,
    name_search text not null,
    description text not null,
    description_search text not null,
    category text not null,
    api_permission text not null,
    entities text not null,
    status text not null,
    link text not null,
    developer_email text,
    developer_email_key text,
    invited_at text,
    invite_expires_at text,
    assigned_at text,
    verified_at text,
    otp_expires_at text,
    otp_attempts_left integer,
    created_at text not null,
    created_by_id text not null,
    created_by_name text not null,
    revoked_at text,
    version integer not null,
    position integer not null
);

-- After what gives the order come the columns that searches look at, so that a search looks at a row itself only when it
-- fits: nine times as fast for what few rows have.
create index app_list_by_group_and_name_{generation} on {table} (group_id, name_key, app_id, name_search, developer_email_key);

create index app_list_by_group_and_creation_{generation} on {table} (group_id, created_at, app_id, name_search, developer_email_key);

create index app_list_by_group_and_status_{generation} on {table} (group_id, status, app_id, name_search, developer_email_key);

create index app_list_by_name_{generation} on {table} (name_key, app_id, name_search, developer_email_key);

create index app_list_by_creation_{generation} on {table} (created_at, app_id, name_search, developer_email_key);

create index app_list_by_status_{generation} on {table} (status, app_id, name_search, developer_email_key);
