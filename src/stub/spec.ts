/**
 * The file that says what a partner is: its routes, its tokens and its moods, as data. Texts may hold `{{ }}`: of the
 * request (`request.json.x`, `request.params.x`, `request.query.x`, `request.headers.x`), `id` (new in each answer),
 * `n` (the number of the request) and `now`; `params`, `attempt` and `access` are filled before the stub reads it.
 */
import { z } from 'zod';
import { type Parsed, parseSpec } from '../program/spec-file.ts';
import { type Json, pathsOf } from './fill.ts';

const json = z.json() as z.ZodType<Json>;
const status = z.int().min(200).max(599);
const headers = z.record(z.string().regex(/^[A-Za-z0-9-]+$/, 'expected a header name'), z.string());
const method = z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
const pathPattern = /^(\/(:[A-Za-z_]\w*|[A-Za-z0-9._~-]+))+\/?$|^\/$/;
const path = z.string().regex(pathPattern, 'expected a path such as /charges/:id');

const refusal = z.strictObject({
  /** Holds when the filled `value` equals this, is one of these, or is there at all. */
  when: z
    .strictObject({
      value: z.string().min(1),
      equals: json.optional(),
      in: z.array(json).min(1).optional(),
      exists: z.boolean().optional(),
    })
    .refine(
      (when) => [when.equals, when.in, when.exists].filter((one) => one !== undefined).length === 1,
      'expected one of equals, in and exists',
    ),
  status,
  headers: headers.default({}),
  json: json.default(null),
});

const route = z.strictObject({
  method,
  path,
  /** `bearer`: a token of `oauth`, or 401. */
  auth: z.enum(['bearer', 'none']).default('none'),
  /** The same key and body: the first answer again. The same key and another body: `conflict`. */
  idempotency: z
    .strictObject({
      header: z.string().min(1).default('Idempotency-Key'),
      /** True: a request without it is answered with 400. */
      required: z.boolean().default(false),
      conflict: z.union([z.literal(409), z.literal(422)]).default(409),
    })
    .optional(),
  /** Asked in order, before anything happens. What is refused can never succeed. */
  refuse: z.array(refusal).default([]),
  /** What really happens at the partner, by a key of the business: the journal counts it. */
  effect: z.strictObject({ key: z.string().min(1) }).optional(),
  answer: z.strictObject({
    status: status.default(200),
    headers: headers.default({}),
    json: json.default(null),
  }),
});

const whenItStrikes = z.union([z.literal('before-effect'), z.literal('after-effect')]);

const disturbance = z
  .strictObject({
    /** Routes such as `POST /charges`; absent: all routes of the file, but none of `oauth`. */
    on: z.array(z.string()).min(1).optional(),
    /** How likely it is at each request. */
    chance: z.number().gt(0).max(1).optional(),
    /** Or: which requests of a call it strikes, counted from 1. */
    at: z.array(z.int().min(1).max(100)).min(1).optional(),
    /** One of: an error status (with Retry-After in seconds), a delay, silence, a reset of the connection. */
    status: z.int().min(400).max(599).optional(),
    retryAfter: z.int().min(0).max(3_600).optional(),
    json: json.optional(),
    slowMs: z.int().min(1).max(60_000).optional(),
    timeout: whenItStrikes.optional(),
    /** How long a time-out is silent before the connection is closed. */
    silentMs: z.int().min(1).max(120_000).optional(),
    reset: z.union([z.literal(true).transform(() => 'before-effect' as const), whenItStrikes]).optional(),
  })
  .refine((one) => (one.chance === undefined) !== (one.at === undefined), 'expected either chance or at')
  .refine(
    (one) =>
      [one.status, one.slowMs, one.timeout, one.reset].filter((what) => what !== undefined).length === 1,
    'expected one of status, slowMs, timeout and reset',
  )
  .refine(
    (one) => one.status !== undefined || (one.retryAfter === undefined && one.json === undefined),
    'retryAfter and json go with status',
  )
  .refine((one) => one.timeout !== undefined || one.silentMs === undefined, 'silentMs goes with timeout');

