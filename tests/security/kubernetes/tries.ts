/** Shapes of attacks on a cluster: what is asked of its API, and pods that want more than they may have. */
import { type Attack, attack, type Outcome, outcome } from '../attack.ts';
import type { Request, Who } from './accounts.ts';
import type { Grounds } from './grounds.ts';
import { type PodChange, pathOf, podObject } from './objects.ts';
import type { KubernetesWorld } from './world.ts';

export type In = Attack<KubernetesWorld>;
export type About = Pick<Attack, 'name' | 'defence' | 'off'>;

/** By whom, and where. */
export type Side = readonly [Who, keyof Grounds];

export interface Asked extends About {
  readonly run: Side;
  readonly control: Side;
  readonly request: (ground: string, world: KubernetesWorld) => Request;
  /** Absent: to be let through is what the attacker wants. */
  readonly gained?: (body: string) => boolean;
}

export const inCluster = (one: Omit<In, 'family'>): In =>
  attack<KubernetesWorld>({ family: 'kubernetes', ...one });

export function asked({ run, control, request, gained, ...about }: Asked): In {
  const ask =
    ([who, ground]: Side) =>
    (world: KubernetesWorld, signal: AbortSignal) =>
      tried(world.as(who), request(world[ground], world), signal, gained);
  return inCluster({ ...about, run: ask(run), control: ask(control) });
}

/** Throws where the cluster says neither yes nor no: a request that makes no sense proves nothing. */
export async function tried(
  { ask }: Pick<ReturnType<KubernetesWorld['as']>, 'ask'>,
  request: Request,
  signal: AbortSignal,
  gained: (body: string) => boolean = () => true,
): Promise<Outcome> {
  const { status, body } = await ask(request, signal);
  const seen = `${request.method} ${request.path}: ${status} ${body.slice(0, 600)}`;
  if (status === 403 || status === 401) return outcome(false, seen);
  if (status >= 300) throw new Error(seen);
  return outcome(gained(body), seen);
}

export const won = (printed: string): Outcome => outcome(/^won$/m.test(printed), printed);

export interface UnsafePod extends PodChange {
  readonly name: string;
  /** Prints `won`. */
  readonly script: string;
}

/** A pod that Pod Security refuses, and what it could do were it let in. */
export function unsafePod({ name, script, ...change }: UnsafePod): In {
  const make = async (world: KubernetesWorld, ground: string, signal: AbortSignal): Promise<Outcome> => {
    const own = `bad-${name.replaceAll(/[^a-z]+/g, '-').slice(0, 40)}x`;
    const body = podObject(ground, own, script, change);
    const said = await tried(
      world.as('trainee'),
      { method: 'POST', path: pathOf(ground, 'pods'), body },
      signal,
    );
    return said.succeeded ? won(await world.printed(ground, own, signal)) : said;
  };
  return inCluster({
    name,
    defence: 'Pod Security `restricted`',
    off: 'a namespace without its label',
    run: (world, signal) => make(world, world.mine, signal),
    control: (world, signal) => make(world, world.withoutPodSecurity, signal),
  });
}
