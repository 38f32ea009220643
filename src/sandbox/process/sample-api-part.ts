/** The sample API of a lab: ours, or the trainee's copy of it. */
import { join } from 'node:path';
import type { SampleApiComponent } from '../../templates/types.ts';
import type { Environments } from '../environment.ts';
import type { ResourceRef } from '../naming.ts';
import type { Part, Piece } from '../part.ts';
import { sampleApiAccess, sampleApiEnvironment } from '../sample-api-account.ts';
import type { DeriveSecret } from '../secrets.ts';
import type { CompileCaches } from './compile-caches.ts';
import type { ProcessDriverOptions } from './options.ts';
import { portOf } from './ports.ts';
import type { PostgresPart } from './postgres-part.ts';
import type { Program } from './programs.ts';
import { httpTrouble } from './readiness.ts';
import type { Records } from './records.ts';
import type { Runner } from './runner.ts';

/** How long a start may take on a busy machine. */
const startWithinMs = 30_000;
const heapMegabytes = 256;

export function createSampleApiPart(
  records: Records,
  runner: Runner,
  databases: PostgresPart,
  environments: Environments,
  secrets: DeriveSecret,
  caches: CompileCaches,
  options: Pick<ProcessDriverOptions, 'node' | 'sampleApi' | 'labUser'>,
): Part<SampleApiComponent> {
  function access(ref: ResourceRef) {
    const port = portOf(records, ref.sandboxId, ref.component);
    return sampleApiAccess(secrets, ref, { host: '127.0.0.1', port });
  }

  const environment = (piece: Piece<SampleApiComponent>) =>
    sampleApiEnvironment(piece, access(piece.ref), databases, environments, {
      PATH: '/usr/bin:/bin',
      // Compiled once, not once a lab.
      NODE_COMPILE_CACHE: caches.labs,
      // It must outlive a killed Labwright, which finds it again.
      EXIT_WITH_PARENT: '0',
    });

  function programOf(piece: Piece<SampleApiComponent>): Program {
    const { ref, spec } = piece;
    const memoryMb = spec.limits?.memoryMb ?? null;
    // Without a source it is as fast to start from the folder of ours as it ever was.
    const folder =
      spec.source === null ? options.sampleApi.folder : runner.sourceFolder(piece.plan, spec.source);
    return {
      ref,
      title: 'The sample API',
      ports: [ref.component],
      startWithinMs,
      launch: async () => ({
        program: options.node,
        args: [
          `--max-old-space-size=${memoryMb ?? heapMegabytes}`,
          ...(spec.source === null ? [] : caches.copyOptions),
          join(folder, 'main.ts'),
        ],
        cwd: spec.source === null ? '/' : folder,
        env: await environment(piece),
        user: options.labUser,
        memoryMb,
      }),
      trouble: (timeoutMs) => httpTrouble(access(ref).port, '/health/ready', timeoutMs),
    };
  }

  return {
    ...runner.part(programOf, ({ spec }) => spec.source),
    access: ({ ref }) => access(ref),
    address: ({ ref }, port) => (port === 'main' ? access(ref) : null),
    lacks: () => [],
  };
}
