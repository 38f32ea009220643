/** The reference of the template language as Markdown: made from what the product itself reads templates with. */
import type { ActionKind, ObserverKind, ValueType } from '../grading/types.ts';
import type { Language } from '../templates/language.ts';
import type { StepSpec } from '../templates/types.ts';
import { about } from './about.ts';
import { type Example, examplesOf, mergedExamples } from './examples.ts';
import { type Field, fieldsOf, nodeAt } from './fields.ts';
import type { Tour } from './tour.ts';

export interface ReferenceParts {
  readonly language: Language;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly actions: ReadonlyMap<string, ActionKind>;
  /** Templates that use every kind between them. */
  readonly tours: readonly Tour[];
}

/** Throws when a kind has no example in the tours, or nothing is said about it. */
export function renderReference({ language, observers, actions, tours }: ReferenceParts): string {
  const schema = language.jsonSchema();
  const examples = mergedExamples(tours.map(({ text }) => examplesOf(text)));
  const fields = (...path: string[]) => fieldsOf(schema, nodeAt(schema, path) ?? missing(path.join('.')));
  const kindsOfComponents = fields('properties', 'components', 'additionalProperties').map(
    ({ name }) => name,
  );
  const page = (
    kind: string,
    said: Readonly<Record<string, string>>,
    shown: readonly Example[] | undefined,
    rows: readonly Field[],
    result: ValueType | null,
  ) => [
    `### ${kind}`,
    '',
    said[kind] ?? missing(`a word about ${kind}`),
    '',
    '```yaml',
    ...(shown ?? missing(`an example of ${kind}`)).map(({ yaml }) => yaml),
    '```',
    '',
    ...table(rows),
    ...(result === null ? [] : ['', `Gives ${typeText(result)}.`]),
    '',
  ];
  const templates = tours.map(({ template }) => template);
  const looks = Object.assign({}, ...templates.map(({ observations }) => observations).reverse());
  const lookSpec = (name: string | null) => looks[name ?? '']?.spec ?? missing(`the look ${name}`);
  const stepSpecs = new Map(templates.flatMap(stepsOf).map(({ kind, spec }) => [kind, spec]));
  const steps = ['properties', 'trials', 'items', 'properties', 'undo', 'items', 'properties'];
  return [
    '<!-- Made by `labwright template reference`; a test compares. -->',
    '# The template language',
    '',
    'A lab is a folder with a `lab.yaml`. Everything that may stand in it is below; the examples are quoted from',
    '[`tour/lab.yaml`](tour/lab.yaml), which a test runs, and, for what only a cluster has, from',
    '[`cluster/lab.yaml`](cluster/lab.yaml). Durations are written `500ms`, `30s`, `5m`, `2h`.',
    '',
    '## lab.yaml',
    '',
    ...table(fieldsOf(schema, schema)),
    '',
    '## Components',
    '',
    ...kindsOfComponents.flatMap((kind) =>
      page(
        kind,
        about.components,
        examples.components.get(kind),
        fields('properties', 'components', 'additionalProperties', 'properties', kind),
        null,
      ),
    ),
    '## Looks',
    '',
    'In `observations`, in `observe` of a check, of a trial and of `wait`, in `watches`.',
    '',
    ...[...observers.values()].flatMap((observer) => {
      const shown = examples.looks.get(observer.kind);
      const spec = lookSpec(shown?.[0]?.name ?? null);
      return page(
        observer.kind,
        about.looks,
        shown,
        fields('properties', 'observations', 'additionalProperties', 'properties', observer.kind),
        observer.resultType(spec),
      );
    }),
    '## Steps',
    '',
    'In `solutions`, `wrong`, `trials`, `faults`. Each may have `id`, `save` and `allowIdle` beside its kind.',
    '',
    ...[...actions.values()].flatMap((action) =>
      page(
        action.kind,
        about.steps,
        examples.steps.get(action.kind),
        fields(...steps, action.kind),
        action.resultType(stepSpecs.get(action.kind) ?? missing(`the step ${action.kind}`)),
      ),
    ),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

function stepsOf({ solutions, faults, trials }: Tour['template']): readonly StepSpec[] {
  return [
    ...Object.values(solutions).flat(),
    ...faults.flatMap(({ steps }) => steps),
    ...trials.flatMap(({ steps }) => steps.flatMap((one) => (one.do === 'act' ? [one.step] : []))),
  ];
}

function table(fields: readonly Field[]): readonly string[] {
  if (fields.length === 0) return ['Has no fields of its own.'];
  return [
    '| field | is | default | about |',
    '|---|---|---|---|',
    ...fields.map(({ name, type, required, byDefault, description }) => {
      const cells = [`\`${name}\``, type, required ? 'required' : code(byDefault), inCell(description)];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
}

const code = (text: string | null) => (text === null ? '' : `\`${inCell(text)}\``);
const inCell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function typeText(type: ValueType): string {
  if (type.is === 'list') return `a list of ${typeText(type.of)}`;
  if (type.is === 'map') return `a map to ${typeText(type.of)}`;
  if (type.is === 'dyn') return 'any value';
  if (type.is !== 'object') return type.is;
  const fields = Object.entries(type.fields);
  if (fields.length === 0) return 'nothing';
  return `{ ${fields.map(([name, field]) => `\`${name}\`: ${typeText(field)}`).join(', ')} }`;
}

function missing(what: string): never {
  throw new Error(`the reference lacks ${what}`);
}
