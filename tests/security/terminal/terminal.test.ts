/** What somebody may try with the ways into labs: terminals, tunnels, and the server that holds them. */
import { tryAttacks } from '../attack.ts';
import { terminalAttacks } from './attacks.ts';
import { wayWorlds } from './world.ts';

tryAttacks('ways into labs', terminalAttacks, wayWorlds);
