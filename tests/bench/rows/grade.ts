/** Ten checks that need nothing of each other, against the same queries and requests one after the other. */
import pg from 'pg';
import { gradeLab } from '../../../src/grading/grade.ts';
import { createJudge } from '../../../src/grading/judge/thread.ts';
import { bindSandbox } from '../../../src/grading/sandbox-handle.ts';
import type { ComponentAccess } from '../../../src/lab/ports.ts';
import type { TemplateVersion } from '../../../src/templates/types.ts';
import type { Bench } from '../bench.ts';
import { benchTemplate, firstPlan, openDriver } from '../driver.ts';
import { gradeInput } from '../grade-input.ts';
import { createClient } from '../http.ts';
import { interleave } from '../measure.ts';

type Access<Kind> = Extract<ComponentAccess, { kind: Kind }>;

export const grade: Bench = {
  row: 12,
  name: 'grade',
  group: 'grading',
  async run(world) {
    const { signal } = world;
    const version = await benchTemplate();
    const driver = openDriver(world, 'grade');
    const plan = firstPlan('sb-grade', version);
    await driver.prepare(version, signal);
    for (const component of ['database', 'api', 'workspace']) await driver.ensure(plan, component, signal);
    const judge = createJudge();
    world.defer('a judge', () => judge.close());
    const sandbox = bindSandbox(driver, plan);
    const input = gradeInput(world, { version, sandbox, judge });
    const floor = await openFloor(
      version,
      sandbox.access('database') as Access<'postgres'>,
      sandbox.access('api') as Access<'sample-api'>,
    );
    const measured = await interleave(
      {
        async ours() {
          const start = performance.now();
          const graded = await gradeLab(input, signal);
          const took = performance.now() - start;
          if (graded.points !== graded.maxPoints) throw new Error(JSON.stringify(graded.results));
          return took;
        },
        async floor() {
          await floor();
          return undefined;
        },
      },
      { samples: world.samples(60, 15), warmups: 5, signal },
    );
    await driver.destroy(plan.sandboxId, signal);
    await driver.pruneTemplates([], 0);
    return [
      {
        what: 'grade of 10 checks',
        unit: 'ms',
        ...measured,
        target: { kind: 'ratio', atMost: 0.6 },
        note: 'ours with evidence and verdicts; floor: the same 7 queries, each on a connection of its own as the checker, and the same 3 requests, one after the other',
      },
    ];
  },
};

async function openFloor(version: TemplateVersion, database: Access<'postgres'>, api: Access<'sample-api'>) {
  const looks = version.template.checks.flatMap((check) => Object.values(check.observe));
  const anyone = createClient(api.url, null, 1);
  const { email, password } = api.account;
  const login = await anyone.json<{ access_token: string }>('POST', '/api/v1/auth/login', {
    email,
    password,
  });
  const { host, port, checker } = database;
  return async () => {
    for (const { kind, spec } of looks) {
      const { query, path } = spec as { query?: string; path?: string };
      if (kind === 'sql') {
        const client = new pg.Client({ host, port, database: database.database, ...checker });
        await client.connect();
        await client.query(query ?? '');
        await client.end();
      } else {
        const client = createClient(api.url, login.access_token, 1);
        const { status } = await client.send('GET', path ?? '');
        client.close();
        if (status !== 200) throw new Error(`${path}: ${status}`);
      }
    }
  };
}
