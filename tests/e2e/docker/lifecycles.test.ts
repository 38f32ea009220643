/**
 * Labs in bursts, each harmed in its own way, while the server is killed again and again. Every lab that was accepted
 * becomes ready and ends as it was told to, and nothing of any is left. LABWRIGHT_LIFECYCLES says how many.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { HttpProblem } from '../client.ts';
import { eventually } from '../support.ts';
import { gateway, patienceMs, type Site, startSite } from './site.ts';

const lifecycles = Number(process.env.LABWRIGHT_LIFECYCLES ?? 16);
const burst = 8;
/** A life of its own each; an idle two-core machine takes a second or two for most. */
const timeoutMs = 120_000 + lifecycles * 20_000;

requireDocker();

describe.skipIf(dockerMissing !== null)(`${lifecycles} lives of labs`, { timeout: timeoutMs }, () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite({ CONCURRENCY: '4', LOG_LEVEL: 'warn' });
  }, imagesTimeoutMs);
  afterAll(() => site?.stop(), 120_000);

  const ready = (lab: string) => site.persistently((client) => client.untilReady(lab, patienceMs));
  const ended = (lab: string) => site.persistently((client) => client.untilEnded(lab, patienceMs));
  const reset = (lab: string) => site.persistently((client) => client.reset(lab).catch(unlessRefused));

  /** Its status may be of before the harm: what it has in the engine is looked at as well. */
  async function whole(lab: string): Promise<void> {
    await eventually(
      async () => {
        if ((await site.persistently((client) => client.lab(lab))).status !== 'ready') return false;
        const { running, networks } = await site.partsOf(lab);
        const parts = ['gateway_', 'workspace'];
        return networks === 1 && parts.every((one) => running.includes(one)) && running.length >= 3;
      },
      () => `lab ${lab} to be whole`,
      patienceMs,
    );
  }

  /** Harm is done to what is there: a server that was killed may be in the middle of making it. */
  const harm = (lab: string, component: string, ...how: Parameters<Site['harm']>[2][]) =>
    Promise.all(how.map((one) => site.harm(lab, component, one).catch(() => {})));

  async function loseNetwork(lab: string): Promise<void> {
    const network = await site.networkOf(lab);
    await site
      .direct(async (docker) => {
        const { Containers = {} } = (await docker.getNetwork(network).inspect()) as { Containers?: object };
        for (const Container of Object.keys(Containers)) {
          await docker.getNetwork(network).disconnect({ Container, Force: true });
        }
        await docker.getNetwork(network).remove();
      })
      .catch(() => {});
  }

  /** What happens to a lab between its making and its end. */
  const fates: Readonly<Record<string, (lab: string) => Promise<unknown>>> = {
    'is deleted while it is made': () => delay(randomInt(1_500)),
    'is reset while it is made': (lab) => delay(randomInt(1_000)).then(() => reset(lab)),
    'is reset twice at once': async (lab) => {
      await ready(lab);
      await Promise.all([reset(lab), reset(lab)]);
    },
    'loses its partner': async (lab) => {
      await ready(lab);
      await harm(lab, 'partner', (one) => one.kill());
    },
    'loses its workspace': async (lab) => {
      await ready(lab);
      await harm(lab, 'workspace', (one) => one.remove({ force: true }));
    },
    'loses its gateway': async (lab) => {
      await ready(lab);
      await harm(lab, gateway, (one) => one.remove({ force: true }));
    },
    'loses its network': async (lab) => {
      await ready(lab);
      await loseNetwork(lab);
    },
    expires: async (lab) => {
      await ready(lab);
      await site.inDatabase('update labs set expires_at = now(), due_at = now() where id = $1', [lab]);
      await ended(lab);
    },
  };
  const names = Object.keys(fates);

  async function live(number: number): Promise<void> {
    const fate = names[number % names.length] ?? '';
    // A few have a database, another one each time.
    const template = number % 5 === 0 ? 'boxed' : 'boxed-shell';
    const { id } = await site.persistently((client) => client.create({ template }));
    try {
      await fates[fate]?.(id);
      const early = fate === 'is deleted while it is made';
      // Every other one is seen to be whole again; the rest end as they are.
      if (!early && fate !== 'expires' && Math.floor(number / names.length) % 2 === 0) await whole(id);
      if (fate !== 'expires') await site.persistently((client) => client.remove(id).catch(unlessRefused));
      await ended(id);
    } catch (thrown) {
      throw new Error(`lab ${id}, number ${number}, that ${fate}: ${(thrown as Error).message}`, {
        cause: thrown,
      });
    }
  }

  it('end as they should, whatever happens to them', async () => {
    const failed: string[] = [];
    for (let from = 0; from < lifecycles; from += burst) {
      const numbers = Array.from({ length: Math.min(burst, lifecycles - from) }, (_, index) => from + index);
      const lives = numbers.map((number) =>
        live(number).catch((thrown: Error) => void failed.push(thrown.message)),
      );
      if ((from / burst) % 2 === 1) {
        await delay(randomInt(4_000));
        await site.kill();
        await site.start();
      }
      await Promise.all(lives);
    }
    expect(failed).toEqual([]);
  });

  it('have all ended with a reason', async () => {
    // A request whose answer was lost to a kill made a lab that nobody knows of.
    await site.endAll();
    const ends = await site.inDatabase<{ reason: string; n: number }>(
      'select end_reason as reason, count(*)::int as n from labs group by 1 order by 1',
    );
    expect(ends.map(({ reason }) => reason)).toEqual(['deleted', 'expired']);
    expect(ends.reduce((sum, { n }) => sum + n, 0)).toBeGreaterThanOrEqual(lifecycles);
    const unended = "select phase from labs where phase <> 'terminated' or ended_at is null";
    expect(await site.inDatabase(unended)).toEqual([]);
  });

  it('have left nothing', async () => {
    await expect
      .poll(() => site.test.count(), { timeout: patienceMs, interval: 500 })
      .toEqual({ containers: 0, networks: 0, volumes: 0, images: 0 });
    const living = "select id from sandboxes where state in ('building', 'up')";
    expect(await site.inDatabase(living)).toEqual([]);
  });
});

/** It ends already, or cannot be reset now: that is an answer. */
function unlessRefused(problem: unknown): null {
  if (problem instanceof HttpProblem && [404, 409].includes(problem.status)) return null;
  throw problem;
}
