-- For searching parts of names; part of PostgreSQL, and trusted: the owner of the database may create it.
create extension if not exists pg_trgm;

-- The log: what happened, in order. Rows are never changed or deleted.
create table events (
    position       bigint not null,
    recorded_at    text collate "C" not null,
    aggregate_type text collate "C" not null,
    aggregate_id   text collate "C" not null,
    group_id       text collate "C" not null,
    app_id         text collate "C" not null,
    sequence       bigint not null constraint events_sequence check (sequence > 0),
    event_type     text collate "C" not null,
    event_version  text collate "C" not null,
    payload        json not null,
    metadata       json not null,
    previous_hash  text collate "C" not null,
    hash           text collate "C" not null,
    -- Random, and given by the database. With the position it names one history up to here: after a fail-over that lost the end
    -- of the log, another event has the same position. It says nothing about what happened, so no hash covers it.
    event_id       text collate "C" not null default gen_random_uuid()::text,
    constraint events_stream primary key (aggregate_type, aggregate_id, sequence),
    constraint events_position unique (position)
);

create index events_by_group on events (group_id, position) where group_id <> '';

-- An application's log: its own stream, and the events of other streams that speak of it.
create index events_by_app on events (app_id, position) where app_id <> '';

-- The one row that every writer locks: the last position, and the time it was given. Up to `read_to` whoever appended an event
-- has read it back, or somebody has since.
create table log_head (
    id          bigint not null constraint log_head_one primary key check (id = 1),
    position    bigint not null,
    recorded_at text collate "C" not null,
    read_to     bigint not null
);

insert into log_head (id, position, recorded_at, read_to) values (1, 0, '1970-01-01T00:00:00.000Z', 0);

-- Events that could not be read, until somebody settles it. They close what they may be about.
create table unreadable_events (
    position       bigint not null constraint unreadable_events_position primary key,
    aggregate_type text collate "C" not null,
    aggregate_id   text collate "C" not null,
    sequence       bigint not null,
    event_type     text collate "C" not null,
    event_version  text collate "C" not null,
    problem        text collate "C" not null
);

create function refuse_to_change_events() returns trigger language plpgsql as $$
begin
    raise exception 'events are never changed or deleted' using errcode = 'restrict_violation';
end $$;

create trigger events_are_append_only
    before update or delete or truncate on events
    for each statement execute function refuse_to_change_events();

-- What exists once: names of applications for ever (R6), addresses of developers (R19).
create table reservations (
    key   text collate "C" not null constraint reservations_key primary key,
    owner text collate "C" not null
);

-- The first answer to a request with an Idempotency-Key; the sealed part holds what is shown once.
create table idempotency_keys (
    key          text collate "C" not null constraint idempotency_keys_key primary key,
    request_hash text collate "C" not null,
    app_id       text collate "C" not null,
    version      bigint not null,
    sealed       text collate "C",
    created_at   text collate "C" not null
);

create index idempotency_keys_by_age on idempotency_keys (created_at);

-- E-mails to send. Their content is sealed, and removed once they are sent.
create table outbox (
    id              text collate "C" not null constraint outbox_id primary key,
    kind            text collate "C" not null,
    recipient       text collate "C" not null,
    sealed          text collate "C",
    state           text collate "C" not null constraint outbox_state check (state in ('pending', 'sent', 'failed')),
    attempts        bigint not null,
    next_attempt_at text collate "C" not null,
    last_error      text collate "C",
    created_at      text collate "C" not null,
    sent_at         text collate "C",
    -- What it is about: an e-mail that becomes obsolete before it is sent is withdrawn by this.
    about           text collate "C",
    -- 0 before 1: somebody waits for it in front of a screen (a code, a link to a password).
    priority        bigint not null default 1,
    -- Why and when it was given up, as a word that the group's admins are shown.
    failure         text collate "C",
    failed_at       text collate "C"
);

create index outbox_due on outbox (priority, next_attempt_at, id) where state = 'pending';
create index outbox_about on outbox (about) where about is not null and state = 'pending';
create index outbox_failed on outbox (about) where about is not null and state = 'failed';

-- For the outbox page, page by page: all of it, or one state.
create index outbox_by_state on outbox (state, created_at, id);
create index outbox_by_age on outbox (created_at, id);

-- Which e-mails counted against whose limit, and when. Rows are removed after an hour.
create table email_quota_uses (
    owner   text collate "C" not null,
    used_at text collate "C" not null
);

create index email_quota_uses_by_owner on email_quota_uses (owner, used_at);
create index email_quota_uses_by_age on email_quota_uses (used_at);

