/** A single look, as a check that expects nothing of it: so it is taken exactly as when it is judged. Pure. */
import type { CheckSpec, Template } from '../templates/types.ts';

export type Peek =
  | {
      readonly check: CheckSpec;
      /** What the look is called in it. */
      readonly name: string;
    }
  | { readonly known: readonly string[] };

/** @param word `name`, or `<check>.name` where several checks have a look of that name. */
export function peekOf(template: Template, word: string): Peek {
  const { observations, checks, trials } = template;
  const shared = Object.entries(observations).map(([name, look]) => ({
    as: [name],
    name,
    look,
    trial: null,
  }));
  const own = checks.flatMap(({ id, observe }) =>
    Object.entries(observe).map(([name, look]) => ({ as: [`${id}.${name}`, name], name, look, trial: null })),
  );
  const tried = trials.flatMap(({ id, steps }) =>
    steps
      .flatMap((step) => (step.do === 'observe' ? Object.keys(step.observe) : []))
      .map((name) => ({ as: [`${id}.${name}`, name], name, look: null, trial: id })),
  );
  const all = [...shared, ...own, ...tried];
  const found = all.find(({ as }) => as.includes(word));
  if (found === undefined) return { known: [...new Set(all.flatMap(({ as }) => as))] };
  const { name, look, trial } = found;
  const base = { partial: [], points: 0, else: '' };
  return {
    name,
    check: {
      id: 'look',
      title: word,
      points: 0,
      trial,
      observe: look === null ? {} : { [name]: look },
      // Of a trial only what is named is kept.
      expect: trial === null ? [] : [{ ...base, that: `true || ${name} == ${name}` }],
      require: null,
      rubric: null,
      needs: [],
      withinSeconds: null,
      sticky: false,
      visible: 'always',
      guard: false,
      passesAtStart: null,
      hints: [],
    },
  };
}
