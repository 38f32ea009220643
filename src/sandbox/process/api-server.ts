/** The sample API of a lab: one child process on a loopback port. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../lab/errors.ts';
import type { ComponentObservation } from '../../lab/lab.ts';
import type { ComponentAccess } from '../../lab/ports.ts';
import type { SampleApiComponent } from '../../templates/types.ts';
import type { ResourceRef } from '../naming.ts';
import type { DeriveSecret } from '../secrets.ts';
import type { Children } from './children.ts';
import { probe } from './http-probe.ts';
import { tailOf } from './log-file.ts';
import type { ProcessDriverOptions } from './options.ts';
import { portOf, takePort } from './ports.ts';
import type { Records } from './records.ts';

/** How long a start may take on a busy machine. */
const startWithinMs = 30_000;
const pollEveryMs = 10;
const heapMegabytes = 256;

/** The same in every lab; only the password differs. */
const trainee = {
  id: '7a1e0000-0000-4000-8000-000000000001',
  email: 'trainee@dotmac.example',
  tenantId: '7e000000-0000-4000-8000-000000000001',
  permissions: [
    ...['tenant:read', 'user:read', 'customer:read', 'customer:write', 'service:read', 'service:write'],
    ...['plan:read', 'plan:write', 'invoice:read', 'invoice:write', 'payment:read', 'payment:write'],
    ...['ticket:read', 'ticket:write', 'usage:read', 'metrics:read', 'audit:read'],
  ],
} as const;

export interface ApiServers {
  /** @param databaseUrl as the sample API's own role. */
  ensure(ref: ResourceRef, spec: SampleApiComponent, databaseUrl: string, signal: AbortSignal): Promise<void>;
  observe(ref: ResourceRef): Promise<ComponentObservation>;
  access(ref: ResourceRef): Extract<ComponentAccess, { kind: 'sample-api' }>;
}

export function createApiServers(
  records: Records,
  children: Children,
  secrets: DeriveSecret,
  options: Pick<ProcessDriverOptions, 'node' | 'sampleApi' | 'dataDir'>,
): ApiServers {
  const logPath = ({ sandboxId, component }: ResourceRef) =>
    join(records.folder(sandboxId), `${component}.log`);

  function access(ref: ResourceRef): Extract<ComponentAccess, { kind: 'sample-api' }> {
    const host = '127.0.0.1';
    const port = portOf(records, ref.sandboxId, ref.component);
    const account = { ...trainee, password: secrets(ref, 'api:trainee') };
    return {
      kind: 'sample-api',
      url: `http://${host}:${port}`,
      host,
      port,
      account,
      jwtSecret: secrets(ref, 'api:jwt'),
    };
  }

  function launch(ref: ResourceRef, spec: SampleApiComponent, databaseUrl: string): void {
    const { host, port, account, jwtSecret } = access(ref);
    children.start({
      ...ref,
      program: options.node,
      args: [`--max-old-space-size=${heapMegabytes}`, join(options.sampleApi.folder, 'main.ts')],
      cwd: '/',
      logPath: logPath(ref),
      env: {
        PATH: '/usr/bin:/bin',
        LANG: 'C.UTF-8',
        // Compiled once, not once a lab.
        NODE_COMPILE_CACHE: join(options.dataDir, 'sandboxes', '.compile-cache'),
        DATABASE_URL: databaseUrl,
        HOST: host,
        PORT: String(port),
        JWT_SECRET: jwtSecret,
        VARIANT: spec.variant,
        SEED: 'never',
        BOOTSTRAP_USER: JSON.stringify(account),
        POOL_SIZE: '4',
        // It must outlive a killed Labwright, which finds it again.
        EXIT_WITH_PARENT: '0',
      },
    });
  }

  /** True when it serves, false when it has ended. */
  async function awaitReady(ref: ResourceRef, signal: AbortSignal): Promise<boolean> {
    const { port } = access(ref);
    const deadline = performance.now() + startWithinMs;
    while (children.find(ref.sandboxId, ref.component) !== null) {
      if ((await probe(port, '/health/ready', 1_000)) === 200) return true;
      signal.throwIfAborted();
      if (performance.now() > deadline) {
        await children.stop(ref.sandboxId, ref.component);
        throw startFailed(ref, `It did not answer on port ${port} within ${startWithinMs / 1000} s.`);
      }
      await delay(pollEveryMs);
    }
    return false;
  }

  function startFailed(ref: ResourceRef, what: string): LabError {
    return new LabError(
      'start_failed',
      `The sample API did not start. ${what}\n${tailOf(logPath(ref))}`.trim(),
    );
  }

  return {
    access,
    async ensure(ref, spec, databaseUrl, signal) {
      const running = children.find(ref.sandboxId, ref.component);
      // A stale caller with an older plan changes nothing.
      if (running !== null && running.generation > ref.generation) return;
      if (running !== null && running.generation === ref.generation) {
        if ((await probe(access(ref).port, '/health/ready', 2_000)) === 200) return;
      }
      await children.stop(ref.sandboxId, ref.component);
      for (let attempt = 1; ; attempt += 1) {
        await takePort(records, ref.sandboxId, ref.component, attempt === 1);
        launch(ref, spec, databaseUrl);
        if (await awaitReady(ref, signal)) return;
        // Someone took the port between our look and the child's.
        const portWasTaken = tailOf(logPath(ref)).includes('EADDRINUSE');
        if (!portWasTaken || attempt === 3) throw startFailed(ref, 'It ended at once.');
      }
    },
    async observe(ref) {
      const running = children.find(ref.sandboxId, ref.component);
      if (running === null) {
        const ran = records.get(ref.sandboxId)?.ports[ref.component] !== undefined;
        return ran
          ? { state: 'broken', generation: ref.generation, detail: 'The sample API is not running.' }
          : { state: 'absent', generation: 0, detail: null };
      }
      const { generation } = running;
      const status = await probe(portOf(records, ref.sandboxId, ref.component), '/health/ready', 2_000);
      if (status === 200) return { state: 'running', generation, detail: null };
      const detail =
        status === null
          ? 'The sample API does not answer.'
          : `The sample API says that it is not ready (${status}).`;
      return { state: 'broken', generation, detail };
    },
  };
}
