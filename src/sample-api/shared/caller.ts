/** Who calls, as an accepted token says. */
export interface Caller {
  userId: string;
  tenantId: string;
  permissions: readonly string[];
  /** Known for the bootstrap user only; for others the database is asked where it matters. */
  email: string | undefined;
  /** Who acts on behalf of the user (`act.sub`). */
  act: string | undefined;
  expiresAt: Date;
}

/** `customer:read` is covered by itself, by `customer:*` and by `*`. */
export function mayCaller(caller: Caller, permission: string): boolean {
  const [resource] = permission.split(':');
  return [permission, `${resource}:*`, '*'].some((granted) => caller.permissions.includes(granted));
}
