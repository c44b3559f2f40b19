-- One generation of the projection app_list: a table, then its indexes.
create table {table} (
    app_id text collate "C" not null primary key,
    group_id text collate "C" not null,
    client_id text collate "C" not null,
    integration_type text collate "C" not null,
    integrate_type text collate "C",
    name text collate "C" not null,
    name_key text collate "C" not null,
    name_search text collate "C" not null,
    description text collate "C" not null,
    description_search text collate "C" not null,
    category text collate "C" not null,
    api_permission text collate "C" not null,
    entities text collate "C" not null,
    status text collate "C" not null,
    link text collate "C" not null,
    developer_email text collate "C",
    developer_email_key text collate "C",
    invited_at text collate "C",
    invite_expires_at text collate "C",
    assigned_at text collate "C",
    verified_at text collate "C",
    otp_expires_at text collate "C",
    otp_attempts_left bigint,
    created_at text collate "C" not null,
    created_by_id text collate "C" not null,
    created_by_name text collate "C" not null,
    revoked_at text collate "C",
    version bigint not null,
    position bigint not null
);

create index app_list_by_group_and_name_{generation} on {table} (group_id, name_key, app_id);

create index app_list_by_group_and_creation_{generation} on {table} (group_id, created_at, app_id);

create index app_list_by_group_and_status_{generation} on {table} (group_id, status, app_id);

create index app_list_by_name_{generation} on {table} (name_key, app_id);

create index app_list_by_creation_{generation} on {table} (created_at, app_id);

create index app_list_by_status_{generation} on {table} (status, app_id);

create index app_list_search_name_search_{generation} on {table} using gin (name_search gin_trgm_ops);

create index app_list_search_description_search_{generation} on {table} using gin (description_search gin_trgm_ops);

create index app_list_search_developer_email_key_{generation} on {table} using gin (developer_email_key gin_trgm_ops);

create index app_list_search_entities_{generation} on {table} using gin (entities gin_trgm_ops);

create index app_list_parts_name_search_{generation} on {table} using gin (search_parts(name_search));

create index app_list_parts_description_search_{generation} on {table} using gin (search_parts(description_search));

create index app_list_parts_developer_email_key_{generation} on {table} using gin (search_parts(developer_email_key));
