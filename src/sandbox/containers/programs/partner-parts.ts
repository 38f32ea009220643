/** Our own programs beside a lab: partners that it talks to, and load on it. Nobody enters their containers. */
import { traineeFacts } from '../../../lab/access.ts';
import type { ComponentAccess } from '../../../lab/ports.ts';
import type { StubComponent, TrafficComponent } from '../../../templates/types.ts';
import type { ResourceRef } from '../../naming.ts';
import type { Part, Piece } from '../../part.ts';
import { partnerConfig } from '../../template-files.ts';
import type { ContainerSpec } from '../types.ts';
import { heapOption, ourMask, ownFolderOf, type ProgramNeeds, plainProgram } from './needs.ts';
import type { Program } from './programs.ts';
import type { Runner } from './runner.ts';

const mainPort = 8080;
const controlPort = 8081;
const startWithinMs = 30_000;

export interface PartnerParts {
  readonly stub: Part<StubComponent>;
  readonly traffic: Part<TrafficComponent>;
}

export function createPartnerParts(needs: ProgramNeeds, runner: Runner): PartnerParts {
  const { environments, secrets, images } = needs;
  const tokenOf = (ref: ResourceRef) => secrets(ref, 'control');
  const urlOf = ({ component }: ResourceRef) => `http://${component}:${mainPort}`;

  async function container(
    piece: Piece,
    program: 'stub' | 'traffic',
    file: string,
    more: (config: string) => Readonly<Record<string, string>>,
  ): Promise<ContainerSpec> {
    const { ref, spec } = piece;
    const folder = ownFolderOf(ref);
    const config = `${folder}/config.json`;
    const content = new TextEncoder().encode(await partnerConfig(environments, piece, file));
    return {
      ...plainProgram(piece),
      image: images.labwright,
      ports: [program === 'stub' ? mainPort : controlPort],
      entrypoint: ['node'],
      command: [heapOption(spec), `/app/src/${program}/main.ts`],
      env: {
        LANG: 'C.UTF-8',
        HOST: '0.0.0.0',
        CONTROL_PORT: String(controlPort),
        CONTROL_TOKEN: tokenOf(ref),
        // Not in memory: what was heard before a restart is remembered after it.
        JOURNAL_FILE: `${folder}/journal.jsonl`,
        ...more(config),
        ...(await environments.own(piece, {})),
      },
      tmpfs: ourMask,
      ownFolder: folder,
      files: new Map([[config, { content, mode: 0o600 }]]),
    };
  }

  const programOf = (piece: Piece, title: string, making: () => Promise<ContainerSpec>): Program => ({
    plan: piece.plan,
    ref: piece.ref,
    title,
    startWithinMs,
    ready: { by: 'http', port: controlPort, path: '/health' },
    container: making,
  });

  const stubProgram = (piece: Piece<StubComponent>): Program =>
    programOf(piece, `The partner "${piece.ref.component}"`, () =>
      container(piece, 'stub', piece.spec.file, (config) => ({
        PORT: String(mainPort),
        PUBLIC_URL: urlOf(piece.ref),
        STUB_FILE: config,
        MOOD: piece.spec.mood,
        TRAINEE: piece.spec.trainee.join(','),
      })),
    );

  const trafficProgram = (piece: Piece<TrafficComponent>): Program =>
    programOf(piece, `The load "${piece.ref.component}"`, () => {
      const { plan, ref, spec } = piece;
      return container(piece, 'traffic', spec.file, (config) => ({
        TRAFFIC_FILE: config,
        TARGET_URL: targetUrl(spec, needs.access(plan, spec.target)),
        RATE: String(spec.rate),
        SEED: secrets(ref, 'traffic'),
      }));
    });

  return {
    stub: {
      ...runner.part(stubProgram, () => null),
      access: ({ ref }) => {
        const host = ref.component;
        return { kind: 'stub', url: urlOf(ref), host, port: mainPort, controlToken: tokenOf(ref) };
      },
      address: ({ ref }, which) => {
        const port = { main: mainPort, control: controlPort };
        return typeof which === 'string' ? { host: ref.component, port: port[which] } : null;
      },
      lacks: () => [],
    },
    traffic: {
      ...runner.part(trafficProgram, () => null),
      access: ({ ref }) => ({ kind: 'traffic', controlToken: tokenOf(ref) }),
      address: ({ ref }, which) => (which === 'control' ? { host: ref.component, port: controlPort } : null),
      lacks: () => [],
    },
  };
}

/** Of a component, or of a Service in a trainee's namespace. */
function targetUrl({ service }: TrafficComponent, access: ComponentAccess): string {
  if (service === undefined || access.kind !== 'namespace') return String(traineeFacts(access).url);
  return `http://${service.name}.${access.namespace}.svc:${service.port}`;
}
