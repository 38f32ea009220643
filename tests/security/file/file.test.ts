import { tryAttacks } from '../attack.ts';
import { startHostileWorld } from '../world.ts';
import { fileAttacks } from './attacks.ts';

tryAttacks('files', fileAttacks, {
  start: () => startHostileWorld(),
  stop: (world) => world.stop(),
});