-- Digests of tokens and secrets that no event holds, and hashes of passwords.
create table credentials (
    kind       text collate "C" not null,
    id         text collate "C" not null,
    owner      text collate "C" not null,
    name       text collate "C" not null,
    digest     text collate "C" not null,
    created_at text collate "C" not null,
    expires_at text collate "C",
    constraint credentials_id primary key (kind, id)
);

create index credentials_by_owner on credentials (kind, owner);

-- For removing credentials some days after their end.
create index credentials_by_end on credentials (expires_at) where expires_at is not null;

-- R23: when a client secret, a token, a session or an application was used last, and which kind it is of. Written now and then,
-- never by a request.
create table last_uses (
    id           text collate "C" not null constraint last_uses_id primary key,
    last_used_at text collate "C" not null,
    used         text collate "C"
);

-- What was counted of an application in an hour, by the hour's beginning; `what` is a reason of the gate (`ok` for what it
-- allowed), `tokens_issued` or `tokens_refused`. Under no id, all applications together. Kept for 90 days.
create table usage_hours (
    app_id text collate "C" not null,
    hour   text collate "C" not null,
    what   text collate "C" not null,
    count  bigint not null,
    constraint usage_hours_key primary key (app_id, hour, what)
);

create index usage_hours_by_age on usage_hours (hour);

-- The same by day (UTC), as in `2026-11-23`. Kept.
create table usage_days (
    app_id   text collate "C" not null,
    day      text collate "C" not null,
    what     text collate "C" not null,
    count    bigint not null,
    group_id text collate "C" not null,
    constraint usage_days_key primary key (app_id, day, what)
);

create index usage_days_by_group on usage_days (day, group_id, app_id);

-- Checks by day, entity, access and client secret. A field is empty where none was named or is known.
create table usage_entities (
    app_id           text collate "C" not null,
    day              text collate "C" not null,
    entity_id        text collate "C" not null,
    access           text collate "C" not null,
    client_secret_id text collate "C" not null,
    allowed          bigint not null,
    refused          bigint not null,
    last_at          text collate "C" not null,
    constraint usage_entities_key primary key (app_id, day, entity_id, access, client_secret_id)
);

-- The days of groups that the log does not hold the usage of yet.
create table usage_unrecorded (
    day      text collate "C" not null,
    group_id text collate "C" not null,
    constraint usage_unrecorded_key primary key (day, group_id)
);

-- The last refusals of each application, a hundred at most.
create table usage_refusals (
    app_id        text collate "C" not null,
    id            text collate "C" not null,
    at            text collate "C" not null,
    reason        text collate "C" not null,
    entity_id     text collate "C" not null,
    access        text collate "C" not null,
    secret_prefix text collate "C" not null,
    request_id    text collate "C" not null,
    gateway       text collate "C" not null,
    constraint usage_refusals_key primary key (app_id, id)
);

-- Where each projection stands, and how far a rebuild has come.
create table projections (
    name            text collate "C" not null constraint projections_name primary key,
    fold_version    bigint not null,
    generation      bigint not null,
    -- How often a program that could not read all of a stream has written to the tables of the row's maps.
    written_in_part bigint not null default 0,
    rebuilt_at      text collate "C",
    rebuild_from    bigint,
    rebuild_cursor  text collate "C",
    last_error      text collate "C"
);

-- Facts about this database, such as the fingerprint of the key that its digests were made with.
create table facts (
    name  text collate "C" not null constraint facts_name primary key,
    value text collate "C" not null
);

-- The oldest migration whose program can work with these tables. A migration that older programs could not live with
-- moves it to its own number.
insert into facts (name, value) values ('schema_compatible_from', '1');

-- One row that is rewritten to see whether a commit goes through (`/readyz`). Nobody reads it.
create table readiness (
    id       bigint not null constraint readiness_one primary key check (id = 1),
    tried_at text collate "C" not null,
    filler   text collate "C"
);

-- All single characters of a text and all pairs of neighbours, for finding what trigrams cannot: parts of one or two
-- letters, and parts without letters, such as '%'. In PL/pgSQL, because it is ten times as fast as the same in SQL.
create function search_parts(whole text) returns text[] language plpgsql immutable strict parallel safe as $$
declare
    letters text[] := string_to_array(whole, null);
    many    integer := coalesce(array_length(letters, 1), 0);
    parts   text[] := letters;
begin
    for place in 2..many loop
        parts[many + place - 1] := letters[place - 1] || letters[place];
    end loop;
    return parts;
end $$;
