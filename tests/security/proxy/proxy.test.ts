import { tryAttacks } from '../attack.ts';
import { proxyAttacks } from './attacks.ts';
import { pagesWorlds } from './world.ts';

tryAttacks('pages of labs', proxyAttacks, pagesWorlds);
