/** What programs are told of their lab: facts of other components, and the template's own variables, filled. */
import { traineeFacts } from '../lab/access.ts';
import { LabError } from '../lab/errors.ts';
import type { ComponentAccess, SandboxPlan } from '../lab/ports.ts';
import type { Json } from '../templates/types.ts';
import type { Fill } from './fill.ts';
import type { Piece } from './part.ts';

export interface Environments {
  /** `<NAME>_URL`, `<NAME>_USER`, `<NAME>_PASSWORD` and `<NAME>_NAMESPACE` of these components, as far as they have one. */
  facts(plan: SandboxPlan, components: readonly string[]): Record<string, string>;
  /** The component's own variables, with those of the plan's variation on top. Throws LabError `start_failed`. */
  own(piece: Piece, env: Readonly<Record<string, string>>): Promise<Record<string, string>>;
  /** A file of the template with what is ours to fill filled in; other `{{ }}` stay. Throws LabError `start_failed`. */
  fillFile(piece: Piece, content: Json): Promise<Json>;
}

export function createEnvironments(
  /** Called before facts are told: what they name must be fixed by then. */
  settle: (plan: SandboxPlan) => Promise<void>,
  access: (plan: SandboxPlan, component: string) => ComponentAccess,
  fill: Fill,
): Environments {
  async function scopeOf(plan: SandboxPlan): Promise<Readonly<Record<string, Json>>> {
    await settle(plan);
    const facts = Object.keys(plan.components).map((name) => [name, { ...traineeFacts(access(plan, name)) }]);
    return {
      access: Object.fromEntries(facts) as Json,
      ...(plan.params !== null && { params: { ...plan.params } }),
      ...(plan.variation !== null && { attempt: { ...plan.variation.attempt } }),
    };
  }

  async function filled<T>(
    { plan, ref }: Piece,
    isNeeded: boolean,
    work: (filler: ReturnType<Fill>) => T,
  ): Promise<T> {
    try {
      return work(fill(isNeeded ? await scopeOf(plan) : {}));
    } catch (cause) {
      if (!(cause instanceof Error) || cause.name !== 'FillError') throw cause;
      throw new LabError(
        'start_failed',
        `Component "${ref.component}" cannot be started: ${cause.message}.`,
        {
          cause,
        },
      );
    }
  }

  return {
    facts(plan, components) {
      const found: Record<string, string> = {};
      for (const name of components) {
        const facts = traineeFacts(access(plan, name));
        const prefix = name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
        for (const field of ['url', 'user', 'password', 'namespace']) {
          if (facts[field] !== undefined) found[`${prefix}_${field.toUpperCase()}`] = String(facts[field]);
        }
      }
      return found;
    },
    async own(piece, env) {
      const all = { ...env, ...piece.plan.variation?.env[piece.ref.component] };
      const entries = Object.entries(all);
      const isNeeded = entries.some(([, value]) => value.includes('{{'));
      return filled(piece, isNeeded, (filler) =>
        Object.fromEntries(entries.map(([name, value]) => [name, filler.text(value)])),
      );
    },
    fillFile: (piece, content) => filled(piece, true, (filler) => fillOurs(content, filler)),
  };
}

const hole = /\{\{\s*([a-z]+)\b[^{}]*\}\}/g;
const ours: ReadonlySet<string> = new Set(['params', 'attempt', 'access']);

function fillOurs(content: Json, filler: ReturnType<Fill>): Json {
  if (typeof content === 'string') {
    const holes = [...content.matchAll(hole)];
    const [first] = holes;
    if (first !== undefined && first[0] === content && ours.has(first[1] ?? ''))
      return filler.value(content) as Json;
    return content.replace(hole, (found, root: string) => (ours.has(root) ? filler.text(found) : found));
  }
  if (Array.isArray(content)) return content.map((item) => fillOurs(item, filler));
  if (typeof content !== 'object' || content === null) return content;
  return Object.fromEntries(Object.entries(content).map(([key, item]) => [key, fillOurs(item, filler)]));
}
