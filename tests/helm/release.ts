/** A release of the chart in a namespace of its own in the real cluster. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { chart, helm, kubectl, kubectlProgram } from './helm.ts';

/** Bundled servers, as few pods as will do, and labs only when they are asked for. */
const small = [
  ...['postgresql.bundled=true', 'redis.bundled=true', 'secret.generate=true', 'settings.SPARES=0'],
  ...['api.autoscaling.enabled=false', 'api.replicas=1', 'worker.replicas=1'],
];

export interface Release {
  readonly namespace: string;
  /** kubectl in its namespace. */
  kubectl(...args: readonly string[]): Promise<string>;
  install(): Promise<void>;
  upgrade(...values: readonly string[]): Promise<void>;
  helm(command: string, ...args: readonly string[]): Promise<string>;
  /** Of what its labs are marked with. */
  installationId(): Promise<string>;
  token(role: 'trainee' | 'instructor', subject: string): Promise<string>;
  /** An address on this machine that leads to the API, also after its pods have been replaced. */
  url(): Promise<string>;
  /** Also its labs and its namespace; returns when they are gone. */
  stop(): Promise<void>;
}

export function startRelease(): Release {
  const namespace = `labwright-test-${randomBytes(4).toString('hex')}`;
  const inside = ['--namespace', namespace];
  const waiting = ['--wait', '--timeout', '5m'];
  const own = (...args: readonly string[]) => kubectl(...inside, ...args);
  const sets = (values: readonly string[]) => values.flatMap((one) => ['--set', one]);
  let forward: ChildProcess | null = null;
  let installation: string | null = null;

  async function installationId(): Promise<string> {
    installation ??= (
      await own(
        ...['exec', 'labwright-postgresql-0', '--', 'psql', '--username=labwright', '--tuples-only'],
        ...['--no-align', '--command=select id from installation'],
      )
    ).trim();
    return installation;
  }

  function endForward(): void {
    forward?.kill();
    forward = null;
  }

  return {
    namespace,
    kubectl: own,
    installationId,
    helm: (command, ...args) => helm(command, 'labwright', ...args, ...inside),
    async install() {
      await kubectl('create', 'namespace', namespace);
      await own('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
      await helm('install', 'labwright', chart, ...inside, ...sets(small), ...waiting);
    },
    async upgrade(...values) {
      await helm('upgrade', 'labwright', chart, ...inside, '--reuse-values', ...sets(values), ...waiting);
    },
    async token(role, subject) {
      const made = await own(
        ...[
          'exec',
          'deployment/labwright-api',
          '--',
          'labwright',
          'token',
          'create',
          subject,
          '--role',
          role,
        ],
      );
      return made.trim();
    },
    async url() {
      endForward();
      const child = spawn(kubectlProgram, [...inside, 'port-forward', 'service/labwright', ':80'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      forward = child;
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
      const ended = once(child, 'exit').then(() => Promise.reject(new Error(`port-forward: ${said}`)));
      ended.catch(() => {});
      for (;;) {
        const [, port] = /127\.0\.0\.1:(\d+) ->/.exec(said) ?? [];
        if (port !== undefined) return `http://127.0.0.1:${port}`;
        await Promise.race([delay(50), ended]);
      }
    },
    async stop() {
      endForward();
      const id = await installationId().catch(() => null);
      await helm('uninstall', 'labwright', ...inside, '--wait').catch(() => {});
      const selector = `labwright.dev/installation=${id}`;
      if (id !== null) await kubectl('delete', 'namespaces,persistentvolumes', '--selector', selector);
      await kubectl('delete', 'namespace', namespace, '--ignore-not-found');
    },
  };
}
