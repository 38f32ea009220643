/** A volume for each workspace of a sandbox; it belongs to the lab's user. */
import { randomBytes } from 'node:crypto';
import type { Naming } from '../naming.ts';
import { componentPart } from '../naming.ts';
import type { Engine } from './engine.ts';
import { engineStatus } from './engine-errors.ts';
import { containerLabels, labelFilter, sandboxLabels } from './labels.ts';
import { tarOf } from './tar.ts';

export interface Volumes {
  /** Of a workspace. */
  nameOf(sandboxId: string, component: string): string;
  /** Makes those that are missing, and gives all of them to the lab's user. Idempotent. */
  ensure(sandboxId: string, components: readonly string[], signal: AbortSignal): Promise<void>;
  /** All of a sandbox, but for those that a container still has. */
  remove(sandboxId: string, signal: AbortSignal): Promise<void>;
}

/** @param image any that is there: a container of it is made, and never started, to hand volumes over. */
export function createVolumes(
  engine: Engine,
  installationId: string,
  naming: Naming,
  image: string,
): Volumes {
  const nameOf = (sandboxId: string, component: string) =>
    `${naming.sandboxPrefix(sandboxId)}files_${componentPart(component)}`;

  /** Only the engine has root, and what it unpacks it gives to whom the archive says: also a volume's own root. */
  async function handOver(sandboxId: string, names: readonly string[], signal: AbortSignal): Promise<void> {
    const name = `${naming.sandboxPrefix(sandboxId)}volumes_${randomBytes(4).toString('hex')}`;
    const facts = {
      sandboxId,
      component: 'volumes',
      generation: 0,
      role: 'job' as const,
      createdAt: new Date(),
    };
    const owner = { uid: 999, gid: 999 };
    const archive = await tarOf({ files: new Map(), folders: names.map((at) => `volumes/${at}`), owner });
    try {
      await engine.ask(
        'hand volumes over',
        async (docker, abortSignal) => {
          const container = await docker.createContainer({
            ...{ name, Image: image, Cmd: ['none'], NetworkDisabled: true, abortSignal },
            Labels: containerLabels(installationId, facts),
            HostConfig: { NetworkMode: 'none', Binds: names.map((at) => `${at}:/volumes/${at}:nocopy`) },
          });
          await container.putArchive(archive, { path: '/', abortSignal });
        },
        signal,
      );
    } finally {
      const ownSignal = AbortSignal.timeout(30_000);
      await engine
        .ask(
          'remove a container',
          (docker, abortSignal) => docker.getContainer(name).remove({ v: true, force: true, abortSignal }),
          ownSignal,
        )
        .catch(() => {
          // It is found by its label when the sandbox goes.
        });
    }
  }

  return {
    nameOf,
    async ensure(sandboxId, components, signal) {
      const names = components.map((component) => nameOf(sandboxId, component));
      const Labels = sandboxLabels(installationId, sandboxId, new Date());
      for (const Name of names) {
        await engine.ask(
          `make volume ${Name}`,
          // One that is there stays as it is.
          (docker, abortSignal) => docker.createVolume({ Name, Labels, ...{ abortSignal } }),
          signal,
        );
      }
      if (names.length > 0) await handOver(sandboxId, names, signal);
    },
    async remove(sandboxId, signal) {
      const filters = labelFilter(installationId, sandboxId);
      const { Volumes } = await engine.ask(
        'list volumes',
        (docker, abortSignal) => docker.listVolumes({ filters, ...{ abortSignal } }),
        signal,
      );
      for (const { Name } of Volumes ?? []) {
        try {
          await engine.ask(
            `remove volume ${Name}`,
            (docker, abortSignal) => docker.getVolume(Name).remove({ abortSignal }),
            signal,
          );
        } catch (thrown) {
          // One that another lab's files are being copied from is found again by its label.
          const status = engineStatus(thrown);
          if (status !== 404 && status !== 409) throw thrown;
        }
      }
    },
  };
}
