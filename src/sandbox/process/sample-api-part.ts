/** The sample API of a lab: ours, or the trainee's copy of it. */
import { join } from 'node:path';
import type { ComponentAccess } from '../../lab/ports.ts';
import type { SampleApiComponent } from '../../templates/types.ts';
import type { Environments } from '../environment.ts';
import type { ResourceRef } from '../naming.ts';
import { type Part, type Piece, pieceOfKind } from '../part.ts';
import { sampleApiAccount } from '../sample-api-account.ts';
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
  function access(ref: ResourceRef): Extract<ComponentAccess, { kind: 'sample-api' }> {
    const host = '127.0.0.1';
    const port = portOf(records, ref.sandboxId, ref.component);
    return {
      kind: 'sample-api',
      url: `http://${host}:${port}`,
      host,
      port,
      ...sampleApiAccount(secrets, ref),
    };
  }

  async function environment(piece: Piece<SampleApiComponent>): Promise<Record<string, string>> {
    const { plan, ref, spec } = piece;
    const { host, port, account, jwtSecret } = access(ref);
    return {
      PATH: '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      // Compiled once, not once a lab.
      NODE_COMPILE_CACHE: caches.labs,
      ...environments.facts(plan, spec.uses),
      DATABASE_URL: databases.apiUrl(pieceOfKind(plan, spec.database, 'postgres', 'database')),
      HOST: host,
      PORT: String(port),
      JWT_SECRET: jwtSecret,
      VARIANT: spec.variant,
      SEED: 'never',
      BOOTSTRAP_USER: JSON.stringify(account),
      POOL_SIZE: '4',
      // It must outlive a killed Labwright, which finds it again.
      EXIT_WITH_PARENT: '0',
      ...(await environments.own(piece, spec.env)),
    };
  }

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
