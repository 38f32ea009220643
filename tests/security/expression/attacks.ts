/** All attacks on judging. */
import type { Attack } from '../attack.ts';
import { costly } from './costly.ts';
import { injected } from './injected.ts';
import type { JudgeWorld } from './world.ts';

export const expressionAttacks: readonly Attack<JudgeWorld>[] = [...costly, ...injected];
