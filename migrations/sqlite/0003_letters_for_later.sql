-- A letter that is written for later may become untrue before it is sent; then it is withdrawn by what it is about.
alter table letters add column about text;
create index letters_about on letters (about) where about is not null and state = 'pending';
