import { describe, expect, it } from 'vitest';
import { LabError } from '../../../src/lab/errors.ts';
import { ApiFailure, clusterError, readStatus } from '../../../src/sandbox/kubernetes/errors.ts';
import { pauseBefore } from '../../../src/sandbox/kubernetes/retry.ts';

const failure = (code: number, told: object = {}, retryAfter?: string) =>
  new ApiFailure(readStatus(code, JSON.stringify({ kind: 'Status', ...told }), retryAfter));
const cut = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

describe('another effort', () => {
  it.each([
    ['429', failure(429)],
    ['500', failure(500)],
    ['503', failure(503)],
    ['a conflict of the API with itself', failure(409, { reason: 'Conflict' })],
    ['a connection that was cut', cut],
  ])('is made after %s', (_, thrown) => {
    expect(pauseBefore(thrown, 1, 0.5)).toBeGreaterThan(0);
  });

  it.each([
    ['what is there already', failure(409, { reason: 'AlreadyExists' })],
    ['what is wrong', failure(422)],
    ['what is refused', failure(403)],
    ['what is not there', failure(404)],
    ['an old version', failure(410)],
    ['a mistake of ours', new TypeError('x is not a function')],
  ])('is not made after %s', (_, thrown) => {
    expect(pauseBefore(thrown, 1, 0.5)).toBeNull();
  });

  it('waits longer each time, for as long as the API says, and ends', () => {
    const pauses = [1, 2, 3, 4, 5].map((effort) => pauseBefore(failure(503), effort, 0.5) ?? 0);
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(pauseBefore(failure(503), 6, 0.5)).toBeNull();
    expect(pauseBefore(cut, 3, 0.5)).toBeNull();
    expect(pauseBefore(failure(429, {}, '7'), 1, 0)).toBeGreaterThanOrEqual(7_000);
    expect(pauseBefore(failure(429, {}, '86400'), 1, 0)).toBeLessThan(60_000);
  });
});

describe('what the API says', () => {
  const asked = { url: 'https://cluster.example', what: 'create pods in namespace x', isOurs: true };
  const refusal =
    'pods is forbidden: User "u" cannot create resource "pods" in API group "" in the namespace "x"';
  it.each([
    ['no rights of ours', 403, refusal, true, 'backend_unavailable'],
    ['no rights of a trainee', 403, refusal, false, 'object_denied'],
    ['a quota', 403, 'pods "p" is forbidden: exceeded quota: lab, requested: pods=1', true, 'backend_busy'],
    ['a quota of a trainee', 403, 'pods "p" is forbidden: exceeded quota: q', false, 'object_denied'],
    [
      'a rule for pods',
      403,
      'pods "p" is forbidden: violates PodSecurity "restricted:latest"',
      true,
      'validation_failed',
    ],
    ['old credentials', 401, 'Unauthorized', true, 'backend_unavailable'],
    ['an old token of a trainee', 401, 'Unauthorized', false, 'object_denied'],
    ['nothing there', 404, 'pods "p" not found', true, 'object_not_found'],
    ['a bad object', 422, 'Pod "p" is invalid: spec.containers: Required value', true, 'validation_failed'],
    ['too much at once', 429, 'too many requests', true, 'backend_busy'],
    ['its own trouble', 500, 'etcdserver: request timed out', true, 'backend_unavailable'],
  ] as const)('of %s (%i) becomes a code', (_, status, message, isOurs, code) => {
    const error = clusterError(failure(status, { message }), { ...asked, isOurs });
    expect(error).toBeInstanceOf(LabError);
    expect(error.code).toBe(code);
  });

  it('names a proxy that answered in its place', () => {
    const thrown = new ApiFailure(readStatus(502, '<html>Bad gateway</html>', undefined));
    const { code, message } = clusterError(thrown, asked);
    expect([code, message.includes('https://cluster.example')]).toEqual(['backend_unavailable', true]);
  });
});
