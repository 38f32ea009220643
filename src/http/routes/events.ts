/** A lab's life as Server-Sent Events; numbered, so that a reader who comes back goes on where it was. */
import { PassThrough } from 'node:stream';
import { z } from 'zod';
import { LabError } from '../../lab/errors.ts';
import type { RecordedEvent } from '../../lab/lab.ts';
import { type Api, problems } from '../api.ts';
import { type Authenticator, callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { createEventHub } from '../event-hub.ts';
import { eventData } from '../event-view.ts';
import { iso, labParams } from '../schemas.ts';

const tickMs = 250;
const heartbeatMs = 15_000;
/** A reader that is so far behind gets no more until it has read; the database keeps its events. */
const maxBufferedBytes = 65_536;

/** Open streams of one person: enough for every tab, too few to use up this server's connections. */
const maxStreams = 50;

/** As large as the numbers of events get. One that the database cannot read would fail the poll of all streams. */
const sequence = z.coerce.number().int().min(0).max(2_147_483_647);

export function eventRoutes(api: Api, deps: AppDeps, authenticator: Authenticator): void {
  const open = new Map<string, number>();
  const hub = createEventHub({
    events: deps.events,
    clock: deps.clock,
    tickMs,
    heartbeatMs,
    onError: (thrown) => deps.log.warn({ err: thrown }, 'Events could not be read; streams will catch up'),
  });
  // Before the server waits for its connections to end, which open streams never would.
  api.addHook('preClose', async () => hub.close());

  api.route({
    method: 'GET',
    url: '/labs/:id/events',
    // A HEAD would open a stream that nobody reads or ends.
    exposeHeadRoute: false,
    schema: {
      tags: ['labs'],
      summary: 'Watch a lab (Server-Sent Events)',
      description:
        'Each event has its number as `id`. `Last-Event-ID`, or `after`, gives what came after that number. The ' +
        'stream ends after `lab.terminated`; 204 says that there is nothing more to come.',
      params: labParams,
      querystring: z.strictObject({ after: sequence.optional() }),
      headers: z.object({ 'last-event-id': sequence.optional() }),
      response: {
        200: { description: 'A stream', content: { 'text/event-stream': { schema: z.any() } } },
        204: z.undefined().describe('The lab has ended and all of its events were read'),
        ...problems,
      },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { id } = request.params;
      const { lab, version } = await deps.labs.getLabWithTemplate(caller, id);
      const after = request.headers['last-event-id'] ?? request.query.after ?? 0;
      if (lab.phase === 'terminated' && (await deps.labs.eventsAfter(caller, id, after, 1)).length === 0) {
        return reply.code(204).send();
      }

      const mine = open.get(caller.subject) ?? 0;
      if (mine >= maxStreams) {
        throw new LabError(
          'too_soon',
          `You have ${mine} event streams open, as many as are allowed: close one.`,
          {
            extra: { limit: maxStreams },
            retryAfterSeconds: 5,
          },
        );
      }
      open.set(caller.subject, mine + 1);
      const stream = new PassThrough();
      const write = (text: string): void => {
        if (!stream.writableEnded && !stream.destroyed) stream.write(text);
      };
      const unsubscribe = hub.subscribe(id, after, {
        ready: () => stream.writableLength < maxBufferedBytes,
        take(events) {
          for (const event of events) {
            write(frame(event, eventData(event, version.template, caller)));
            if (event.type === 'lab.terminated') stream.end();
          }
        },
        beat() {
          if (stream.writableLength < maxBufferedBytes) write(': still here\n\n');
          // A stream lives for hours: it ends when its token has expired or was revoked.
          authenticator.authenticate(request).catch((thrown: unknown) => {
            if (thrown instanceof LabError && thrown.status === 401) stream.end();
          });
        },
        end: () => stream.end(),
      });
      stream.on('close', () => {
        unsubscribe();
        const left = (open.get(caller.subject) ?? 1) - 1;
        if (left > 0) open.set(caller.subject, left);
        else open.delete(caller.subject);
      });
      stream.write('retry: 1000\n\n');
      return reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('x-accel-buffering', 'no')
        .send(stream);
    },
  });
}

/** JSON text has no line breaks, so nothing in the data can begin another field or event. */
function frame(event: RecordedEvent, data: RecordedEvent['data']): string {
  const body = JSON.stringify({ seq: event.seq, at: iso(event.at), type: event.type, data });
  return `id: ${event.seq}\nevent: ${event.type}\ndata: ${body}\n\n`;
}
