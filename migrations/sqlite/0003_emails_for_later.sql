-- An e-mail that is written for later may become untrue before it is sent; then it is withdrawn by what it is about.
alter table outbox add column about text;
create index outbox_about on outbox (about) where about is not null and state = 'pending';

-- Letters that older programs write lack it.
update facts set value = '3' where name = 'schema_compatible_from';
