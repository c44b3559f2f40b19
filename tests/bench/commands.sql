-- pgbench takes a colon before a letter for a variable, even inside of quotes: hence chr(58).
\set n random(1, 1000000000000)
with
    the_group as (select * from groups where group_id = 'bench'),
    developer as (select * from developers where email_key = 'dev' || :n::text || '@example.com'),
    stream as (
        select * from pgbench_events where aggregate_type = 'IntegrationApp' and aggregate_id = 'app-' || :n::text
    ),
    taken as (select * from pgbench_reservations where key = 'app_name' || chr(58) || 'application ' || :n::text),
    ids as (
        select gen_random_uuid()::text as app_id, nextval('pgbench_position') as position,
               '2026-11-23T09:15:00.000Z'::text as at
        from the_group where not exists (select from taken) and not exists (select from stream)
    ),
    new_events as (
        insert into pgbench_events
        select ids.position * 2 + s.n, ids.at, 'IntegrationApp', ids.app_id, 'bench', ids.app_id, s.n, s.name, '1',
               ('{"' || s.name || '":{"group_id":"bench","client_id":"gbc_0123456789abcdefghij","name":"Application ' || :n::text
                || '","description":"Posts the payroll journals of every month.","category":"payroll_and_hr",'
                || '"api_permission":"read_write","entities":["e1","e2","e3"]}}')::json,
               '{"actor_type":"group_user","actor_id":"pam","actor_name":"Pam","ip_address":"127.0.0.1","request_id":"bench","app_name":"Application"}'::json,
               repeat('0', 64), repeat('1', 64)
        from ids, (values (1, 'NewIntegrationCreated'), (2, 'DeveloperInvited')) as s (n, name)
        returning 1
    ),
    new_list as (
        insert into pgbench_app_list
        select ids.app_id, 'bench', 'gbc_' || :n::text, 'new_integration', null, 'Application ' || :n::text, 'application ' || :n::text, 'application ' || :n::text,
               'Posts the payroll journals of every month.', 'posts the payroll journals of every month.',
               'payroll_and_hr', 'read_write', '["e1","e2","e3"]', 'active', 'invited', 'dev' || :n::text || '@example.com',
               'dev' || :n::text || '@example.com', ids.at, ids.at, ids.at, null, ids.at, 5, ids.at, 'pam', 'Pam', null, 2,
               ids.position
        from ids
        returning 1
    ),
    new_portal as (
        insert into pgbench_portal_apps
        select ids.app_id, 'bench', 'gbc_' || :n::text, 'Application ' || :n::text, 'Posts the payroll journals of every month.',
               'read_write', 'active', '["e1","e2","e3"]', 'invited', 'dev' || :n::text || '@example.com',
               'dev' || :n::text || '@example.com', null, ids.at, ids.at, 5, '[]', 2, ids.position
        from ids
        returning 1
    ),
    new_gate as (
        insert into pgbench_token_gate
        select ids.app_id, 'gbc_' || ids.app_id, 'bench', 'Application ' || :n::text, 'active', 'read_write',
               '["e1","e2","e3"]', '[]', 2, ids.position
        from ids
        returning 1
    ),
    new_name as (
        insert into pgbench_reservations select 'app_name' || chr(58) || 'application ' || :n::text, ids.app_id from ids returning 1
    ),
    new_letter as (
        insert into pgbench_outbox
        select gen_random_uuid()::text, 'invitation', 'dev' || :n::text || '@example.com', repeat('s', 900), 'pending', 0,
               ids.at, null, ids.at, null
        from ids
        returning 1
    )
select (select count(*) from new_events) + (select count(*) from new_list) + (select count(*) from new_portal)
     + (select count(*) from new_gate) + (select count(*) from new_name) + (select count(*) from new_letter)
     + (select count(*) from developer);
