/** The expressions of the three example templates, against result types written out by hand. */
import { describe, expect, it } from 'vitest';
import type { ValueType } from '../../../src/grading/types.ts';
import { problemsOf } from './run.ts';

const dyn: ValueType = { is: 'dyn' };
const number: ValueType = { is: 'number' };
const string: ValueType = { is: 'string' };
const bool: ValueType = { is: 'bool' };
const time: ValueType = { is: 'timestamp' };
const list = (of: ValueType): ValueType => ({ is: 'list', of });
const object = (fields: Record<string, ValueType>): ValueType => ({ is: 'object', fields });

const sql = object({
  rows: list({ is: 'map', of: dyn }),
  columns: list(string),
  rowCount: number,
  durationMs: number,
});
const plan = object({ plan: object({ nodes: list(object({ relation: string, type: string })) }) });
const http = object({
  status: number,
  headers: { is: 'map', of: string },
  text: string,
  json: dyn,
  durationMs: number,
});
const repeated = object({
  p50: number,
  p95: number,
  rps: number,
  errors: number,
  start: object({ p95: number }),
});
const answer = object({ value: dyn });
const journal = object({
  entries: list(dyn),
  calls: list(dyn),
  effects: list(dyn),
  missing: number,
  unknown: number,
  different: number,
});
const files = object({ files: list(object({ path: string, head: string, modified: time, yaml: dyn })) });
const watch = object({ count: number, failed: number, steadyAt: time, flapsAfter: number, last: files });
const changes = object({ added: list(dyn), removed: list(dyn) });
const baseline = object({ schema: object({ tables: changes, indexes: changes, constraints: changes }) });
const schema = object({ indexes: list(object({ table: string, columns: list(string), valid: bool })) });
const metrics = object({
  samples: list(object({ name: string, labels: { is: 'map', of: string }, value: number })),
});
const moment = object({ at: time, done: time });

const queryPerformance: [string, Record<string, ValueType>][] = [
  ['table.value == "services"', { table: answer }],
  ['calls.value >= 51 && calls.value <= 53', { calls: answer }],
  ['page.status == 200', { page: http }],
  ['calls.rows[0].n >= 1 && calls.rows[0].n <= 4', { calls: sql }],
  ['page.json.items.size() == truth.rows.size()', { page: http, truth: sql }],
  [
    'truth.rows.all(t, page.json.items.exists(i, i.id == t.id && double(i.services.size()) == t.services))',
    { page: http, truth: sql },
  ],
  ['after.json.items[0].services.exists(s, s.name == "Fresh")', { after: http }],
  ['s.indexes.exists(i, i.table == "services" && i.columns[0] == "customer_id" && i.valid)', { s: schema }],
  [
    'plan.plan.nodes.exists(n, n.relation == "services" && n.type in ["Index Scan", "Index Only Scan", "Bitmap Heap Scan"])',
    { plan },
  ],
  ['change.schema.indexes.added.size() <= 2', { change: baseline }],
  ['change.schema.tables.removed.size() == 0', { change: baseline }],
  [
    'metrics.samples.exists(m, m.name == "operation_duration_seconds_count" && m.labels.operation == "customer_list" && m.labels.outcome == "success" && m.value >= 1)',
    { metrics },
  ],
  [
    'metrics.samples.exists(m, m.name == "operation_duration_seconds_count" && m.labels.operation == "customer_list" && m.labels.outcome == "error" && m.value == 3)',
    { metrics },
  ],
  ['speed.errors == 0', { speed: repeated }],
  ['speed.p95 * 3 <= speed.start.p95', { speed: repeated }],
  ['speed.p95 * 2 <= speed.start.p95', { speed: repeated }],
  ['up.status == 200', { up: http }],
];

