/** All attacks through the database of a lab; those in `sharing.ts` need servers of their own. */
import type { Attack } from '../attack.ts';
import type { HostileWorld } from '../world.ts';
import { escaping } from './escaping.ts';
import { exhausting } from './exhausting.ts';
import { forging } from './forging.ts';

export { sharing } from './sharing.ts';

export const sqlAttacks: readonly Attack<HostileWorld>[] = [...forging, ...exhausting, ...escaping];
