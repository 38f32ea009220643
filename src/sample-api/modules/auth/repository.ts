import type { Sql } from '../../shared/database.ts';

interface Account {
  id: string;
  tenant_id: string;
  permissions: string[];
  password_hash: string;
}

/** Accounts with a password and this e-mail; two tenants may each have one. */
export function accountsOf(sql: Sql, email: string): Promise<Account[]> {
  return sql.query<Account>(
    `select id, tenant_id, permissions, password_hash from users
      where email = $1 and status = 'active' and password_hash is not null order by created_at, id limit 10`,
    [email],
  );
}

export async function emailOf(sql: Sql, userId: string): Promise<string | null> {
  const [row] = await sql.query<{ email: string }>('select email from users where id = $1', [userId]);
  return row?.email ?? null;
}
