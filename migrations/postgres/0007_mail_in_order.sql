-- What somebody waits for in front of a screen (a code, a link to a password) is sent before everything else: 0 before 1.
alter table outbox add column priority bigint not null default 1;
update outbox set priority = 0
where state = 'pending' and kind in ('verification_code', 'first_password', 'password_reset');

drop index outbox_due;
create index outbox_due on outbox (priority, next_attempt_at, id) where state = 'pending';

-- Why and when an e-mail was given up: in a word that the group's admins are told, and for programs.
alter table outbox add column failure text collate "C";
alter table outbox add column failed_at text collate "C";
create index outbox_failed on outbox (about) where about is not null and state = 'failed';

-- For reading the outbox page by page, whole or one state.
drop index outbox_by_state;
create index outbox_by_state on outbox (state, created_at, id);
create index outbox_by_age on outbox (created_at, id);

-- Which e-mails counted against whose limit, and when; forgotten after an hour.
create table email_quota_uses (
    owner   text collate "C" not null,
    used_at text collate "C" not null
);

create index email_quota_uses_by_owner on email_quota_uses (owner, used_at);
create index email_quota_uses_by_age on email_quota_uses (used_at);

-- E-mails that older programs write have no order, and those that they give up no reason.
update facts set value = '7' where name = 'schema_compatible_from';
