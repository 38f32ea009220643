/** Objects of a lab as a file for kubectl would have them. Pure. */
import { serverHome } from '../../../src/sandbox/containers/postgres/server.ts';
import { label } from '../../../src/sandbox/kubernetes/labels.ts';
import { dataPort, receivedLabel } from '../../../src/sandbox/kubernetes/postgres/data-port.ts';
import { podSecurity } from '../../../src/sandbox/kubernetes/spaces-objects.ts';

/** For the note of the row. */
export const notWithKubectl =
  'its databases fetch the same data from a pod that has them and let everybody in, and its API waits for them by itself; ' +
  'it fills no workspace, makes no passwords, and asks nothing but what probes ask';

interface Container {
  readonly image: string;
  readonly command?: readonly string[];
}

export interface MadeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>> & { readonly containers?: readonly Container[] };
  readonly [more: string]: unknown;
}

/** What the cluster wrote into it: of its names, its places and its defaults. */
const notOurs = {
  labels: ['kubernetes.io/metadata.name', receivedLabel],
  spec: [
    ...[
      'finalizers',
      'nodeName',
      'serviceAccount',
      'tolerations',
      'priority',
      'preemptionPolicy',
      'schedulerName',
    ],
    ...['clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy', 'volumeName'],
  ],
};

const without = (all: Readonly<Record<string, unknown>> = {}, names: readonly string[]) =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));

function asWritten({ apiVersion, kind, metadata, spec, ...more }: MadeObject): MadeObject {
  const { name, namespace, labels, annotations } = metadata;
  const own = without(spec, spec?.clusterIP === 'None' ? notOurs.spec : [...notOurs.spec, 'clusterIP']);
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: without(labels, notOurs.labels) as Record<string, string>,
      ...(annotations !== undefined && { annotations }),
    },
    ...without(more, ['status']),
    ...(spec !== undefined && { spec: own }),
  };
}

/** Data as they were made elsewhere, and no passwords. */
const fetching = (from: string) => `
perl -MIO::Socket::INET -e '
  my $from;
  select undef, undef, undef, 0.05 until $from = IO::Socket::INET->new(PeerAddr => "${from}:${dataPort}");
  open STDIN, "<&", $from; exec qw(tar x -b 512 -C .);'
printf 'host all all all trust\\n' > data/pg_hba.conf`;
const giving = `
until [ -e ${serverHome}/data ]; do sleep 0.1; done
exec perl -MIO::Socket::INET -e '
  my $listen = IO::Socket::INET->new(LocalPort => ${dataPort}, Listen => 64, ReuseAddr => 1) or die $!;
  $SIG{CHLD} = "IGNORE";
  while (1) {
    my $to = $listen->accept or next;
    next if fork;
    open STDOUT, ">&", $to; exec qw(tar c -b 512 -C ${serverHome} data);
  }'`;
const waiting = (host: string, port: number) =>
  `until (exec 3<>/dev/tcp/${host}/${port}) 2> /dev/null; do sleep 0.05; done; exec "$@"`;

/** As they are; but the supervisor of a database is given what fetches its data, and that of an API what waits for them. */
export function floorObjects(made: readonly MadeObject[], shared: string): readonly MadeObject[] {
  const isOurs = ({ kind, metadata: { name } }: MadeObject) =>
    kind !== 'ServiceAccount' || name !== 'default';
  const service = `${dataPod}.${shared}.svc`;
  return made
    .filter(isOurs)
    .map(asWritten)
    .map((object) => {
      if (object.kind === 'NetworkPolicy' && object.metadata.name === 'databases-in') return mayFetch(object);
      if (object.kind !== 'Pod') return object;
      return withCommand(object, (command) => {
        const [server, script] = [command.indexOf('server'), command.indexOf('server') - 1];
        if (server > 0) return command.with(script, `${fetching(service)}\n${command[script]}`);
        const program = command.indexOf('node');
        if (program < 0) return command;
        const wait = ['bash', '-c', waiting('database', 5432), 'wait'];
        // Nobody tells its supervisor to begin.
        const begun = command.map((word) => (word === 'wait' ? 'go' : word));
        return begun.toSpliced(program, 0, ...wait);
      });
    });
}

/** The other way round: what kubectl alone makes has nobody who sends. */
function mayFetch(policy: MadeObject): MadeObject {
  const { ingress, ...spec } = policy.spec as {
    readonly ingress: readonly { from: unknown; ports: unknown }[];
  };
  const egress = ingress.map(({ from, ports }) => ({ to: from, ports }));
  return { ...policy, spec: { ...spec, policyTypes: ['Egress'], egress } };
}

function withCommand(pod: MadeObject, change: (command: readonly string[]) => readonly string[]): MadeObject {
  const containers = (pod.spec?.containers ?? []).map((one) => ({
    ...one,
    command: change(one.command ?? []),
  }));
  return { ...pod, spec: { ...pod.spec, containers } };
}

export function sharedNamespace(name: string, installation: string) {
  const labels = { ...podSecurity, [label.installation]: installation };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

export const dataPod = 'database';

/** As the pod of a prepared server, with the rights of nobody, and its Service. */
export function dataObjects(prepared: MadeObject, namespace: string): readonly MadeObject[] {
  const pod = withCommand(asWritten(prepared), () => ['sh', '-c', giving]);
  const labels = { ...pod.metadata.labels, app: 'data' };
  const metadata = { name: dataPod, namespace };
  const ports = [{ port: dataPort }];
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'lab', namespace } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { app: 'data' }, ports } },
    { ...pod, metadata: { ...metadata, labels } },
  ];
}