const mood = z.strictObject({
  /** A call is struck at most so often: a client that tries again gets through. */
  atMost: z.int().min(1).max(20).default(3),
  /** What tells calls apart; absent: the effect's key, else the idempotency key, else route and body. */
  each: z.string().min(1).optional(),
  disturb: z.array(disturbance).max(50),
});

const oauth = z.strictObject({
  clients: z
    .array(
      z.strictObject({
        id: z.string().min(1),
        /** Absent: a public client, which has PKCE alone. */
        secret: z.string().min(1).optional(),
        redirectUris: z.array(z.string().min(1)).default([]),
      }),
    )
    .min(1),
  /** Seconds that a token is good for. */
  lifetime: z.int().min(1).max(86_400).default(3_600),
  /** Absent: opaque tokens, client credentials only. */
  oidc: z
    .strictObject({
      /** Absent: where the stub listens. */
      issuer: z.string().min(1).optional(),
      audience: z.string().min(1).default('api'),
      users: z
        .array(
          z.strictObject({
            name: z.string().min(1),
            sub: z.string().min(1),
            claims: z.record(z.string(), json).default({}),
          }),
        )
        .min(1),
    })
    .optional(),
});

const stubSpec = z
  .strictObject({
    oauth: oauth.optional(),
    routes: z.array(route).max(200).default([]),
    /** `calm` has no disturbances and is always there. */
    moods: z.record(z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a name such as storm'), mood).default({}),
  })
  .superRefine((spec, context) => {
    const names = spec.routes.map(routeName);
    const known = new Set([...names, 'POST /oauth/token']);
    const problem = (message: string, at: (string | number)[]) =>
      context.addIssue({ code: 'custom', message, path: at });
    names.forEach((name, n) => {
      if (names.indexOf(name) !== n) problem(`${name} is there twice`, ['routes', n]);
      const of = spec.routes[n];
      if (of?.auth === 'bearer' && spec.oauth === undefined)
        problem('auth: bearer needs oauth', ['routes', n, 'auth']);
      if (reserved.test(of?.path ?? '')) problem(`${of?.path} belongs to the stub`, ['routes', n, 'path']);
    });
    if (spec.moods.calm !== undefined && spec.moods.calm.disturb.length > 0)
      problem('calm has no disturbances', ['moods', 'calm']);
    for (const [name, { disturb }] of Object.entries(spec.moods)) {
      disturb.forEach((one, n) => {
        for (const on of one.on ?? [])
          if (!known.has(on)) problem(`there is no route ${on}`, ['moods', name, 'disturb', n, 'on']);
      });
    }
    for (const found of pathsOf(spec as unknown as Json))
      if (!/^((request\.(json|params|query|headers)|params|attempt|access)\b|(id|n|now)$)/.test(found.path))
        problem(`{{${found.path}}} is nothing that a stub can fill`, [...found.at]);
  });

const reserved = /^\/(_stub|oauth\/token|authorize|jwks\.json|userinfo|\.well-known)(\/|$)/;

export type StubSpec = z.infer<typeof stubSpec>;
export type RouteSpec = StubSpec['routes'][number];
export type RefusalSpec = RouteSpec['refuse'][number];
export type MoodSpec = StubSpec['moods'][string];
export type Disturbance = MoodSpec['disturb'][number];
export type OauthSpec = NonNullable<StubSpec['oauth']>;

/** `POST /charges`: how journals, counts and moods call a route. */
export function routeName(of: { readonly method: string; readonly path: string }): string {
  return `${of.method} ${of.path}`;
}

/** Reads a stub's file, filled or not yet filled. Pure; never throws. */
export function parseStubFile(text: string): Parsed<StubSpec> {
  return parseSpec(stubSpec, text);
}
