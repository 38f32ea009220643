import { tryAttacks } from '../attack.ts';
import { startHostileWorld } from '../world.ts';
import { escaping } from './escaping.ts';
import { exhausting } from './exhausting.ts';
import { forging } from './forging.ts';

const worlds = {
  start: () => startHostileWorld(),
  stop: (world: { stop(): Promise<void> }) => world.stop(),
};

tryAttacks('what the check sees', [...forging, ...exhausting, ...escaping], worlds);
