/** All that sandboxes have in the engine, by label alone: whoever made it, and however far they came. */
import type { SandboxDriver } from '../../lab/ports.ts';
import type { Containers, Networks } from '../containers/types.ts';
import type { Engine } from './engine.ts';
import { engineStatus } from './engine-errors.ts';
import { type LabelMap, label, labelFilter } from './labels.ts';
import { preparingSandbox } from './postgres/prepared-images.ts';
import type { Volumes } from './volumes.ts';

export interface Belongings {
  list: SandboxDriver['list'];
  /**
   * What others still stand on (a copy of a copy, files that are being copied) stays listed, to be removed once they
   * are gone.
   */
  remove(sandboxId: string, signal: AbortSignal): Promise<void>;
  /** Ends what only serves components, when none of them runs any more. */
  rest(sandboxId: string, forget: () => void, signal: AbortSignal): Promise<void>;
}

export interface BelongingsNeeds {
  readonly engine: Engine;
  readonly installationId: string;
  readonly containers: Containers;
  readonly networks: Networks;
  readonly volumes: Volumes;
}

export function createBelongings(needs: BelongingsNeeds): Belongings {
  const { engine, installationId, containers, networks, volumes } = needs;

  async function labelled(filters: { label: string[] }, signal: AbortSignal): Promise<LabelMap[]> {
    return engine.ask(
      'list what labs have',
      async (docker, abortSignal) => {
        const [boxes, nets, vols, copies] = await Promise.all([
          docker.listContainers({ all: true, filters, abortSignal }),
          docker.listNetworks({ filters, abortSignal }),
          docker.listVolumes({ filters, ...{ abortSignal } }),
          docker.listImages({ filters, abortSignal }),
        ]);
        const all = [...boxes, ...nets, ...(vols.Volumes ?? []), ...copies];
        return all.map(({ Labels }) => Labels ?? {});
      },
      signal,
    );
  }

  /** Copies of containers that were made for it. */
  async function removeImages(sandboxId: string, signal: AbortSignal): Promise<void> {
    const filters = labelFilter(installationId, sandboxId);
    const found = await engine.ask(
      'list images',
      (docker, abortSignal) => docker.listImages({ filters, abortSignal }),
      signal,
    );
    for (const { Id } of found) {
      try {
        await engine.ask(
          'remove an image',
          // A copy of a copy kept what it was made of: that goes with it, where nobody else has it.
          (docker, abortSignal) => docker.getImage(Id).remove({ abortSignal }),
          signal,
        );
      } catch (thrown) {
        const status = engineStatus(thrown);
        if (status !== 404 && status !== 409) throw thrown;
      }
    }
  }

  return {
    async list(signal) {
      const first = new Map<string, number>();
      for (const labels of await labelled(labelFilter(installationId), signal)) {
        const sandboxId = labels[label.sandbox];
        if (!sandboxId || sandboxId === preparingSandbox) continue;
        const made = Date.parse(labels[label.createdAt] ?? '') || Date.now();
        first.set(sandboxId, Math.min(made, first.get(sandboxId) ?? made));
      }
      return [...first].map(([sandboxId, made]) => ({ sandboxId, createdAt: new Date(made) }));
    },
    async remove(sandboxId, signal) {
      const found = await containers.find(sandboxId, signal);
      await Promise.all(found.map(({ id }) => containers.remove(id, signal)));
      await Promise.all([
        networks.remove(sandboxId, signal),
        volumes.remove(sandboxId, signal),
        removeImages(sandboxId, signal),
      ]);
    },
    async rest(sandboxId, forget, signal) {
      const found = await containers.find(sandboxId, signal);
      const idle = found.filter(({ state }) => state === 'running' || state === 'paused');
      if (idle.some(({ role }) => role !== 'gateway')) return;
      forget();
      for (const { id } of idle) await containers.stop(id, 0, signal);
    },
  };
}
