/** A lab in which everything that is looked at fights back: what grading it costs, and what its neighbours feel of it. */
import { gradeLab } from '../../../src/grading/grade.ts';
import { createJudge } from '../../../src/grading/judge/thread.ts';
import { bindSandbox } from '../../../src/grading/sandbox-handle.ts';
import {
  hostileChecks,
  hostileDeadlineSeconds,
  hostileSandbox,
  makeHostile,
} from '../../security/hostile-lab.ts';
import { measured } from '../../security/measured.ts';
import type { Bench } from '../bench.ts';
import { benchTemplate, firstPlan, openDriver } from '../driver.ts';
import { gradeInput } from '../grade-input.ts';
import type { World } from '../world.ts';

export const hostile: Bench = {
  row: 13,
  name: 'hostile',
  group: 'grading',
  async run(world) {
    const { signal } = world;
    const { neighbour, attacker, close } = await openBoth(world);
    const deadlineMs = hostileDeadlineSeconds * 1_000;
    const series = {
      over: [] as number[],
      grown: [] as number[],
      during: [] as number[],
      quiet: [] as number[],
    };
    // What is loaded once, and the caches of both.
    await Promise.all([attacker(), neighbour()]);
    for (let round = 0; round < world.samples(15, 3); round += 1) {
      signal.throwIfAborted();
      let isOver = false;
      const hostileGrade = measured(attacker).finally(() => {
        isOver = true;
      });
      const during: number[] = [];
      while (!isOver) during.push(await neighbour());
      const { ms, grownMiB } = await hostileGrade;
      series.over.push(Math.max(0, ms - deadlineMs));
      series.grown.push(grownMiB);
      series.during.push(...during);
      // As many in quiet, so that what else the machine does meets both alike.
      for (let n = 0; n < during.length; n += 1) series.quiet.push(await neighbour());
    }
    await close();
    const of = (samples: readonly number[]) => ({ samples, failures: 0 });
    return [
      {
        what: 'verdict after the deadline',
        unit: 'ms',
        ours: of(series.over),
        floor: null,
        target: { kind: 'bound', worst: 1_000 },
        note: `13 checks, each of which would go on for ever, pour without end or be larger than memory; deadline ${hostileDeadlineSeconds} s`,
      },
      {
        what: 'memory of the grader meanwhile',
        unit: 'MiB',
        ours: of(series.grown),
        floor: null,
        target: { kind: 'bound', worst: 64 },
      },
      {
        what: 'grade of a neighbour meanwhile',
        unit: 'ms',
        ours: of(series.during),
        floor: of(series.quiet),
        target: { kind: 'ratio', atMost: 1.5, of: 'p95' },
        note: 'both in one process and on one database server; floor: the same neighbour in quiet, in turns',
      },
    ];
  },
};

/** A neighbour of ten honest checks, and the attacker; each gives the time that one grading takes, in milliseconds. */
async function openBoth(world: World) {
  const { signal } = world;
  const version = await benchTemplate();
  const driver = openDriver(world, 'hostile');
  const plans = [firstPlan('sb-neighbour', version), firstPlan('sb-hostile', hostileSandbox)] as const;
  for (const plan of plans) {
    await driver.prepare(plan.version, signal);
    for (const component of Object.keys(plan.components)) await driver.ensure(plan, component, signal);
  }
  const judge = createJudge();
  world.defer('a judge', () => judge.close());
  const lab = await makeHostile(bindSandbox(driver, plans[1]));
  world.defer('the hostile servers', () => lab.stop());
  const honest = gradeInput(world, { version, sandbox: bindSandbox(driver, plans[0]), judge });
  const attacked = gradeInput(world, { version: hostileChecks, sandbox: lab.sandbox, judge });
  return {
    async neighbour() {
      const start = performance.now();
      const graded = await gradeLab(honest, signal);
      if (graded.points !== graded.maxPoints) throw new Error(JSON.stringify(graded.results));
      return performance.now() - start;
    },
    async attacker() {
      const graded = await gradeLab(attacked, signal);
      const lost = graded.results.filter(({ verdict }) => verdict !== 'fail');
      if (lost.length > 0) throw new Error(JSON.stringify(lost));
    },
    async close() {
      for (const { sandboxId } of plans) await driver.destroy(sandboxId, signal);
      await driver.pruneTemplates([], 0);
    },
  };
}
