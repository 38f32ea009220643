/** Who is who on a lab's own server; made once a template version, with passwords that nobody knows. */
import { randomBytes } from 'node:crypto';
import type { Credentials } from '../../lab/ports.ts';
import type { PostgresComponent } from '../../templates/types.ts';
import type { LabRole, Naming } from '../naming.ts';
import { literal, quote } from './admin.ts';
import { openToRoles } from './lab-roles.ts';
import { ownDatabase, ownRole, replicationRole } from './own-names.ts';
import { scramVerifier } from './scram.ts';
import { closedSchema } from './statement-statistics.ts';

/**
 * Run as superuser. The checker is never a superuser; the grader is one where the trainee is, for it changes what they
 * made.
 *
 * @param standsAlone the template is about the whole server: everybody sees what there is to be seen of it. Else a
 * server is the lab's own only because the backend gives each lab one, and everybody may what they may elsewhere.
 */
export async function createOwnRoles(
  naming: Naming,
  spec: PostgresComponent,
  standsAlone: boolean,
): Promise<string> {
  const role = async (which: LabRole) => ({
    name: ownRole(which),
    verifier: await scramVerifier(randomBytes(24).toString('base64url'), 1),
  });
  const [trainee, checker, api, grader] = await Promise.all([role('t'), role('c'), role('a'), role('g')]);
  const isSuperuser = spec.traineeRole === 'superuser-own-server';
  const names = { trainee: quote(trainee.name), checker: quote(checker.name), grader: quote(grader.name) };
  return `
    ${openToRoles(naming, ownDatabase, spec, { trainee, checker, api, grader }, false)}
    CREATE ROLE ${quote(replicationRole)} LOGIN REPLICATION;
    ${
      standsAlone
        ? `GRANT pg_monitor TO ${names.trainee}, ${names.checker}, ${names.grader};
           GRANT pg_signal_backend, pg_checkpoint TO ${names.grader};`
        : ''
    }
    ${isSuperuser ? `ALTER ROLE ${names.trainee} SUPERUSER; ALTER ROLE ${names.grader} SUPERUSER;` : ''}
    ${
      isSuperuser && spec.statementStats !== null
        ? `ALTER ROLE ${names.trainee} SET search_path = "$user", public, ${closedSchema};`
        : ''
    }`;
}

/** Gives each role that is there its password; a role that a trainee has dropped stays so. */
export async function setPasswords(credentials: readonly Credentials[]): Promise<string> {
  const statements = credentials.map(async ({ user, password }) => {
    // 192 random bits need no stretching.
    const alter = `ALTER ROLE ${quote(user)} PASSWORD ${literal(await scramVerifier(password, 1))}`;
    return `IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal(user)}) THEN ${alter}; END IF;`;
  });
  return `DO $do$ BEGIN ${(await Promise.all(statements)).join('\n')} END $do$;`;
}
