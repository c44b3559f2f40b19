-- What was used: a client secret, or a credential, with which the row goes. Empty in rows from before.
alter table last_uses add column used text collate "C";

-- For forgetting credentials some days after their end.
create index credentials_by_end on credentials (expires_at) where expires_at is not null;
