/**
 * Who does something with a lab uses it: one that is used is not paused for being left alone, and one that was is resumed.
 * Looking at it, as open pages do for hours, is no use of it.
 */
import type { FastifyRequest } from 'fastify';
import type { LabService } from '../lab/lab-service.ts';
import type { Api } from './api.ts';
import { callerOf } from './auth.ts';

/** These say themselves what is to become of the lab. */
const steering = /\/labs\/:id(\/pause|\/resume|\/extend)?$/;
/** Asked for by who is about to work. */
const beginnings = /\/labs\/:id\/access$/;

/** Call before routes are added. */
export function noteActivity(api: Api, labs: Pick<LabService, 'use'>): void {
  api.addHook('preHandler', async (request) => {
    if (isUse(request)) await labs.use(callerOf(request), (request.params as { readonly id: string }).id);
  });
}

function isUse({ token, method, routeOptions: { url = '' } }: FastifyRequest): boolean {
  if (token === null || !/\/labs\/:id\b/.test(url) || steering.test(url)) return false;
  return method === 'POST' || method === 'PUT' || beginnings.test(url);
}
