/** Our own programs beside a lab: partners that it talks to, and load on it. Their journals are out of its reach. */
import { writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder } from '../../embedded/folder.ts';
import { traineeFacts } from '../../lab/access.ts';
import type { ComponentAccess, SandboxPlan } from '../../lab/ports.ts';
import type { StubComponent, TrafficComponent } from '../../templates/types.ts';
import type { Environments } from '../environment.ts';
import { type ResourceRef, workspaceFolder } from '../naming.ts';
import type { Address, Part, Piece } from '../part.ts';
import type { DeriveSecret } from '../secrets.ts';
import { partnerConfig } from '../template-files.ts';
import type { CompileCaches } from './compile-caches.ts';
import type { ProcessDriverOptions } from './options.ts';
import { removeOtherGenerations } from './own-folder.ts';
import { portOf } from './ports.ts';
import type { Launch, Program } from './programs.ts';
import { httpTrouble } from './readiness.ts';
import type { Records } from './records.ts';
import type { Runner } from './runner.ts';

const host = '127.0.0.1';
const startWithinMs = 30_000;
const heapMegabytes = 128;

export interface PartnerParts {
  readonly stub: Part<StubComponent>;
  readonly traffic: Part<TrafficComponent>;
}

export function createPartnerParts(
  records: Records,
  runner: Runner,
  environments: Environments,
  secrets: DeriveSecret,
  accessTo: (plan: SandboxPlan, component: string) => ComponentAccess,
  caches: CompileCaches,
  options: Pick<ProcessDriverOptions, 'node' | 'partners'>,
): PartnerParts {
  const { user } = options.partners;
  const controlName = ({ component }: ResourceRef) => `${component}/control`;
  const tokenOf = (ref: ResourceRef) => secrets(ref, 'control');
  const main = ({ ref }: Piece): Address => ({ host, port: portOf(records, ref.sandboxId, ref.component) });
  const control = ({ ref }: Piece): Address => ({
    host,
    port: portOf(records, ref.sandboxId, controlName(ref)),
  });

  /** The template's file, filled, where only the partner and we can read it. JSON is YAML too. */
  async function writeConfig(piece: Piece, file: string): Promise<{ config: string; journal: string }> {
    const { ref } = piece;
    const filled = await partnerConfig(environments, piece, file);
    const folder = join(records.folder(ref.sandboxId), workspaceFolder(ref));
    ensureFolder(folder, user, 0o700);
    await removeOtherGenerations(folder);
    const config = join(folder, 'config.json');
    writeFileSync(config, filled, { mode: 0o600 });
    if (user !== null) await chown(config, user.uid, user.gid);
    return { config, journal: join(folder, 'journal.jsonl') };
  }

  async function launch(
    piece: Piece,
    folder: string,
    file: string,
    more: (config: string) => Readonly<Record<string, string>>,
  ): Promise<Launch> {
    const { ref, spec } = piece;
    const { config, journal } = await writeConfig(piece, file);
    const memoryMb = spec.limits?.memoryMb ?? null;
    return {
      program: options.node,
      args: [`--max-old-space-size=${memoryMb ?? heapMegabytes}`, join(folder, 'main.ts')],
      cwd: '/',
      env: {
        PATH: '/usr/bin:/bin',
        LANG: 'C.UTF-8',
        NODE_COMPILE_CACHE: caches.partners,
        HOST: host,
        CONTROL_PORT: String(control(piece).port),
        CONTROL_TOKEN: tokenOf(ref),
        JOURNAL_FILE: journal,
        // It must outlive a killed Labwright, which finds it again.
        EXIT_WITH_PARENT: '0',
        ...more(config),
        ...(await environments.own(piece, {})),
      },
      user,
      memoryMb,
    };
  }

  const programOf = (
    piece: Piece,
    title: string,
    ports: readonly string[],
    launching: () => Promise<Launch>,
  ): Program => ({
    ref: piece.ref,
    title,
    ports,
    startWithinMs,
    launch: launching,
    trouble: (timeoutMs) => httpTrouble(control(piece).port, '/health', timeoutMs),
  });

  const stubProgram = (piece: Piece<StubComponent>): Program =>
    programOf(
      piece,
      `The partner "${piece.ref.component}"`,
      [piece.ref.component, controlName(piece.ref)],
      () =>
        launch(piece, options.partners.stub, piece.spec.file, (config) => ({
          PORT: String(main(piece).port),
          STUB_FILE: config,
          MOOD: piece.spec.mood,
          TRAINEE: piece.spec.trainee.join(','),
        })),
    );

  const trafficProgram = (piece: Piece<TrafficComponent>): Program =>
    programOf(piece, `The load "${piece.ref.component}"`, [controlName(piece.ref)], () => {
      const { plan, ref, spec } = piece;
      const { url } = traineeFacts(accessTo(plan, spec.target));
      return launch(piece, options.partners.traffic, spec.file, (config) => ({
        TRAFFIC_FILE: config,
        TARGET_URL: String(url),
        RATE: String(spec.rate),
        SEED: secrets(ref, 'traffic'),
      }));
    });

  return {
    stub: {
      ...runner.part(stubProgram, () => null),
      access: (piece) => {
        const { port } = main(piece);
        return { kind: 'stub', url: `http://${host}:${port}`, host, port, controlToken: tokenOf(piece.ref) };
      },
      address: (piece, port) => (port === 'main' ? main(piece) : port === 'control' ? control(piece) : null),
      lacks: () => [],
    },
    traffic: {
      ...runner.part(trafficProgram, () => null),
      access: ({ ref }) => ({ kind: 'traffic', controlToken: tokenOf(ref) }),
      address: (piece, port) => (port === 'control' ? control(piece) : null),
      lacks: () => [],
    },
  };
}
