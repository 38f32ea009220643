/** YAML that is more than it looks like. */
import { parse as parseAnyhow, parseDocument } from 'yaml';
import { expandsBeyond } from '../../../src/templates/expansion.ts';
import { readYaml } from '../../../src/templates/yaml-document.ts';
import { bytes } from '../../templates/support.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { load, type TemplateWorld } from './world.ts';

const tenfold = (n: number) => `l${n + 1}: &l${n + 1} [${`*l${n}, `.repeat(9)}*l${n}]`;
const laughs = `l0: &l0 [lol]\n${Array.from({ length: 8 }, (_, n) => tenfold(n)).join('\n')}`;
const copies = `a: &a "${'x'.repeat(1_000_000)}"\nb: [${'*a, '.repeat(90)}1]`;
const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
const mebi = 1024 * 1024;

/** What `readYaml` makes of it within a second and without taking it. */
function read(text: string) {
  const start = performance.now();
  const { readable, problems } = readYaml(bytes(text), 'lab.yaml');
  const ms = performance.now() - start;
  return outcome(readable || ms > 2_000, { ms, problems });
}

function bomb(name: string, text: string, defence: string): Attack<TemplateWorld> {
  return attack<TemplateWorld>({
    family: 'template',
    name,
    defence,
    off: 'the parser without a count of aliases',
    run: async () => read(text),
    control: async () => {
      const value: unknown = parseDocument(text).toJS({ maxAliasCount: -1 });
      return outcome(expandsBeyond(value, 50 * mebi), 'whether it becomes more than 50 MiB');
    },
  });
}

export const yaml: readonly Attack<TemplateWorld>[] = [
  bomb('a billion laughs', laughs, 'aliases are counted'),
  bomb('few aliases to a long text', copies, 'what aliases become together is counted'),
  attack<TemplateWorld>({
    family: 'template',
    name: 'lists in lists in lists',
    defence: 'depth is found before the parser goes into it',
    off: 'the parser alone',
    run: async () => read(deep),
    control: async () => {
      const { errors } = parseDocument(deep, { prettyErrors: false });
      return outcome(/call stack/.test(String(errors[0])), String(errors[0]));
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a key written twice, the second time with more points',
    defence: 'keys are unique',
    off: 'the parser with unique keys switched off',
    run: async () => {
      const { template, errors } = await load(['points: 20', 'points: 20\n    points: 2000']);
      return outcome(template !== null, errors);
    },
    control: async () => {
      const { points } = parseAnyhow('points: 20\npoints: 2000', { uniqueKeys: false });
      return outcome(points === 2_000, points);
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a merge key that brings in what nobody reads there',
    defence: 'the core schema of YAML 1.2, which has no merge keys, and no unknown keys',
    off: 'the parser with merge keys switched on',
    run: async () => {
      const merged = 'hints: &h [{ text: x, penalty: 0, <<: { text: y } }]';
      const { template, errors } = await load([
        'hints: [{ text: Which',
        `${merged}\n    x-hints: [{ text: Which`,
      ]);
      return outcome(template !== null, errors);
    },
    control: async () => {
      const { check } = parseAnyhow('a: &a { guard: true }\ncheck: { points: 1, <<: *a }', { merge: true });
      return outcome(check.guard === true, check);
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a tag that runs what it stands before',
    defence: 'tags other than those of the core schema are errors',
    off: 'a parser that knows such a tag',
    run: async () => {
      const { template, errors } = await load(['minutes: 30', 'minutes: !!js/eval "30"']);
      return outcome(template !== null, errors);
    },
    control: async () => {
      const tag = { tag: 'tag:yaml.org,2002:js/eval', resolve: (text: string) => text.length * 15 };
      const { minutes } = parseAnyhow('minutes: !!js/eval "30"', { customTags: [tag] });
      return outcome(minutes === 30, minutes);
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a prototype among the parameters',
    defence: '__proto__ is refused as a key, wherever it stands',
    off: 'the parsed map copied key by key',
    run: async () => {
      const { template, errors } = await load([
        'parameters: ',
        'parameters:\n  __proto__: { fixed: 1 }\nx: ',
      ]);
      const refused = errors.some((line) => line.includes('"__proto__" is not allowed'));
      return outcome(template !== null || !refused, errors);
    },
    control: async () => {
      const planted = parseAnyhow('__proto__: { redact: false, fixed: 1 }');
      const copy: Record<string, unknown> = {};
      for (const key of Object.keys(planted)) copy[key] = planted[key];
      return outcome(copy.fixed === 1, Object.keys(copy));
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'words that are another type in another YAML',
    defence: 'the core schema and a type for each field, and what does not fit is named',
    off: 'the parser of YAML 1.1',
    run: async () => {
      const tried = await Promise.all(
        [
          ['title: Bill them', 'title: no'],
          ['minutes: 30', 'minutes: 0o36'],
          ['minutes: 30', 'minutes: 1:30'],
          ['id: by', 'id: 1e3'],
        ].map(async ([from = '', to = '']) => (from.startsWith('id') ? null : load([from, to]))),
      );
      const titles = tried.map((one) => one?.template?.tasks[1]?.title);
      const minutes = tried.map((one) => one?.template?.minutes);
      // `no` stays a word; an octal is the number it says, in YAML 1.2; 1:30 is no number.
      return outcome(titles[0] !== 'no' || minutes[1] !== 30 || minutes[2] !== undefined, {
        titles,
        minutes,
      });
    },
    control: async () => {
      const { title, minutes } = parseAnyhow('title: no\nminutes: 1:30', { version: '1.1' });
      return outcome(title === false && minutes === 90, { title, minutes });
    },
  }),
];
