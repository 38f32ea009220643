/**
 * Which database a look reads: that of a postgres component, with the checker's own role; or one that runs in a
 * namespace, with what the template knows of it. The latter is the trainee's own, and what it says is their word.
 */
import { z } from 'zod';
import type { Filler } from '../grading/types.ts';
import type { ServicePlace } from '../lab/ports.ts';
import { doorOf, type Place, serviceShape } from './service-place.ts';

const filled = z.string().min(1).max(1_000).optional();

/** Keys of every look that may read a database in a namespace. */
export const databaseShape = {
  ...serviceShape,
  database: filled.describe('In a namespace: the name of the database …'),
  user: filled.describe('… who logs in …'),
  password: filled.describe('… and how.'),
};

interface Named {
  readonly service?: unknown;
  readonly port?: unknown;
  readonly database?: unknown;
  readonly user?: unknown;
  readonly password?: unknown;
}

/** For `refine`: a Service comes with its database and a login, and none of them without it. */
export function namesDatabase({ service, port, database, user, password }: Named): boolean {
  const login = [database, user, password];
  if (service === undefined) return [port, ...login].every((one) => one === undefined);
  return login.every((one) => one !== undefined);
}

export const wholeDatabase =
  'a database in a namespace is named by service, database, user and password together';

export interface DatabasePlace extends Place {
  readonly database?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** A database in a namespace. */
export interface OwnDatabase {
  readonly door: ServicePlace;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** Null: the component is the database. @throws LookFailure; FillError */
export function databaseOf(asked: DatabasePlace, fill: Filler): OwnDatabase | null {
  const { at } = doorOf(asked, fill);
  if (at === null) return null;
  const text = (raw: string | undefined) => fill.text(raw ?? '');
  return { door: at, database: text(asked.database), user: text(asked.user), password: text(asked.password) };
}
