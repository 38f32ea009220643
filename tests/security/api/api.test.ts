/** What somebody with a token, or without one, may try on the API. */
import { tryAttacks } from '../attack.ts';
import { apiAttacks } from './attacks.ts';
import { apiWorlds } from './world.ts';

tryAttacks('the API', apiAttacks, apiWorlds);
