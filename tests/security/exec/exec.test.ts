import { tryAttacks } from '../attack.ts';
import { startHostileWorld } from '../world.ts';
import { execAttacks } from './attacks.ts';

tryAttacks('programs', execAttacks, {
  start: () => startHostileWorld(),
  stop: (world) => world.stop(),
});
