import { unauthorized } from '../../shared/errors.ts';
import { passwordMatches, sameText } from '../../shared/passwords.ts';
import type { Platform } from '../../shared/platform.ts';
import { accountsOf } from './repository.ts';
import type { Login } from './schemas.ts';

interface SignedIn {
  id: string;
  tenantId: string;
  permissions: readonly string[];
}

/** Who these credentials belong to. Throws 401 that does not tell which of the two was wrong. */
export async function signIn(
  { db, bootstrap }: Pick<Platform, 'db' | 'bootstrap'>,
  { email, password }: Login,
): Promise<SignedIn> {
  if (bootstrap !== undefined && email === bootstrap.email) {
    if (sameText(password, bootstrap.password)) return bootstrap;
  } else {
    for (const account of await accountsOf(db, email))
      if (await passwordMatches(password, account.password_hash))
        return { id: account.id, tenantId: account.tenant_id, permissions: account.permissions };
  }
  throw unauthorized('E-mail or password is wrong.');
}
