/** A check that asks something over HTTP of a server that the trainee wrote, graded by the real grader. */
import type { Socket } from 'node:net';
import pg from 'pg';
import { gradeLab } from '../../../src/grading/grade.ts';
import { createJudge, type Judge } from '../../../src/grading/judge/thread.ts';
import type { CheckResult } from '../../../src/grading/types.ts';
import type { Template } from '../../../src/templates/types.ts';
import { check, grading, httpLook, templateOf } from '../../support/graded-lab.ts';
import { testHandle } from '../../support/handle.ts';
import { type BareServer, bareServer, jsonReply } from '../../support/misbehave.ts';
import { startTestPostgres, type TestPostgres } from '../../support/postgres.ts';
import { type Outcome, outcome, type Worlds } from '../attack.ts';
import { measured } from '../measured.ts';

/** What every check asks for: nothing that the trainee's servers say is the work. */
const done = 'api.status == 200 && api.text.contains("the work is done")';

export interface HttpWorld {
  readonly judge: Judge;
  /** In the place of the control plane: it answers whoever gets to it with what the check wants to see. */
  readonly control: BareServer;
  readonly pool: pg.Pool;
  readonly postgres: TestPostgres;
}

export const httpWorlds: Worlds<HttpWorld> = {
  async start() {
    const control = await bareServer((socket) => socket.end(jsonReply({ said: 'the work is done' })));
    const postgres = await startTestPostgres();
    const pool = new pg.Pool({ connectionString: await postgres.createDatabase(), max: 1 });
    return { judge: createJudge(), control, postgres, pool };
  },
  async stop({ judge, control, pool, postgres }) {
    await judge.close();
    await control.stop();
    await pool.end();
    await postgres.stop();
  },
};

/** Answers as the trainee's server would. */
export type Hostile = (socket: Socket, head: string) => unknown;

export interface Graded {
  readonly verdict: CheckResult['verdict'];
  readonly message: string | null;
  readonly internal: string | null;
  /** Milliseconds after the deadline, less what the machine itself was late by. */
  readonly overMs: number;
  readonly grownMiB: number;
}

export interface Asked {
  readonly that?: string;
  /** More of the look than its path. */
  readonly look?: object;
  readonly path?: string;
  readonly params?: Readonly<Record<string, string>>;
  /** In whose hands the server is. */
  readonly custody?: 'trainee' | 'platform';
  readonly deadlineSeconds?: number;
}

/** Grades one check about a server; the server is stopped afterwards. */
export async function gradeServer(
  { judge }: HttpWorld,
  answer: Hostile,
  asked: Asked,
  signal: AbortSignal,
): Promise<Graded> {
  const server = await bareServer(answer);
  try {
    return await gradeAccess(judge, server.access, asked, signal);
  } finally {
    await server.stop();
  }
}

/** The same about a server that stands already. */
export async function gradeAccess(
  judge: Judge,
  access: BareServer['access'],
  asked: Asked,
  signal: AbortSignal,
): Promise<Graded> {
  const { that = done, look = {}, path = '/', params = {}, custody = 'trainee', deadlineSeconds = 2 } = asked;
  const api = { kind: 'sample-api', uses: [], custody, database: 'database', variant: 'stock' } as const;
  const components: Template['components'] = { api: { ...api, source: null, env: {} } };
  const grading_ = { deadlineSeconds, onDemandEverySeconds: 0 };
  const version = templateOf([check('asked', that, { api: httpLook(path, look) })], {
    components,
    grading: grading_,
  });
  const { input, judge: own } = grading(version, testHandle({ api: access }), { judge, params });
  await own.close();
  const { value, ms, lagMs, grownMiB } = await measured(() => gradeLab(input, signal));
  const [result] = value.results;
  if (result === undefined) throw new Error('nothing was judged');
  const { verdict, message, internal } = result;
  return { verdict, message, internal, overMs: ms - lagMs - deadlineSeconds * 1_000, grownMiB };
}

/** Whether the trainee won: a pass, an error that is not charged, a late grader, or its memory. */
export function wonBy(graded: Graded): Outcome {
  const { verdict, overMs, grownMiB } = graded;
  const won = verdict === 'pass' || verdict === 'error' || overMs > 1_000 || grownMiB > 96;
  return outcome(won, graded);
}
