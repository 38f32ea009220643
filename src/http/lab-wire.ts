/** A lab as it goes over the wire. */
import { z } from 'zod';
import type { Caller, LabDetails } from '../lab/lab-service.ts';
import { iso, timeSchema } from './schemas.ts';

export const labSchema = z
  .object({
    id: z.string(),
    template: z.string(),
    templateHash: z.string().describe('The version of the template that this lab is pinned to'),
    class: z.string().nullable().describe('The class that it was made for'),
    trainee: z.string(),
    backend: z.string(),
    status: z.enum([
      'queued',
      'starting',
      'ready',
      'resetting',
      'broken',
      'paused',
      'resuming',
      'ending',
      'ended',
    ]),
    message: z.string().describe('The status as one sentence for a person'),
    phase: z.enum(['requested', 'provisioning', 'ready', 'paused', 'resuming', 'terminating', 'terminated']),
    components: z.array(
      z.object({
        name: z.string(),
        status: z.enum(['waiting', 'starting', 'running', 'resetting', 'broken', 'paused']),
        detail: z.string().nullable(),
      }),
    ),
    queue: z
      .object({
        position: z.int().describe('1 is next'),
        etaSeconds: z.number().nullable(),
        etaP90Seconds: z.number().nullable(),
      })
      .nullable()
      .describe('While it is not ready yet'),
    createdAt: timeSchema,
    readyAt: timeSchema.nullable(),
    expiresAt: timeSchema,
    maxExpiresAt: timeSchema.describe('`extend` never goes past this'),
    secondsLeft: z.number().describe("Until it expires, by the server's clock; 0 once it has ended"),
    pausedBecause: z
      .enum(['asked', 'idle'])
      .nullable()
      .describe('While it is paused: somebody asked for it, or nobody used it'),
    endedAt: timeSchema.nullable(),
    endReason: z.string().nullable(),
    endDetail: z.string().nullable().optional().describe('What went wrong inside; instructors only'),
    seed: z.string().optional().describe('What its parameters are drawn from; instructors only'),
  })
  .describe('One lab');

export type LabWire = z.infer<typeof labSchema>;

/**
 * Pure. Trainees get no seed, with which others' parameters could be drawn, and nothing of what went wrong inside:
 * the last lines of a log or the paths of this machine may be in it.
 */
export function labWire({ lab, view, now }: LabDetails, caller: Caller): LabWire {
  const ended = lab.phase === 'terminating' || lab.phase === 'terminated';
  const left = Math.max(0, (lab.expiresAt.getTime() - now.getTime()) / 1000);
  return {
    id: lab.id,
    template: lab.templateId,
    templateHash: lab.templateHash,
    class: lab.class,
    trainee: lab.trainee,
    backend: lab.backend,
    status: view.status,
    message: view.message,
    phase: lab.phase,
    components: view.components.map((component) => ({ ...component })),
    queue: view.queue === null ? null : { ...view.queue },
    createdAt: iso(lab.createdAt),
    readyAt: iso(lab.readyAt),
    expiresAt: iso(lab.expiresAt),
    maxExpiresAt: iso(lab.maxExpiresAt),
    secondsLeft: ended ? 0 : Math.round(left),
    pausedBecause: lab.pausedBecause,
    endedAt: iso(lab.endedAt),
    endReason: lab.endReason,
    ...(caller.role === 'trainee' ? {} : { endDetail: lab.endDetail, seed: lab.seed }),
  };
}
