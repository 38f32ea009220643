/** Experiments, samples and faults that nothing comes of, or that cannot come to an end in time. */
import type { Path } from './problem.ts';
import type { Scene } from './scene.ts';
import { textsIn } from './tree.ts';

type AuthoredTrial = NonNullable<Scene['authored']['trials']>[number];

/** So many run side by side. */
const trialsAtOnce = 3;

export function lintTrials(scene: Scene): void {
  const warn = (path: Path, message: string) => scene.report(path, 'style', message, { severity: 'warning' });
  const { trials = [], checks = [], grading } = scene.authored;
  for (const [index, trial] of trials.entries()) {
    const path = ['trials', index];
    const readers = checks.filter((check) => check.trial === trial.id);
    if (readers.length === 0) warn([...path, 'id'], `no check names the trial "${trial.id}"`);
    if (trial.on === 'live' && trial.undo.length === 0) {
      warn([...path, 'on'], `the live trial "${trial.id}" has no "undo": what it does stays in the lab`);
    }
    lintWaits(trial, path, warn, trial.deadline ?? grading?.deadline);
    if (readers.length > 0) lintObserved(scene, trial, path, warn);
  }
  if (grading !== undefined && trials.length > 0) {
    const least = leastSeconds(trials);
    if (least > grading.deadline) {
      const message = `the trials may take ${least}s together, grading.deadline is ${grading.deadline}s`;
      warn(['grading', 'deadline'], message);
    }
  }
  lintEvents(scene, warn);
}

/** What the deadlines that are named come to: forks side by side, those on the live lab alone. */
function leastSeconds(trials: readonly AuthoredTrial[]): number {
  const timesOf = (live: boolean) =>
    trials.filter(({ on }) => (on === 'live') === live).map(({ deadline = 0 }) => deadline);
  const sum = (times: readonly number[]) => times.reduce((total, time) => total + time, 0);
  const forks = timesOf(false);
  return Math.ceil(Math.max(0, ...forks, sum(forks) / trialsAtOnce) + sum(timesOf(true)));
}

type Warn = (path: Path, message: string) => void;

function lintWaits({ steps }: AuthoredTrial, path: Path, warn: Warn, deadline: number | undefined): void {
  if (deadline === undefined) return;
  let waited = 0;
  for (const [index, one] of steps.entries()) {
    if (one.do !== 'act' || one.step.kind !== 'wait') continue;
    waited += longestMs(one.step.spec.for) / 1_000;
    if (waited <= deadline) continue;
    const message = `with this wait ${waited}s are waited, the trial's deadline is ${deadline}s`;
    warn([...path, 'steps', index], message);
    return;
  }
}

/** A time in milliseconds, or the longer end of a range that one is drawn from. */
function longestMs(time: unknown): number {
  if (typeof time === 'number') return time;
  const to = typeof time === 'object' && time !== null && 'to' in time ? time.to : 0;
  return typeof to === 'number' ? to : 0;
}

function lintObserved(scene: Scene, trial: AuthoredTrial, path: Path, warn: Warn): void {
  const judged = (scene.authored.checks ?? []).filter((check) => check.trial === trial.id);
  const text = JSON.stringify(judged.map((check) => check.expect));
  const later = [...textsIn(scene.declared, [])].map((one) => one.text).join('\n');
  for (const [index, one] of trial.steps.entries()) {
    if (one.do !== 'observe') continue;
    for (const name of Object.keys(one.observe)) {
      if (new RegExp(`(?<![\\w.])${name}(?!\\w)`).test(text)) continue;
      if (new RegExp(`\\bobserved\\.${name}\\b`).test(later)) continue;
      warn([...path, 'steps', index, 'observe', name], `no check uses what the trial observes as "${name}"`);
    }
  }
}

function lintEvents(scene: Scene, warn: Warn): void {
  const texts = [...textsIn(scene.declared)];
  const named = (id: string, section: string, index: number) =>
    texts.some(
      ({ path, text }) =>
        text === id && !(path[0] === section && path[1] === index && path[2] === 'id' && path.length === 3),
    );
  for (const [index, { id }] of (scene.authored.watches ?? []).entries()) {
    if (!named(id, 'watches', index)) warn(['watches', index, 'id'], `nothing reads the watch "${id}"`);
  }
  const everything = texts.map(({ text }) => text).join('\n');
  for (const [index, { id }] of (scene.authored.faults ?? []).entries()) {
    const read = new RegExp(`\\bevents(\\.${id}\\b|\\[['"]${id}['"]\\])`).test(everything);
    if (!read && !named(id, 'faults', index))
      warn(['faults', index, 'id'], `nothing reads the fault "${id}"`);
  }
}
