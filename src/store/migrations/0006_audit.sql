-- Up Migration
-- What is written by people is recorded whatever came of it: done, refused (with the code of the refusal), or failed.

alter table audit_log add column outcome text not null default 'done';
create index audit_log_by_actor on audit_log (actor, id);
create index audit_log_by_action on audit_log (action, id);
create index audit_log_by_time on audit_log (at);
