import type { Sandbox } from '../../lab/lab.ts';
import type { NewSandbox } from '../../lab/ports.ts';
import type { Database, Query } from '../database.ts';
import { type SandboxJson, toSandbox } from '../rows.ts';
import { jsonText } from '../well-formed.ts';

interface Row {
  readonly sandbox: SandboxJson;
}

/** Null when the attempt has another fence or is over. */
export async function startFork(
  db: Database,
  attemptId: string,
  fence: number,
  sandbox: NewSandbox,
): Promise<Sandbox | null> {
  const [row] = await db.query<Row & object>({
    name: 'start_fork',
    text: 'select start_fork as sandbox from start_fork($1, $2, $3)',
    values: [attemptId, fence, jsonText(sandbox)],
  });
  return row === undefined ? null : toSandbox(row.sandbox);
}

/** Null when the operation has another fence or is over. */
export async function startCheckpoint(
  db: Database,
  operationId: string,
  fence: number,
  sandbox: NewSandbox,
): Promise<Sandbox | null> {
  const [row] = await db.query<Row & object>({
    name: 'start_checkpoint',
    text: 'select start_checkpoint as sandbox from start_checkpoint($1, $2, $3)',
    values: [operationId, fence, jsonText(sandbox)],
  });
  return row === undefined ? null : toSandbox(row.sandbox);
}

/**
 * All of an attempt may be destroyed from now on. The attempt's row is locked already: one that is being recorded is
 * seen here or refused there.
 */
export async function condemnForks(query: Query, attemptId: string): Promise<void> {
  await query({
    name: 'condemn_forks',
    text: 'select condemn_owned($1, null)',
    values: [`attempt:${attemptId}`],
  });
}

/** Only what has an owner: a lab's sandbox and a spare stay as they are. */
export async function endFork(db: Database, sandboxId: string): Promise<void> {
  await db.query({
    name: 'end_fork',
    text: `
      update sandboxes set state = 'dead', version = version + 1, due_at = clock_ms()
      where id = $1 and owner is not null and state in ('building', 'up')`,
    values: [sandboxId],
  });
}
