-- Up Migration
-- One-time codes with which a browser enters a lab's pages; only their hashes are kept, and not for long.
create table page_codes (
  code_hash bytea primary key,
  lab_id text collate "C" not null,
  component text collate "C" not null,
  role text not null check (role in ('trainee', 'instructor', 'admin')),
  subject text not null,
  expires_at timestamptz(3) not null
);
create index page_codes_over on page_codes (expires_at);
