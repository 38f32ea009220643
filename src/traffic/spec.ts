/**
 * The file that says what a load sends, as data. Texts may hold `{{ }}` of the request's own draws by name, of `n` (its
 * number) and of `now`; `params` and `access` are filled before the program reads it.
 */
import { z } from 'zod';
import { type Parsed, parseSpec } from '../program/spec-file.ts';
import { type Json, pathsOf } from './fill.ts';

const json = z.json() as z.ZodType<Json>;
const name = z.string().regex(/^[A-Za-z_]\w*$/, 'expected a name');
const jsonPath = z.string().regex(/^json(\.[\w-]+)+$/, 'expected a path such as json.id');
const path = z
  .string()
  .regex(/^\/(?!\/)/, 'expected a path that starts with one slash')
  .max(2_000);
const headers = z.record(z.string().regex(/^[A-Za-z0-9-]+$/, 'expected a header name'), z.string());

const draw = z.union([
  z.literal('uuid'),
  z
    .strictObject({ int: z.strictObject({ from: z.int(), to: z.int() }) })
    .refine(({ int }) => int.from <= int.to, 'expected from to be at most to'),
  z.strictObject({ choice: z.array(json).min(1).max(1_000) }),
  /** One of what this name has saved so far; the request is not sent while there is none. */
  z.strictObject({ saved: name }),
]);

const request = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  path,
  /** How often it is chosen, beside the others. */
  weight: z.int().min(1).max(1_000).default(1),
  draws: z.record(name, draw).default({}),
  headers: headers.default({}),
  json: json.optional(),
  /** What is kept of a good answer, by name. */
  save: z.record(name, jsonPath).default({}),
});

const trafficSpec = z
  .strictObject({
    timeoutMs: z.int().min(50).max(30_000).default(5_000),
    /** Signs in before the first request and after each 401; its token is sent as a bearer token. */
    login: z.strictObject({ path, json, token: jsonPath }).optional(),
    requests: z.array(request).min(1).max(100),
  })
  .superRefine((spec, context) => {
    const saved = new Set(spec.requests.flatMap(({ save }) => Object.keys(save)));
    spec.requests.forEach((one, n) => {
      for (const [drawn, of] of Object.entries(one.draws)) {
        if (typeof of === 'object' && 'saved' in of && !saved.has(of.saved))
          context.addIssue({
            code: 'custom',
            message: `no request saves ${of.saved}`,
            path: ['requests', n, 'draws', drawn],
          });
      }
      const known = new Set(['n', 'now', 'params', 'access', 'attempt', ...Object.keys(one.draws)]);
      const { draws: _, ...texts } = one;
      for (const found of pathsOf(texts as Json)) {
        if (!known.has(found.split('.')[0] ?? ''))
          context.addIssue({
            code: 'custom',
            message: `{{${found}}} is neither a draw nor n nor now`,
            path: ['requests', n],
          });
      }
    });
  });

export type TrafficSpec = z.infer<typeof trafficSpec>;
export type RequestSpec = TrafficSpec['requests'][number];
export type DrawSpec = z.infer<typeof draw>;

/** `GET /payments/:id`: how journals and counts call a request, whatever was drawn for it. */
export function routeName({ method, path: of }: Pick<RequestSpec, 'method' | 'path'>): string {
  const [bare = ''] = of.split('?');
  return `${method} ${bare.replaceAll(/\{\{\s*([\w.]+)\s*\}\}/g, ':$1')}`;
}

/** Reads a load's file, filled or not yet filled. Pure; never throws. */
export function parseTrafficFile(text: string): Parsed<TrafficSpec> {
  return parseSpec(trafficSpec, text);
}
