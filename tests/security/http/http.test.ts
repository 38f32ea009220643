/** What a server that a trainee wrote may try on a check that asks it something. */
import { tryAttacks } from '../attack.ts';
import { httpAttacks } from './attacks.ts';
import { httpWorlds } from './world.ts';

tryAttacks('HTTP', httpAttacks, httpWorlds);
