/** Makes a container run: new, half-made, ended, held still, or taken from its network. */
import type { ContainerInspectInfo } from 'dockerode';
import { LabError } from '../../lab/errors.ts';
import type { ContainerSpec, FoundContainer } from '../containers/types.ts';
import { containerOptions, userOf } from './container-options.ts';
import type { ContainersOptions } from './containers.ts';
import { createContainerFiles } from './containers-files.ts';
import { engineStatus } from './engine-errors.ts';
import { foundOf, networkOf } from './found-container.ts';

interface Means {
  /** Null: it is not there. */
  look(name: string, signal: AbortSignal): Promise<ContainerInspectInfo | null>;
  toggle(id: string, what: 'pause' | 'unpause', signal: AbortSignal): Promise<unknown>;
  remove(id: string, signal: AbortSignal): Promise<void>;
}

/** A container that others make or remove at the same time settles within this many looks. */
const looks = 20;

/** As `Containers.ensure`, under any name. */
export function createEnsure(
  { engine, installationId, networks, log }: ContainersOptions,
  { look, toggle, remove }: Means,
): (spec: ContainerSpec, name: string, signal: AbortSignal) => Promise<FoundContainer> {
  const files = createContainerFiles(engine);
  let limitsDisk = true;

  async function imageUser(image: string, signal: AbortSignal): Promise<string> {
    const { Config } = await engine.ask(
      `look at image ${image}`,
      (docker) => docker.getImage(image).inspect(),
      signal,
    );
    return Config.User;
  }

  async function create(spec: ContainerSpec, name: string, signal: AbortSignal): Promise<string | null> {
    const network = spec.network ? await networks.ensure(spec.ref.sandboxId, signal) : 'none';
    const user = userOf(spec, spec.user === 'image' ? await imageUser(spec.image, signal) : '');
    const context = { installationId, name, network, user, now: new Date(), limitsDisk };
    try {
      const { id } = await engine.ask(
        `create container ${name}`,
        (docker, abortSignal) => docker.createContainer({ ...containerOptions(spec, context), abortSignal }),
        signal,
      );
      return id;
    } catch (thrown) {
      // Someone else was faster.
      if (engineStatus(thrown) === 409) return null;
      if (!limitsDisk || !/storage-opt|storage opt|pquota|quota/i.test(String(thrown))) throw thrown;
      limitsDisk = false;
      log.warn(
        { backend: 'docker' },
        "The engine's storage driver cannot limit how much a container writes: no disk limit is set.",
      );
      return create(spec, name, signal);
    }
  }

  /** Its network may have been removed, or made anew, since it was made. */
  async function connect(spec: ContainerSpec, id: string, network: string, signal: AbortSignal) {
    await engine
      .ask(
        `take container ${id} from its lost network`,
        (docker, abortSignal) =>
          docker.getNetwork(network).disconnect({ Container: id, Force: true, abortSignal }),
        signal,
      )
      .catch((thrown) => {
        if (engineStatus(thrown) === null) throw thrown;
      });
    await engine.ask(
      `connect container ${id} to its network`,
      (docker, abortSignal) =>
        docker.getNetwork(network).connect({
          Container: id,
          EndpointConfig: { Aliases: [...spec.aliases] },
          ...{ abortSignal },
        }),
      signal,
    );
  }

  async function start(spec: ContainerSpec, id: string, signal: AbortSignal): Promise<void> {
    const starting = () =>
      engine.ask(
        `start component "${spec.ref.component}"`,
        (docker, abortSignal) => docker.getContainer(id).start({ abortSignal }),
        signal,
      );
    const network = spec.network ? await networks.ensure(spec.ref.sandboxId, signal) : null;
    try {
      await starting();
    } catch (thrown) {
      if (engineStatus(thrown) === 304) return;
      if (network === null || !/network .*not found|could not find .*network/i.test(String(thrown)))
        throw thrown;
      await connect(spec, id, network, signal);
      await starting();
    }
  }

  async function ensure(spec: ContainerSpec, name: string, signal: AbortSignal): Promise<FoundContainer> {
    for (let attempt = 1; attempt <= looks; attempt++) {
      const info = await look(name, signal);
      if (info === null) {
        await create(spec, name, signal);
        continue;
      }
      const found = foundOf(info);
      if (found === null) throw new LabError('provision_failed', `Container ${name} is another's.`);
      switch (info.State.Status) {
        case 'running': {
          const network = spec.network ? await networks.ensure(spec.ref.sandboxId, signal) : null;
          if (network !== null && !networkOf(info, network)) await connect(spec, found.id, network, signal);
          return found;
        }
        case 'paused':
          await toggle(found.id, 'unpause', signal);
          break;
        case 'created':
          // Of a maker that is gone, or one that is at it: doing the same again does no harm.
          await files.put(spec, info.Config.User, found.id, signal);
          await start(spec, found.id, signal);
          return { ...found, state: 'running' };
        case 'exited':
          await start(spec, found.id, signal);
          return { ...found, state: 'running' };
        default:
          await remove(found.id, signal);
      }
    }
    throw new LabError('provision_failed', `Container ${name} does not come to run.`);
  }

  return ensure;
}
