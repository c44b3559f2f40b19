-- Not only client secrets are used: user tokens are, and sessions.
alter table client_secret_usage rename to last_uses;
alter table last_uses rename column client_secret_id to id;

-- Older programs ask for the old name.
update facts set value = '2' where name = 'schema_compatible_from';
