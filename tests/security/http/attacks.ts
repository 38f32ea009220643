/** All attacks over HTTP. */
import type { Attack } from '../attack.ts';
import { ways } from './ways.ts';
import type { HttpWorld } from './world.ts';

export const httpAttacks: readonly Attack<HttpWorld>[] = [...ways];
