/** The sample API of a lab: ours, or the trainee's copy of it. */
import { posix } from 'node:path';
import type { SampleApiComponent } from '../../../templates/types.ts';
import type { ResourceRef } from '../../naming.ts';
import type { Part, Piece } from '../../part.ts';
import { sampleApiAccess, sampleApiEnvironment } from '../../sample-api-account.ts';
import { heapOption, ourMask, type ProgramNeeds, plainProgram } from './needs.ts';
import type { Program } from './programs.ts';
import type { Runner } from './runner.ts';

const port = 3000;
/** How long a start may take on a busy machine. */
const startWithinMs = 30_000;
const folderOfOurs = '/app/src/sample-api';

export interface SampleApiPart extends Part<SampleApiComponent> {
  /** Before its database serves: what it will run in, where nothing of it is there. Starts nothing. */
  early(piece: Piece<SampleApiComponent>, signal: AbortSignal): Promise<void>;
}

export function createSampleApiPart(needs: ProgramNeeds, runner: Runner): SampleApiPart {
  const { containers, databases, environments, secrets, images } = needs;

  const access = (ref: ResourceRef) => sampleApiAccess(secrets, ref, { host: ref.component, port });

  const environment = (piece: Piece<SampleApiComponent>) =>
    sampleApiEnvironment(piece, { ...access(piece.ref), host: '0.0.0.0' }, databases, environments);

  function programOf(piece: Piece<SampleApiComponent>): Program {
    const { plan, ref, spec } = piece;
    return {
      plan,
      ref,
      title: 'The sample API',
      startWithinMs,
      ready: { by: 'http', port, path: '/health/ready' },
      async container() {
        const folder = spec.source === null ? folderOfOurs : runner.sourceFolder(plan, spec.source);
        return {
          ...plainProgram(piece),
          // What a trainee runs is in the same image as their shell, where nothing of ours is.
          image: spec.source === null ? images.labwright : images.workspace,
          ports: [port],
          entrypoint: ['node'],
          command: [heapOption(spec), posix.join(folder, 'main.ts')],
          env: await environment(piece),
          mounts: spec.source === null ? [] : [runner.sourceMount(plan, spec.source)],
          tmpfs: ourMask,
        };
      },
    };
  }

  return {
    ...runner.part(programOf, ({ spec }) => spec.source),
    async early(piece, signal) {
      // A trainee's begins with a copy of their files.
      if (piece.spec.source === null) await containers.early?.(await programOf(piece).container(), signal);
    },
    access: ({ ref }) => access(ref),
    address: ({ ref }, which) => (which === 'main' ? access(ref) : null),
    lacks: () => [],
  };
}
