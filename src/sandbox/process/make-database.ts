/** Making a lab's database: a clone of its template database or of another lab's database, with roles of its own. */
import pLimit from 'p-limit';
import { LabError } from '../../lab/errors.ts';
import type { Credentials } from '../../lab/ports.ts';
import type { PostgresComponent } from '../../templates/types.ts';
import type { LabRole, Naming, ResourceRef } from '../naming.ts';
import type { Piece } from '../part.ts';
import { type Admin, sqlState } from '../postgres/admin.ts';
import { openToRoles } from '../postgres/lab-roles.ts';
import { scramVerifier } from '../postgres/scram.ts';
import { createCloning } from './clone.ts';
import { handOver } from './hand-over.ts';
import type { FoundDatabase } from './lab-database.ts';
import type { TemplateDatabases } from './template-database.ts';

/** Makes one that is not there, and opens it; see `LabDatabases.ensure`. */
export function createMaker(
  admin: Admin,
  naming: Naming,
  templates: TemplateDatabases,
  credentials: (ref: ResourceRef, role: LabRole) => Credentials,
  find: (sandboxId: string) => Promise<readonly FoundDatabase[]>,
): (piece: Piece<PostgresComponent>, signal: AbortSignal) => Promise<void> {
  // The server does much of it one at a time: with two to four at once all finish soonest (measured, either strategy).
  const atOnce = pLimit(3);
  const cloning = createCloning(admin);

  async function cloneTemplate({ ref, plan, spec }: Piece<PostgresComponent>, signal: AbortSignal) {
    const template = templates.nameOf(plan.version, spec);
    for (let attempt = 1; ; attempt += 1) {
      await templates.prepare(plan.version, signal);
      signal.throwIfAborted();
      try {
        await cloning.fromTemplate(naming.database(ref), template);
        templates.used(template);
        return;
      } catch (thrown) {
        if (sqlState(thrown) === '42P04') return;
        // Someone dropped the template database behind us.
        if (sqlState(thrown) !== '3D000' || attempt === 2) throw thrown;
        templates.forget(template);
      }
    }
  }

  async function cloneOrigin(ref: ResourceRef, origin: ResourceRef): Promise<void> {
    try {
      await cloning.fromLive(naming.database(ref), naming.database(origin));
    } catch (thrown) {
      if (sqlState(thrown) === '3D000') throw nothingToClone(ref.component, thrown);
      if (sqlState(thrown) !== '55006') throw thrown;
      // After five seconds: somebody who cannot be ended.
      const message = `Component "${ref.component}" is in use and could not be cloned.`;
      throw new LabError('start_failed', message, { cause: thrown });
    }
  }

  /** What a first generation is cloned from; null: the template. */
  async function originOf({ plan, ref }: Piece<PostgresComponent>) {
    const planned = ref.generation === 1 ? plan.origin?.components[ref.component] : undefined;
    if (plan.origin === null || planned === undefined) return null;
    const { sandboxId } = plan.origin;
    const origin: ResourceRef = { sandboxId, component: ref.component, generation: planned.generation };
    const found = (await find(sandboxId)).find(({ name }) => name === naming.database(origin));
    if (found?.whole !== true) throw nothingToClone(ref.component);
    return { ref: origin, overlaid: found.overlaid };
  }

  return async (piece, signal) => {
    const { ref, spec } = piece;
    const name = naming.database(ref);
    const origin = await originOf(piece);
    const role = async (which: LabRole) => {
      const { user, password } = credentials(ref, which);
      // Only the trainee comes with tools of their own.
      return { name: user, verifier: await scramVerifier(password, which === 't' ? 4096 : 1) };
    };
    const [trainee, checker, api, grader] = await Promise.all([
      role('t'),
      role('c'),
      role('a'),
      role('g'),
      atOnce(async () => {
        signal.throwIfAborted();
        await (origin === null ? cloneTemplate(piece, signal) : cloneOrigin(ref, origin.ref));
      }),
    ]);
    const roles = { trainee, checker, api, grader };
    const open = openToRoles(naming, name, spec, roles, origin?.overlaid === true);
    if (origin === null) return void (await admin.query(open));
    const ownership = handOver(
      (which) => naming.role(origin.ref, which),
      (which) => naming.role(ref, which),
    );
    await admin.connected(name, (client) => client.query(`${open}\n${ownership}`));
  };
}

function nothingToClone(component: string, cause?: unknown): LabError {
  const message = `Component "${component}" has nothing that it could be cloned from.`;
  return new LabError('start_failed', message, { cause });
}
