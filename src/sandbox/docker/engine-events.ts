/** What happens in the engine, as it tells of it. A hint: while the connection is away nothing is heard. */
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { Log } from '../../lab/log.ts';
import type { Engine } from './engine.ts';
import { label } from './labels.ts';

export interface EngineEvents {
  /** Called when a container of a sandbox has ended without our doing, or has no memory left. */
  onEnd(handler: (sandboxId: string) => void): void;
  /** Called when images came or went, and when that may have happened unheard. */
  onImages(handler: () => void): void;
  /** This container is about to be ended by us. */
  expect(containerId: string): void;
  close(): Promise<void>;
}

interface Event {
  readonly Type?: string;
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
}

const heard = { container: ['die', 'oom'], image: ['tag', 'untag', 'delete', 'load', 'import', 'pull'] };
const reconnectMs = [500, 1_000, 2_000, 5_000, 10_000];
/** Its event may come a little later; and ids are never used again. */
const expectedForMs = 60_000;

/** Listens from now on, and again whenever the connection was lost. */
export function createEngineEvents(engine: Engine, installationId: string, log: Log): EngineEvents {
  const closing = new AbortController();
  const ends = new Set<(sandboxId: string) => void>();
  const images = new Set<() => void>();
  const expected = new Map<string, NodeJS.Timeout>();

  function take(event: Event): void {
    if (event.Type === 'image') {
      for (const handler of images) handler();
      return;
    }
    const { ID: id = '', Attributes: labels } = event.Actor ?? {};
    const sandboxId = labels?.[label.sandbox];
    if (labels?.[label.installation] !== installationId || !sandboxId || labels[label.role] === 'job') return;
    if (event.Action === 'die' && expected.has(id)) return;
    for (const handler of ends) handler(sandboxId);
  }

  async function listen(onConnected: () => void): Promise<void> {
    const filters = { type: Object.keys(heard), event: Object.values(heard).flat() };
    const stream = await engine.ask(
      'tell of its events',
      (docker, abortSignal) =>
        docker.getEvents({ filters: filters as Docker.GetEventsOptions['filters'], abortSignal }),
      closing.signal,
      'endless',
    );
    onConnected();
    let rest = '';
    for await (const piece of stream) {
      const lines = (rest + String(piece)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') take(JSON.parse(line) as Event);
    }
  }

  async function run(): Promise<void> {
    for (let losses = 0; !closing.signal.aborted; losses++) {
      try {
        await listen(() => {
          losses = 0;
          for (const handler of images) handler();
        });
      } catch (err) {
        if (closing.signal.aborted) return;
        if (losses === 0)
          log.warn({ backend: 'docker', err }, 'The engine tells of no events at the moment.');
      }
      const ms = reconnectMs[Math.min(losses, reconnectMs.length - 1)];
      await delay(ms, undefined, { signal: closing.signal, ref: false }).catch(() => {});
    }
  }
  const running = run();

  return {
    onEnd: (handler) => void ends.add(handler),
    onImages: (handler) => void images.add(handler),
    expect(containerId) {
      clearTimeout(expected.get(containerId));
      expected.set(containerId, setTimeout(() => expected.delete(containerId), expectedForMs).unref());
    },
    async close() {
      closing.abort();
      for (const timer of expected.values()) clearTimeout(timer);
      await running;
    },
  };
}
