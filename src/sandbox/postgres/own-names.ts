/**
 * Names on a lab's own server. They are the same in all labs, so that a copy of a server has nothing to be renamed;
 * only the passwords differ.
 */
import type { Credentials } from '../../lab/ports.ts';
import type { LabRole, ResourceRef } from '../naming.ts';
import type { DeriveSecret } from '../secrets.ts';

export const ownDatabase = 'lab';
/** Of the platform itself, as far as the trainee leaves it that. */
const ownSuperuser = 'postgres';
/** What a replica connects to its primary with. */
export const replicationRole = `${ownDatabase}_r`;

export const ownRole = (role: LabRole): string => `${ownDatabase}_${role}`;

const labRoles: readonly LabRole[] = ['t', 'c', 'a', 'g'];

export function ownCredentials(secrets: DeriveSecret, ref: ResourceRef, role: LabRole): Credentials {
  return { user: ownRole(role), password: secrets(ref, `postgres:${role}`) };
}

export function replicationCredentials(secrets: DeriveSecret, ref: ResourceRef): Credentials {
  return { user: replicationRole, password: secrets(ref, 'postgres:replication') };
}

/** Of the superuser with which the platform looks after the server. */
export function superuserCredentials(secrets: DeriveSecret, ref: ResourceRef): Credentials {
  return { user: ownSuperuser, password: secrets(ref, 'postgres:superuser') };
}

/** Of everybody whose password is the lab's own. */
export function allCredentials(secrets: DeriveSecret, ref: ResourceRef): readonly Credentials[] {
  return [
    ...labRoles.map((role) => ownCredentials(secrets, ref, role)),
    superuserCredentials(secrets, ref),
    replicationCredentials(secrets, ref),
  ];
}
