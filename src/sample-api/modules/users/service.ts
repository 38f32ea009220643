import { mayCaller } from '../../shared/caller.ts';
import type { CrudRepository } from '../../shared/crud-repository.ts';
import { crudService } from '../../shared/crud-service.ts';
import type { Database } from '../../shared/database.ts';
import { forbidden } from '../../shared/errors.ts';
import { hashPassword } from '../../shared/passwords.ts';
import type { User } from './schemas.ts';

export const userService = (db: Database, repository: CrudRepository<User>) =>
  crudService<User>(db, 'user', repository, {
    async prepare(_sql, caller, { password, ...values }) {
      // Nobody hands out what they do not have.
      const granted = Array.isArray(values.permissions) ? (values.permissions as string[]) : [];
      for (const permission of granted) if (!mayCaller(caller, permission)) throw forbidden(permission);
      return typeof password === 'string'
        ? { ...values, password_hash: await hashPassword(password) }
        : values;
    },
    disclose: ({ password, ...values }) =>
      password === undefined ? values : { ...values, password: 'changed' },
  });
