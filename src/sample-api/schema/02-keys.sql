-- Keys, foreign keys and the indexes that the API's own queries need.
-- services.customer_id has none on purpose: finding that out is somebody's exercise.

alter table tenants add unique (slug);
alter table users add unique (tenant_id, email), add foreign key (tenant_id) references tenants (id);

alter table customers
  add unique (tenant_id, email),
  add unique (tenant_id, account_number),
  add foreign key (tenant_id) references tenants (id);
create index customers_by_age on customers (tenant_id, created_at, id);

alter table service_plans add unique (tenant_id, code), add foreign key (tenant_id) references tenants (id);

alter table services
  add foreign key (tenant_id) references tenants (id),
  add foreign key (customer_id) references customers (id),
  add foreign key (plan_id) references service_plans (id);
create index services_by_age on services (tenant_id, created_at, id);

alter table invoices
  add unique (tenant_id, number),
  add foreign key (tenant_id) references tenants (id),
  add foreign key (customer_id) references customers (id);
create index invoices_by_age on invoices (tenant_id, created_at, id);
create index invoices_of_customer on invoices (customer_id, period_start);

alter table invoice_items
  add foreign key (tenant_id) references tenants (id),
  add foreign key (invoice_id) references invoices (id) on delete cascade,
  add foreign key (service_id) references services (id);
create index invoice_items_of_invoice on invoice_items (invoice_id);

alter table payments
  add foreign key (tenant_id) references tenants (id),
  add foreign key (invoice_id) references invoices (id),
  add foreign key (customer_id) references customers (id);
create index payments_by_age on payments (tenant_id, created_at, id);
create index payments_of_invoice on payments (invoice_id);

alter table tickets
  add unique (tenant_id, number),
  add foreign key (tenant_id) references tenants (id),
  add foreign key (customer_id) references customers (id),
  add foreign key (assignee_id) references users (id);
create index tickets_by_age on tickets (tenant_id, created_at, id);
create index tickets_of_customer on tickets (customer_id);

alter table usage_records
  add unique (service_id, day),
  add foreign key (tenant_id) references tenants (id),
  add foreign key (customer_id) references customers (id),
  add foreign key (service_id) references services (id);
create index usage_records_by_age on usage_records (tenant_id, created_at, id);

alter table system_metrics add unique (at);

create index audit_trail_by_entity on observability.audit_trail (entity_id);
create index audit_trail_by_tenant on observability.audit_trail (tenant_id, at, id);
create index access_log_by_time on observability.access_log (at);
