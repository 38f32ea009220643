import type { Lab } from '../../lab/lab.ts';
import type { NewLab } from '../../lab/ports.ts';
import type { Database } from '../database.ts';
import { idempotencyConflict, quotaGlobal, quotaTrainee } from '../refusals.ts';
import { type LabJson, toLab } from '../rows.ts';
import { jsonText } from '../well-formed.ts';

interface Row {
  readonly outcome: 'created' | 'known' | 'conflict' | 'quota_trainee' | 'quota_global' | 'crowded';
  readonly lab: LabJson | null;
  readonly now: Date;
  readonly used: number;
}

/** One round trip, two near the global quota (see `create_lab` in the migrations). */
export async function createLab(
  db: Database,
  input: NewLab,
): Promise<{ readonly lab: Lab; readonly created: boolean; readonly now: Date }> {
  const row = await ask(db, input);
  if (row.lab !== null) return { lab: toLab(row.lab), created: row.outcome === 'created', now: row.now };
  if (row.outcome === 'conflict') throw idempotencyConflict(input.idempotency?.key ?? '');
  if (row.outcome === 'quota_trainee') throw quotaTrainee(input.trainee, input.quota.perTrainee, row.used);
  throw quotaGlobal(input.quota.global, row.used);
}

async function ask(db: Database, input: NewLab): Promise<Row> {
  for (const exact of [false, true]) {
    const [row] = await db.query<Row & object>({
      name: 'create_lab',
      text: 'select outcome, lab, now, used from create_lab($1, $2)',
      values: [jsonText(input), exact],
    });
    if (row !== undefined && row.outcome !== 'crowded') return row;
  }
  throw new Error('create_lab gave no answer');
}
