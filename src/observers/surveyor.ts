/** Reads the rows that `row` parameters are drawn from, with the same caps and rights as any look. */

import type { SandboxHandle, Value } from '../grading/types.ts';
import { encode } from '../grading/values/canonical.ts';
import { createFiller } from '../grading/values/fill.ts';
import { valueToText } from '../grading/values/text.ts';
import { LabError } from '../lab/errors.ts';
import type { SandboxPlan, Surveyor } from '../lab/ports.ts';
import type { Json } from '../templates/types.ts';
import { limits } from './limits.ts';
import { look } from './look.ts';
import { type RowsSeen, seeRows } from './sql-look.ts';

/** @param bind the handle to a plan's sandbox. */
export function createSurveyor(bind: (plan: SandboxPlan) => SandboxHandle): Surveyor {
  return {
    /**
     * Rows by parameter, in an order that depends on nothing but the rows: the same data and seed give the same draw.
     * Throws LabError `backend_unavailable`, or `seed_failed` when the query does not fit the template's own data.
     */
    async survey(plan, signal) {
      const sandbox = bind(plan);
      const fill = createFiller({}, { missing: 'throw' });
      const found: Record<string, readonly Json[]> = {};
      for (const [name, spec] of Object.entries(plan.version.template.parameters)) {
        if (spec.draw !== 'row') continue;
        const { component, query } = spec;
        const asked = { component, query, args: [], views: true, timeout: limits.lookMs };
        const context = { sandbox, fill, deadlineMs: limits.lookMs };
        const seen = await look(context, limits.lookMs, signal, (within) => seeRows(asked, context, within));
        if (seen.outcome === 'unseen') throw failure(name, seen.problem, seen.internal);
        const { rows } = seen.value as RowsSeen;
        found[name] = canonical(rows);
      }
      return found;
    },
  };
}

function failure(parameter: string, problem: string, internal: string): LabError {
  const code = problem === 'backend_down' || problem === 'slow' ? 'backend_unavailable' : 'seed_failed';
  return new LabError(code, `Parameter "${parameter}" cannot be drawn: ${internal}.`);
}

function canonical(rows: RowsSeen['rows']): readonly Json[] {
  return rows
    .map((row) => ({ row, key: Buffer.from(encode(row)) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ row }) => toJson(row));
}

/** Parameters are JSON: moments and bytes become text. */
function toJson(value: Value): Json {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date || value instanceof Uint8Array) return valueToText(value);
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}
