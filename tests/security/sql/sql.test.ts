import { tryAttacks } from '../attack.ts';
import { startHostileWorld } from '../world.ts';
import { sqlAttacks } from './attacks.ts';

tryAttacks('databases', sqlAttacks, {
  start: () => startHostileWorld(),
  stop: (world) => world.stop(),
});
