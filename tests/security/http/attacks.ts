/** All attacks over HTTP. */
import type { Attack } from '../attack.ts';
import { framing } from './framing.ts';
import { largeAnswers } from './large.ts';
import { slowServers } from './slow.ts';
import { values } from './values.ts';
import { ways } from './ways.ts';
import type { HttpWorld } from './world.ts';

export const httpAttacks: readonly Attack<HttpWorld>[] = [
  ...ways,
  ...slowServers,
  ...largeAnswers,
  ...framing,
  ...values,
];
