/** A template in which everything happens that a lab can do by itself: trials, a watch, faults, a checkpoint, a skip. */
import type {
  CheckSpec,
  FaultSpec,
  StepSpec,
  TemplateVersion,
  TrialSpec,
} from '../../src/templates/types.ts';
import { versionWith } from '../support/versions.ts';

function step(id: string): StepSpec {
  return { id, kind: 'simulated', spec: { id }, save: { [id]: 'id' }, allowIdle: null };
}

const look = { kind: 'simulated', spec: {} };

/** On a fork of these, or on the lab itself, which is disturbed meanwhile. */
function trial(id: string, components: readonly string[] | null): TrialSpec {
  const steps = [
    { do: 'act', step: step(components === null ? 'disturb' : 'try') },
    { do: 'observe', observe: { [id]: look } },
  ] as const;
  const common = { id, beside: null, draws: {}, deadlineSeconds: 60, steps };
  return components === null
    ? { ...common, fork: null, undo: [step('undisturb')] }
    : { ...common, fork: { components, env: {} }, undo: [] };
}

function check(id: string, trialId: string): CheckSpec {
  return {
    ...{ id, title: id, points: 1, trial: trialId, observe: { seen: look } },
    expect: [{ that: 'works', points: 1, else: 'It does not work.', partial: [] }],
    ...{ require: null, rubric: null, needs: [], withinSeconds: null, sticky: false, visible: 'always' },
    ...{ guard: false, passesAtStart: null, hints: [] },
  };
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
      keep: [{ kind: 'answers' }],
      tasks: [
        {
          id: 'task',
          title: 'task',
          text: null,
          checks: ['works', 'goes', 'stays'],
          opens: null,
          checkpoint: true,
          skip: { solution: 'solved', steps: ['x', 'y'], penalty: 1 },
        },
      ],
      checks: [check('works', 'one'), check('goes', 'two'), check('stays', 'three')],
      trials: [trial('one', ['api']), trial('two', ['database', 'workspace']), trial('three', null)],
      watches: [{ id: 'up', everySeconds: watchEverySeconds, look, good: 'it' }],
      faults,
      solutions: { solved },
    },
  };
}
