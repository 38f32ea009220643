/** Many random worlds graded as the checks of one attempt, and what of it may not be. */
import { gradeLab } from '../../../src/grading/grade.ts';
import type { Judge } from '../../../src/grading/judge/thread.ts';
import type { SandboxHandle } from '../../../src/grading/types.ts';
import type { LookSpec, Template } from '../../../src/templates/types.ts';
import { check, grading, templateOf } from '../../support/graded-lab.ts';
import { measured } from '../measured.ts';
import { wanted } from './cases.ts';

const deadlineSeconds = 25;

export interface FuzzCase {
  readonly look: LookSpec;
  readonly that: string;
  /** What somebody needs who looks into a failure. */
  readonly about: unknown;
}

/** So many at a time: enough to fill the time of waiting, few enough for a deadline on a slow machine. */
const atOnce = 250;

/** Cases that did not simply fail, and whether all was over in time: nothing is what should be. */
export async function wrongsOf(
  cases: readonly FuzzCase[],
  judge: Judge,
  sandbox: SandboxHandle,
  components: Template['components'],
): Promise<readonly string[]> {
  const wrongs: string[] = [];
  let seen = 0;
  for (let from = 0; from < cases.length; from += atOnce) {
    const some = cases.slice(from, from + atOnce);
    const graded = await gradeSome(some, judge, sandbox, components);
    wrongs.push(...graded.wrongs);
    seen += graded.seen;
  }
  // Were hardly any of them seen, nothing would have been tried.
  return seen < cases.length / 5 ? [...wrongs, `only ${seen} of ${cases.length} cases were seen`] : wrongs;
}

async function gradeSome(
  cases: readonly FuzzCase[],
  judge: Judge,
  sandbox: SandboxHandle,
  components: Template['components'],
): Promise<{ readonly wrongs: readonly string[]; readonly seen: number }> {
  const checks = cases.map(({ look, that }, nth) => check(`case-${nth}`, that, { x: look }));
  const version = templateOf(checks, { components, grading: { deadlineSeconds, onDemandEverySeconds: 0 } });
  const { input, judge: own } = grading(version, sandbox, { judge, params: { wanted } });
  await own.close();
  const { value, ms, lagMs } = await measured(() => gradeLab(input, AbortSignal.timeout(290_000)));
  const wrongs = value.results.flatMap(({ verdict, internal }, nth) =>
    verdict === 'fail'
      ? []
      : [`${verdict}: ${internal} of ${JSON.stringify(cases[nth]?.about)?.slice(0, 2_000)}`],
  );
  // Each is judged within its half second; looks end with the deadline.
  const late = ms - lagMs > (deadlineSeconds + 1) * 1_000 + cases.length * 50;
  if (late) wrongs.push(`${cases.length} cases took ${Math.round(ms)} ms`);
  return { wrongs, seen: value.results.filter(({ evidence }) => Object.keys(evidence).length > 0).length };
}
