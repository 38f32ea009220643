/** What attacks are made on: real labs of the process driver, graded by the real grader. */
import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import pg from 'pg';
import { type GradeInput, gradeLab } from '../../src/grading/grade.ts';
import { createJudge, type Judge } from '../../src/grading/judge/thread.ts';
import { bindSandbox } from '../../src/grading/sandbox-handle.ts';
import type { CheckResult, SandboxHandle } from '../../src/grading/types.ts';
import type { ComponentAccess, SandboxPlan } from '../../src/lab/ports.ts';
import type { CheckSpec, TemplateVersion } from '../../src/templates/types.ts';
import { planFor, postgresAccess } from '../contracts/driver-contract-plans.ts';
import { grading, templateOf } from '../support/graded-lab.ts';
import { startTestDriver, type TestDriver } from '../support/process-driver.ts';
import { measured } from './measured.ts';

export type PostgresAccess = Extract<ComponentAccess, { kind: 'postgres' }>;

/** Seconds that a grading may take, unless an attack is only about time. */
const usualDeadline = 3;

export interface Lab {
  readonly plan: SandboxPlan;
  readonly sandbox: SandboxHandle;
}

export interface Graded {
  readonly verdict: CheckResult['verdict'];
  readonly message: string | null;
  readonly internal: string | null;
  /** Milliseconds over the deadline, less what the machine itself was late by. */
  readonly overMs: number;
  readonly grownMiB: number;
  /** Bytes of all evidence. */
  readonly evidence: number;
}

export interface HostileWorld {
  readonly test: TestDriver;
  /** A lab of its own, with all its components up. */
  lab(version: TemplateVersion, signal: AbortSignal): Promise<Lab>;
  /** Grades one check by the deadline, of three seconds where none is given. */
  grade(
    version: TemplateVersion,
    sandbox: SandboxHandle,
    check: CheckSpec,
    signal: AbortSignal,
    more?: Partial<GradeInput> & { readonly deadlineSeconds?: number },
  ): Promise<Graded>;
  stop(): Promise<void>;
}

/** @param server where labs' databases are, with its superuser; without one, the test run's cluster. */
export async function startHostileWorld(
  server?: Parameters<typeof startTestDriver>[0],
): Promise<HostileWorld> {
  const test = await startTestDriver(server);
  const judge: Judge = createJudge();
  return {
    test,
    async lab(version, signal) {
      const plan = planFor(`sb-${randomBytes(5).toString('hex')}`, version);
      for (const name of Object.keys(plan.components)) await test.driver.ensure(plan, name, signal);
      return { plan, sandbox: bindSandbox(test.driver, plan) };
    },
    async grade({ template }, sandbox, check, signal, { deadlineSeconds = usualDeadline, ...more } = {}) {
      const { components } = template;
      const version = templateOf([check], { components, grading: { ...template.grading, deadlineSeconds } });
      const { input, judge: unused } = grading(version, sandbox, { ...more, judge });
      await unused.close();
      const { value, ms, lagMs, grownMiB } = await measured(() => gradeLab(input, signal));
      const [result] = value.results;
      if (result === undefined) throw new Error('nothing was judged');
      return {
        verdict: result.verdict,
        message: result.message,
        internal: result.internal,
        overMs: ms - lagMs - deadlineSeconds * 1_000,
        grownMiB,
        evidence: value.evidence.reduce((sum, piece) => sum + piece.bytes.byteLength, 0),
      };
    },
    async stop() {
      await judge.close();
      // Side by side: one after the other they would take longer than the attacks.
      const atOnce = pLimit(6);
      const made = await test.driver.list(AbortSignal.timeout(60_000));
      await Promise.all(
        made.map(({ sandboxId }) =>
          atOnce(() => test.driver.destroy(sandboxId, AbortSignal.timeout(60_000))),
        ),
      );
      await test.stop();
    },
  };
}

/** Whether a grading let the attacker win: it passed, was not theirs to lose, came late, or took memory. */
export function isWon({ verdict, overMs, grownMiB }: Graded): boolean {
  return verdict === 'pass' || verdict === 'error' || overMs > 1_000 || grownMiB > 64;
}

/** The lab's database, as its trainee: statements one after the other in one session. */
export async function asTrainee(
  { test }: HostileWorld,
  { plan }: Lab,
  ...statements: string[]
): Promise<unknown[]> {
  const { host, port, database, trainee } = postgresAccess(test.driver, plan);
  return inSession({ host, port, database, ...trainee }, statements);
}

/** The lab's database, as the superuser: how a defence is switched off. */
export async function asSuperuser(
  { test }: HostileWorld,
  { plan }: Lab,
  ...statements: string[]
): Promise<unknown[]> {
  const url = new URL(test.labsUrl);
  url.pathname = `/${postgresAccess(test.driver, plan).database}`;
  return inSession({ connectionString: url.href }, statements);
}

/** Rows of the last statement. */
export async function inSession(to: pg.ClientConfig, statements: readonly string[]): Promise<unknown[]> {
  const client = new pg.Client(to);
  client.on('error', () => {});
  try {
    await client.connect();
    let rows: unknown[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end().catch(() => {});
  }
}

/** The sandbox with other facts of its database, such as another role for the checker. */
export function withAccess(
  sandbox: SandboxHandle,
  change: (access: PostgresAccess) => PostgresAccess,
): SandboxHandle {
  return {
    ...sandbox,
    access(name) {
      const access = sandbox.access(name);
      return access.kind === 'postgres' ? change(access) : access;
    },
  };
}
