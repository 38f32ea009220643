/** What a name in a check's expressions looks at, in one version of a template, as text that is equal for equal looks. */
import { createHash } from 'node:crypto';
import type { CheckSpec, Json, TemplateVersion, TrialSpec } from '../../templates/types.ts';

export interface Looks {
  readonly version: TemplateVersion;
  /** What judging any check reads beside the check and its looks: the same text for the same. */
  readonly around: string;
  check(id: string): CheckSpec | undefined;
  /** The same text in two versions: the same look. Null when the check sees nothing of this name. */
  identity(check: CheckSpec, name: string): string | null;
  /** Of a trial, with all that it does. */
  trialIdentity(id: string): string | null;
  /** All names that the check's expressions may read. */
  names(check: CheckSpec): readonly string[];
}

/** Remembers what it has worked out: the same few looks are asked about for every attempt. Pure. */
export function looksOf(version: TemplateVersion): Looks {
  const { template } = version;
  const checks = new Map(template.checks.map((check) => [check.id, check]));
  const known = new Map<string, string | null>();
  const trialOf = (id: string | null) => template.trials.find((one) => one.id === id) ?? null;

  function remembered(key: string, make: () => string | null): string | null {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make();
    known.set(key, made);
    return made;
  }

  function find(check: CheckSpec, name: string): string | null {
    const own = Object.hasOwn(check.observe, name) ? check.observe[name] : undefined;
    if (own !== undefined) return textOf(own, version);
    const trial = trialOf(check.trial);
    if (trial !== null && namesIn(trial).includes(name)) {
      return textOf({ trial: textOf(trial, version), name }, version);
    }
    const shared = Object.hasOwn(template.observations, name) ? template.observations[name] : undefined;
    return shared === undefined ? null : textOf(shared, version);
  }

  return {
    version,
    around: canonical([
      template.faults,
      template.parameters,
      template.trials.map(({ id, draws }) => [id, draws]),
    ]),
    check: (id) => checks.get(id),
    identity: (check, name) => remembered(`${check.id} ${name}`, () => find(check, name)),
    trialIdentity: (id) =>
      remembered(`trial ${id}`, () => {
        const trial = trialOf(id);
        return trial === null ? null : textOf(trial, version);
      }),
    names(check) {
      const trial = trialOf(check.trial);
      const inTrial = trial === null ? [] : namesIn(trial);
      return [...new Set([...Object.keys(check.observe), ...inTrial, ...Object.keys(template.observations)])];
    },
  };
}

function namesIn({ steps }: TrialSpec): readonly string[] {
  return steps.flatMap((step) => (step.do === 'observe' ? Object.keys(step.observe) : []));
}

/**
 * Keys in one order, and with it whatever else of the template a text in it names: files and folders by their content,
 * watches and questions as they are declared. A text that is one of these names by chance makes two looks different that
 * are not, which only keeps an old verdict.
 */
function textOf(what: unknown, version: TemplateVersion): string {
  const named = new Map<string, Json>();
  collect(what, version, named);
  return canonical({ what, named: Object.fromEntries(named) });
}

function collect(value: unknown, version: TemplateVersion, into: Map<string, unknown>): void {
  if (typeof value === 'string') {
    const found = meaningOf(value, version);
    if (found !== null) into.set(value, found);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const one of Object.values(value)) collect(one, version, into);
}

function meaningOf(word: string, { template, files }: TemplateVersion): unknown {
  const path = word.replace(/^\.\//, '').replace(/\/$/, '');
  const content = [...files].filter(([name]) => name === path || name.startsWith(`${path}/`));
  const watch = template.watches.find(({ id }) => id === word);
  const question = template.questions.find(({ id }) => id === word);
  if (path === '' || (content.length === 0 && watch === undefined && question === undefined)) return null;
  return {
    files: content.map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')]),
    watch,
    question,
  };
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}
