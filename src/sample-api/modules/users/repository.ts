import { crudRepository } from '../../shared/crud-repository.ts';
import type { User } from './schemas.ts';

export const userRepository = () =>
  crudRepository<User>({
    table: 'users',
    columns: ['id', 'tenant_id', 'email', 'name', 'role', 'permissions', 'status', 'created_at'],
    filters: { email: 't.email = $?', role: 't.role = $?', status: 't.status = $?' },
  });
