import { tryAttacks } from '../attack.ts';
import { sharing } from './attacks.ts';
import { startSharedServerWorld } from './server.ts';

tryAttacks('what labs share', sharing, {
  start: startSharedServerWorld,
  stop: (world) => world.stop(),
});
