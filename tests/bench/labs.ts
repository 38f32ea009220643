/** Labs over HTTP, and what the control database says about them. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Client, createClient } from './http.ts';
import type { Server } from './server.ts';
import type { World } from './world.ts';

export const template = 'bench-lab';
const patienceMs = 300_000;

interface LabWire {
  readonly id: string;
  readonly status: string;
  readonly message: string;
}

interface AttemptWire {
  readonly number: number;
  readonly state: string;
  readonly results: readonly { readonly verdict: string | null }[];
}

export interface Labs {
  readonly client: Client;
  /** Asks for a lab, of the usual template where none is named; gives its id. */
  ask(of?: string): Promise<string>;
  /** Of what stands for a lab. */
  sandboxOf(id: string): Promise<string>;
  /** Asks for the lab again and again, `pauseMs` after each answer, until its status is this one. */
  until(id: string, status: string, pauseMs: number): Promise<void>;
  reset(id: string): Promise<void>;
  /** Grades the lab and waits for it; throws unless every check passes. */
  grade(id: string): Promise<void>;
  /** Ends the lab and waits until nothing of it is left. */
  end(id: string): Promise<void>;
  /** Waits until so many spares stand, no sandbox is being built or destroyed, and it was so for a moment. */
  quiet(spares: number): Promise<void>;
}

/** A server with its worker, and a client of it, on a control database and a data folder of this name. */
export async function serveLabs(world: World, name: string, spares: number) {
  const databaseUrl = await world.controlDatabase(name);
  const server = await world.serve({ dataDir: world.folder(name), databaseUrl, spares });
  return { server, labs: labsOf(world, server, databaseUrl) };
}

export function labsOf(world: World, server: Pick<Server, 'url' | 'token'>, databaseUrl: string): Labs {
  const client = createClient(server.url ?? '', server.token);
  world.defer('a client', () => client.close());
  const control = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  control.on('error', () => {});
  world.defer('connections', () => control.end());

  async function until(id: string, status: string, pauseMs: number): Promise<void> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const lab = await client.json<LabWire>('GET', `/api/v1/labs/${id}`);
      if (lab.status === status) return;
      if (lab.status === 'ended' || performance.now() > deadline) {
        throw new Error(`lab ${id} did not become ${status}: ${lab.message}`);
      }
      world.signal.throwIfAborted();
      if (pauseMs > 0) await delay(pauseMs);
    }
  }

  async function isQuiet(spares: number): Promise<boolean> {
    const { rows } = await control.query<{ up: number; moving: number }>(
      `select count(*) filter (where state = 'up' and lab_id is null)::int as up,
              count(*) filter (where state in ('building', 'dead'))::int as moving from sandboxes`,
    );
    return rows[0]?.up === spares && rows[0].moving === 0;
  }

  return {
    client,
    ask: async (of = template) => (await client.json<LabWire>('POST', '/api/v1/labs', { template: of })).id,
    async sandboxOf(id) {
      const text = 'select id from sandboxes where lab_id = $1';
      const { rows } = await control.query<{ id: string }>(text, [id]);
      return rows[0]?.id ?? '';
    },
    until,
    reset: async (id) => void (await client.json('POST', `/api/v1/labs/${id}/reset`, {})),
    async grade(id) {
      const path = `/api/v1/labs/${id}/attempts`;
      let attempt = await client.json<AttemptWire>('POST', path, {});
      while (attempt.state === 'queued' || attempt.state === 'running') {
        world.signal.throwIfAborted();
        await delay(20);
        attempt = await client.json<AttemptWire>('GET', `${path}/${attempt.number}`);
      }
      const wrong = attempt.results.filter(({ verdict }) => verdict !== 'pass');
      if (attempt.state !== 'finished' || wrong.length > 0) throw new Error(JSON.stringify(attempt));
    },
    async end(id) {
      await client.json('DELETE', `/api/v1/labs/${id}`);
      await until(id, 'ended', 10);
    },
    async quiet(spares) {
      const deadline = performance.now() + patienceMs;
      while (!(await isQuiet(spares))) {
        world.signal.throwIfAborted();
        if (performance.now() > deadline) throw new Error(`there were not ${spares} spares in time`);
        await delay(20);
      }
      // What comes after the last row: answers, timers, a garbage collection.
      await delay(100);
    },
  };
}
