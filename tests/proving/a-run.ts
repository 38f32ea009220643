import type { RunFacts } from '../../src/proving/facts.ts';
import type { Cell } from '../../src/proving/types.ts';
import type { StepSpec, Template } from '../../src/templates/types.ts';
import { check, templateOf } from '../support/graded-lab.ts';

/** `pass`, `fail`, `error`, `blocked`; `blocked/fail`: what it would be by itself. Points: 10 for a pass. */
function cells(given: Readonly<Record<string, string>>): readonly Cell[] {
  return Object.entries(given).map(([id, text]) => {
    const [verdict, own = verdict] = text.split('/') as [Cell['verdict'], Cell['verdict']?];
    return { check: id, verdict, own, points: verdict === 'pass' ? 10 : 0, message: null };
  });
}

export function aRun(given: Partial<RunFacts>, found: Readonly<Record<string, string>> = {}): RunFacts {
  return {
    name: given.of ?? 'right',
    kind: 'solution',
    of: 'right',
    otherValues: false,
    dropped: null,
    like: null,
    cells: cells(found),
    undone: [],
    found: [],
    seconds: 1,
    ...given,
  };
}

export const step = (id: string, more: Partial<StepSpec> = {}): StepSpec => ({
  id,
  kind: 'sql',
  spec: {},
  save: {},
  allowIdle: null,
  ...more,
});

/** Two checks, `a` and `b`, which needs `a`; one solution `right` of two steps; one wrong way that fells `b`. */
export function aTemplate(more: Partial<Template> = {}): Template {
  return templateOf([check('a', 'true', {}), check('b', 'true', {}, { needs: ['a'] })], {
    solutions: { right: [step('one'), step('two')] },
    wrong: [
      { id: 'wrong-b', from: 'right', steps: [step('one')], fails: { b: { verdict: 'fail', points: null } } },
    ],
    ...more,
  }).template;
}
