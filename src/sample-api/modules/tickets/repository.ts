import { crudRepository } from '../../shared/crud-repository.ts';
import { ofCustomerEmail } from '../../shared/references.ts';
import type { Ticket } from './schemas.ts';

export const ticketRepository = () =>
  crudRepository<Ticket>({
    table: 'tickets',
    columns: [
      'id',
      'tenant_id',
      'customer_id',
      'number',
      'subject',
      'body',
      'category',
      'priority',
      'tier',
      'status',
      'disputed_amount',
      'affected_customers',
      'assignee_id',
      'opened_at',
      'first_response_at',
      'resolved_at',
      'created_at',
    ],
    filters: {
      customer_id: 't.customer_id = $?',
      customer_email: ofCustomerEmail,
      number: 't.number = $?',
      category: 't.category = $?',
      priority: 't.priority = $?',
      tier: 't.tier = $?::smallint',
      status: 't.status = $?',
      q: "position(lower($?) in lower(t.subject || ' ' || t.body)) > 0",
      created_from: 't.created_at >= $?::timestamptz',
      created_to: 't.created_at < $?::timestamptz',
    },
  });
