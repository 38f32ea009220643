/** What a template may try on whoever loads it, and what trainees may try through one. */
import { tryAttacks } from '../attack.ts';
import { templateAttacks } from './attacks.ts';
import { templateWorlds } from './world.ts';

tryAttacks('templates', templateAttacks, templateWorlds);
