/** A template in which everything happens that a lab can do by itself: trials, a watch, faults, a checkpoint, a skip. */
import type { FaultSpec, StepSpec, TemplateVersion, TrialSpec } from '../../src/templates/types.ts';
import { versionWith } from '../support/versions.ts';

function step(id: string): StepSpec {
  return { id, kind: 'simulated', spec: { id }, save: { [id]: 'id' }, allowIdle: null };
}

function trial(id: string, components: readonly string[]): TrialSpec {
  const fork = { components, env: {} };
  return { id, fork, beside: null, draws: {}, deadlineSeconds: 60, steps: [], undo: [] };
}

const faults: readonly FaultSpec[] = [
  {
    id: 'timed',
    when: { on: 'time', afterSeconds: 12 },
    say: null,
    steps: [step('a'), step('b'), step('c')],
  },
  {
    id: 'pressed',
    when: { on: 'press', button: 'go', after: null, atLatestSeconds: null },
    say: null,
    steps: [step('d'), step('e')],
  },
  { id: 'chained', when: { on: 'fault', id: 'timed', atLatestSeconds: null }, say: null, steps: [step('f')] },
  { id: 'checked', when: { on: 'check', id: 'works', atLatestSeconds: 200 }, say: null, steps: [step('g')] },
];

export const watchEverySeconds = 10;

export function livelyVersion(id: string, hash: string): TemplateVersion {
  const { template, files } = versionWith(id, hash);
  const solved = [step('x'), step('y')];
  return {
    hash,
    files,
    template: {
      ...template,
      tasks: [
        {
          id: 'task',
          title: 'task',
          text: null,
          checks: ['works'],
          opens: null,
          checkpoint: true,
          skip: { solution: 'solved', steps: ['x', 'y'], penalty: 1 },
        },
      ],
      trials: [trial('one', ['api']), trial('two', ['database', 'workspace'])],
      watches: [
        { id: 'up', everySeconds: watchEverySeconds, look: { kind: 'simulated', spec: {} }, good: 'it' },
      ],
      faults,
      solutions: { solved },
    },
  };
}
