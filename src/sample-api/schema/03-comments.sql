comment on schema observability is 'Written by the API only: who changed what, and who called what';

comment on table tenants is 'One company that runs on the platform. Every other row belongs to exactly one tenant';
comment on column tenants.slug is 'Short name in addresses, unique';

comment on table users is 'People who sign in to the platform (staff of a tenant, not its customers)';
comment on column users.permissions is 'What the token of this user may do, e.g. customer:read; resource:* is all of a resource';
comment on column users.password_hash is 'scrypt; null: this user has no password here and cannot sign in with one';

comment on table customers is 'People and households that buy services from a tenant';
comment on column customers.account_number is 'What the customer reads out on the phone, ACC-000000, unique in the tenant';
comment on column customers.status is 'prospect (no service yet), active, suspended (does not pay), churned (has left)';
comment on column customers.churned_at is 'When the customer left; set exactly when status is churned';

comment on table service_plans is 'The price list of a tenant';
comment on column service_plans.code is 'Unique in the tenant, e.g. NET-100';
comment on column service_plans.monthly_rate is 'List price a month; a service may have been sold for another';

comment on table services is 'What a customer has subscribed to';
comment on column services.plan_id is 'The plan it was sold from; null: made to measure';
comment on column services.monthly_rate is 'What this customer pays a month; the sum over active services is the MRR';
comment on column services.ended_at is 'When it was cancelled; set exactly when status is cancelled';

comment on table invoices is 'One bill of one customer for one period, usually a calendar month';
comment on column invoices.number is 'INV-0000000, unique in the tenant';
comment on column invoices.total_amount is 'Sum of the items';
comment on column invoices.status is 'draft, issued (not yet due), paid, overdue (due and not paid), void';
comment on column invoices.paid_at is 'When it was settled in full; set exactly when status is paid';

comment on table invoice_items is 'The lines of an invoice, one a service';
comment on column invoice_items.service_id is 'The service that is billed; null: a one-off charge or credit';

comment on table payments is 'Money received for an invoice, and attempts that failed';

comment on table tickets is 'Support requests';
comment on column tickets.customer_id is 'Who asked; null: the request is not about one customer';
comment on column tickets.tier is '1 general, 2 technical and billing, 3 complex, system and security';
comment on column tickets.disputed_amount is 'In a billing dispute: how much is disputed';
comment on column tickets.affected_customers is 'How many customers feel the same fault, as far as is known';
comment on column tickets.first_response_at is 'When support answered first';
comment on column tickets.resolved_at is 'When it was solved; set exactly when status is resolved or closed';

comment on table usage_records is 'Traffic and minutes of a service, one row a day';
comment on column usage_records.minutes is 'Call minutes, for phone and mobile services';

comment on table system_metrics is 'Health samples of the platform itself, evenly spaced, not per tenant';
comment on column system_metrics.up is 'Whether the platform answered when it was sampled';
comment on column system_metrics.response_time_ms is 'Mean response time in the sampled interval';

comment on table observability.audit_trail is 'One row a change made through the API, written in the same transaction as the change';
comment on column observability.audit_trail.actor is 'E-mail of the user who made the change';
comment on column observability.audit_trail.action is 'What happened, e.g. customer.created';
comment on column observability.audit_trail.act is 'Who acted on behalf of the user (act.sub of the token); null: the user in person';

comment on table observability.access_log is 'One row a request, except health, metrics and documentation';
comment on column observability.access_log.query is 'What followed the question mark; null: nothing';
comment on column observability.access_log.route is 'The matched route, e.g. /api/v1/customers/{id}; null: there is none';
comment on column observability.access_log.actor is 'E-mail of the user whose token was accepted, or who tried to sign in';
comment on column observability.access_log.act is 'Who acted on behalf of the user (act.sub of the token); null: the user in person';
