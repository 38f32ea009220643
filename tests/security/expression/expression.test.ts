/** What a trainee's data may try on the expressions that judge it. */
import { tryAttacks } from '../attack.ts';
import { expressionAttacks } from './attacks.ts';
import { judgeWorlds } from './world.ts';

tryAttacks('expressions', expressionAttacks, judgeWorlds);
