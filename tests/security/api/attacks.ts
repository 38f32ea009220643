/** All attacks on the API. */
import type { Attack } from '../attack.ts';
import { people } from './people.ts';
import { requests } from './requests.ts';
import { tokens } from './tokens.ts';
import type { ApiWorld } from './world.ts';

export const apiAttacks: readonly Attack<ApiWorld>[] = [...people, ...tokens, ...requests];