const params = object({ recoveryPoint: number, recoveryTime: number });
const events = object({ disaster: moment });
const drill: [string, Record<string, ValueType>][] = [
  ["checks['backup-runs'].passed", { checks: { is: 'map', of: object({ passed: bool }) } }],
  [
    'job.objects.exists(j, !has(j.spec.suspend) || j.spec.suspend == false)',
    { job: object({ objects: list(dyn) }) },
  ],
  ['dump.files.size() >= 2 && dump.files.all(f, f.head == "PGDMP")', { dump: files }],
  [
    'state.files.size() == 1 && ["Deployment","StatefulSet","Service","Secret"].all(k, state.files[0].yaml.items.exists(o, o.kind == k))',
    { state: files },
  ],
  ['api.status == 200 && up.failed == 0', { api: http, up: watch }],
  [
    'duration(string(int(params.recoveryTime)) + "s") >= timestamp(up.steadyAt) - timestamp(events.disaster.done)',
    { params, up: watch, events },
  ],
  ["timestamp(up.steadyAt) - timestamp(events.disaster.done) <= duration('30m')", { up: watch, events }],
  ['up.flapsAfter <= 1', { up: watch }],
  ['lost.rows[0].seconds <= params.recoveryPoint', { lost: sql, params }],
  ['lost.rows[0].seconds <= 300.0', { lost: sql }],
  ['lost.rows[0].seconds < 1000000.0', { lost: sql }],
  ['cmp.missing == 0', { cmp: journal }],
  ['cmp.unknown == 0 && cmp.different == 0', { cmp: journal }],
  [
    'fk.rows[0].n == 0 && diff.schema.constraints.removed.size() == 0 && diff.schema.indexes.removed.size() == 0',
    { fk: sql, diff: baseline },
  ],
  ['new.entries.size() == 10 && new.entries.all(e, e.status < 300)', { new: journal }],
  ['d.last.files.exists(f, timestamp(f.modified) > timestamp(events.disaster.done))', { d: watch, events }],
  ['dump.files.size() >= 2', { dump: files }],
  ['events.disaster.done != null', { events }],
];

const attempt = object({ order: string });
const integrations: [string, Record<string, ValueType>][] = [
  ['calm.entries.filter(e, e.route == "POST /charges" && e.status == 201).size() == 5', { calm: journal }],
  ['calm.entries.filter(e, e.route == "POST /oauth/token").size() <= 2', { calm: journal }],
  [
    'renewed.entries.exists(e, e.status == 401) && renewed.entries.exists(e, e.route == "POST /oauth/token" && e.status == 200)',
    { renewed: journal },
  ],
  ['orders.rows.exists(o, o.id == attempt.order && o.status == "charged")', { orders: sql, attempt }],
  ['good.status >= 200 && good.status < 300', { good: http }],
  ['state.rows[0].status == "settled"', { state: sql }],
  ['forged.status in [400, 401, 403] && state.rows[1].status == "charged"', { forged: http, state: sql }],
  ['state.rows[0].settlements == 1', { state: sql }],
  ['late.status < 300 && state.rows[0].status == "settled"', { late: http, state: sql }],
  ['books.effects.all(e, e.count == 1)', { books: journal }],
  ['orders.rows.filter(o, o.status == "charged").size() == 19', { orders: sql }],
  [
    'books.calls.all(c, c.gapsMs.size() < 2 || c.gapsMs[c.gapsMs.size() - 1] >= c.gapsMs[0] * 1.5)',
    { books: journal },
  ],
  [
    'books.entries.all(e, !has(e.retryAfterMs) || !has(e.nextAfterMs) || e.nextAfterMs >= e.retryAfterMs)',
    { books: journal },
  ],
  ['dead.rows.size() == 1 && dead.rows[0].reason.contains("422")', { dead: sql }],
  ['books.entries.filter(e, e.status == 422).size() == 1', { books: journal }],
  [
    't.reference.exitCode == 0',
    { t: object({ reference: object({ exitCode: number }), killed: list(string) }) },
  ],
  ['t.killed.size() == 2', { t: object({ reference: object({ exitCode: number }), killed: list(string) }) }],
  ['left.rows[0].n == 0', { left: sql }],
];

describe.each([
  ['query performance', queryPerformance],
  ['disaster drill', drill],
  ['integrations', integrations],
])('the example %s', (_, expressions) => {
  it.each(expressions)('compiles %s', (source, roots) => {
    expect(problemsOf(source, roots)).toEqual([]);
  });
});
