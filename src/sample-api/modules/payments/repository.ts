import { crudRepository } from '../../shared/crud-repository.ts';
import { ofCustomerEmail } from '../../shared/references.ts';
import type { Payment } from './schemas.ts';

export const paymentRepository = () =>
  crudRepository<Payment>({
    table: 'payments',
    columns: [
      'id',
      'tenant_id',
      'invoice_id',
      'customer_id',
      'amount',
      'method',
      'status',
      'reference',
      'paid_at',
      'created_at',
    ],
    filters: {
      customer_id: 't.customer_id = $?',
      customer_email: ofCustomerEmail,
      invoice_id: 't.invoice_id = $?',
      method: 't.method = $?',
      status: 't.status = $?',
      created_from: 't.created_at >= $?::timestamptz',
      created_to: 't.created_at < $?::timestamptz',
    },
  });
