/**
 * Names of what is ours in a trainee's namespace. They all begin alike, and the cluster refuses trainees every name that
 * does: so what is ours cannot be changed or imitated by them, whatever rights they have on its kind.
 */

export const ownPrefix = 'labwright-';

/** In the lab's own namespace: a fault or a trainee that ends the trainee's does not end their rights. */
export const accountName = 'labwright-trainee';

export const ownNames = {
  role: `${ownPrefix}trainee`,
  quota: `${ownPrefix}quota`,
  limits: `${ownPrefix}limits`,
} as const;

export function isOwn(name: string): boolean {
  return name.startsWith(ownPrefix);
}
