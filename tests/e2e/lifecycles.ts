/**
 * Labs in bursts, each harmed in its own way, while the server is killed again and again. Every lab that was accepted
 * becomes ready and ends as it was told to, and nothing of any is left.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { imagesTimeoutMs } from '../support/images.ts';
import { HttpProblem } from './client.ts';
import type { LabSite } from './lab-site.ts';
import { eventually } from './support.ts';

export interface Lives<Site extends LabSite> {
  readonly count: number;
  /** So many at once. */
  readonly burst: number;
  readonly patienceMs: number;
  start(env: Readonly<Record<string, string>>): Promise<Site>;
  /** What harms a lab that is ready, by what is said of that lab. It may break, where there is nothing to harm. */
  readonly losses: Readonly<Record<string, (site: Site, lab: string) => Promise<unknown>>>;
  /** What a lab should have is there. */
  isWhole(site: Site, lab: string): Promise<boolean>;
  /** What the backend counts when no lab has anything. */
  readonly nothing: Readonly<Record<string, number>>;
}

/** As LABWRIGHT_LIFECYCLES says. */
export function lifecyclesOr(usual: number): number {
  return Number(process.env.LABWRIGHT_LIFECYCLES ?? usual);
}

export function livesOfLabs<Site extends LabSite>(lives: Lives<Site>): void {
  const { count, burst, patienceMs } = lives;
  let site: Site;
  beforeAll(async () => {
    site = await lives.start({ CONCURRENCY: '4', LOG_LEVEL: 'warn' });
  }, imagesTimeoutMs);
  afterAll(() => site?.stop(), 240_000);

  const ready = (lab: string) => site.persistently((client) => client.untilReady(lab, patienceMs));
  const ended = (lab: string) => site.persistently((client) => client.untilEnded(lab, patienceMs));
  const reset = (lab: string) => site.persistently((client) => client.reset(lab).catch(unlessRefused));

  /** Its status may be of before the harm: what it really has is looked at as well. */
  async function whole(lab: string): Promise<void> {
    await eventually(
      async () => {
        const { status } = await site.persistently((client) => client.lab(lab));
        return status === 'ready' && lives.isWhole(site, lab);
      },
      () => `lab ${lab} to be whole`,
      patienceMs,
    );
  }

  const losses = Object.entries(lives.losses).map(([name, lose]) => {
    const fate = async (lab: string) => {
      await ready(lab);
      // Harm is done to what is there: a server that was killed may be in the middle of making it.
      await lose(site, lab).catch(() => {});
    };
    return [name, fate] as const;
  });

  /** What happens to a lab between its making and its end. */
  const fates: Readonly<Record<string, (lab: string) => Promise<unknown>>> = {
    'is deleted while it is made': () => delay(randomInt(1_500)),
    'is reset while it is made': (lab) => delay(randomInt(1_000)).then(() => reset(lab)),
    'is reset twice at once': async (lab) => {
      await ready(lab);
      await Promise.all([reset(lab), reset(lab)]);
    },
    ...Object.fromEntries(losses),
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
    for (let from = 0; from < count; from += burst) {
      const numbers = Array.from({ length: Math.min(burst, count - from) }, (_, index) => from + index);
      const living = numbers.map((number) =>
        live(number).catch((thrown: Error) => void failed.push(thrown.message)),
      );
      if ((from / burst) % 2 === 1) {
        await delay(randomInt(4_000));
        await site.kill();
        await site.start();
      }
      await Promise.all(living);
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
    expect(ends.reduce((sum, { n }) => sum + n, 0)).toBeGreaterThanOrEqual(count);
    const unended = "select phase from labs where phase <> 'terminated' or ended_at is null";
    expect(await site.inDatabase(unended)).toEqual([]);
  });

  it('have left nothing', async () => {
    await expect.poll(() => site.test.count(), { timeout: patienceMs, interval: 500 }).toEqual(lives.nothing);
    const living = "select id from sandboxes where state in ('building', 'up')";
    expect(await site.inDatabase(living)).toEqual([]);
  });
}

/** It ends already, or cannot be reset now: that is an answer. */
function unlessRefused(problem: unknown): null {
  if (problem instanceof HttpProblem && [404, 409].includes(problem.status)) return null;
  throw problem;
}
