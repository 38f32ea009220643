import { tryAttacks } from '../attack.ts';
import { startHostileWorld } from '../world.ts';
import { forging } from './forging.ts';

const worlds = { start: startHostileWorld, stop: (world: { stop(): Promise<void> }) => world.stop() };

tryAttacks('what the check sees', forging, worlds);
