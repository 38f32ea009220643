import { tryAttacks } from '../attack.ts';
import { startSharedServerWorld } from './server.ts';
import { sharing } from './sharing.ts';

tryAttacks('what labs share', sharing, {
  start: startSharedServerWorld,
  stop: (world) => world.stop(),
});
