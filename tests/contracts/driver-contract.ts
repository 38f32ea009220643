/**
 * What a sandbox driver promises: the definition of the port. Every backend runs it on the real thing.
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxDriver, SandboxPlan } from '../../src/lab/ports.ts';
import {
  asRole,
  contractVersion,
  ensureAll,
  forkOf,
  planFor,
  postgresAccess,
} from './driver-contract-plans.ts';
import { answerOf } from './driver-programs-plans.ts';

export interface DriverSubject {
  readonly driver: SandboxDriver;
  /** Ends what serves this component behind the driver's back, as a crash would. */
  crash(plan: SandboxPlan, component: string): Promise<void>;
  /** Whether a process with this text in its command line runs, wherever the driver's sandboxes are. */
  runs(text: string): Promise<boolean>;
  /** Numbers of everything that sandboxes are made of, by kind. */
  count(): Promise<Readonly<Record<string, number>>>;
  /** True: an image that is not there may still be had, which only making the lab tells. */
  readonly pullsImages?: true;
  stop(): Promise<void>;
}

/** No right to connect, nothing of this name, no such password, nothing that may be connected to. */
const refused = { code: expect.stringMatching(/^(42501|3D000|28P01|55000)$/) };
const limits = { timeoutMs: 5_000, maxBytes: 100_000 };

export function driverContract(name: string, makeSubject: () => Promise<DriverSubject>): void {
  describe(`sandbox driver ${name}`, () => {
    const version = contractVersion();
    const one = planFor('sb-contract-one', version);
    const two = planFor('sb-contract-two', version);
    let subject: DriverSubject;
    let driver: SandboxDriver;
    let before: Readonly<Record<string, number>>;
    let signal: AbortSignal;

    beforeAll(async () => {
      subject = await makeSubject();
      signal = AbortSignal.timeout(900_000);
      driver = subject.driver;
      before = await subject.count();
      await driver.prepare(version, signal);
      await Promise.all([ensureAll(driver, one, signal), ensureAll(driver, two, signal)]);
    }, 300_000);
    afterAll(() => subject?.stop());

    const runningAt = (generation: number) => ({ state: 'running', generation, detail: null });

    it('prepares nothing that is a sandbox, and is free to prepare again', async () => {
      await driver.prepare(version, signal);
      expect((await driver.list(signal)).map(({ sandboxId }) => sandboxId).sort()).toEqual([
        'sb-contract-one',
        'sb-contract-two',
      ]);
    });

    it('sees what is not there as absent', async () => {
      expect(await driver.observe(planFor('sb-nobody', version), signal)).toEqual({ components: {} });
    });

    it('sees every component run at its generation', async () => {
      expect(await driver.observe(one, signal)).toEqual({
        components: { database: runningAt(1), api: runningAt(1), workspace: runningAt(1) },
      });
    });

    it('does nothing when what is asked for is there, however many ask', async () => {
      await asRole(postgresAccess(driver, one), 'trainee', 'delete from usage_records');
      const counted = await subject.count();
      await Promise.all([ensureAll(driver, one, signal), ensureAll(driver, one, signal)]);
      expect(await subject.count()).toEqual(counted);
      const [row] = await asRole(
        postgresAccess(driver, one),
        'trainee',
        'select count(*)::int as n from usage_records',
      );
      expect(row).toEqual({ n: 0 });
    });

    it('gives the same access facts every time, and other secrets to another sandbox', () => {
      for (const component of ['database', 'api', 'workspace']) {
        expect(driver.access(one, component)).toEqual(driver.access(one, component));
      }
      for (const component of ['database', 'api']) {
        expect(driver.access(one, component)).not.toEqual(driver.access(two, component));
      }
      expect(() => driver.access(one, 'nothing')).toThrow(
        expect.objectContaining({ code: 'component_not_found' }),
      );
    });

    it('lets the trainee in to their own database only', async () => {
      const [mine, theirs] = [postgresAccess(driver, one), postgresAccess(driver, two)];
      expect(await asRole(mine, 'trainee', 'select count(*)::int > 0 as some from customers')).toEqual([
        { some: true },
      ]);
      // On a server for all, or on one that is theirs.
      const across = { ...mine, dial: theirs.dial };
      await expect(asRole(across, 'trainee', 'select 1', theirs.database)).rejects.toMatchObject(refused);
      for (const database of ['postgres', 'template1', 'template0', 'other']) {
        const entering = asRole(mine, 'trainee', 'select 1', database);
        await expect(entering, database).rejects.toMatchObject(refused);
      }
      await expect(
        asRole({ ...mine, trainee: { ...theirs.trainee, user: mine.trainee.user } }, 'trainee', 'select 1'),
      ).rejects.toMatchObject({ code: '28P01' });
    });

    it('lets the trainee write data, but neither the schema nor what the platform records', async () => {
      const mine = postgresAccess(driver, one);
      await asRole(mine, 'trainee', `update customers set phone = '1'; create temp table t as select 1`);
      for (const sql of [
        'create table mine ()',
        'alter table customers add x int',
        'delete from observability.audit_trail',
      ]) {
        await expect(asRole(mine, 'trainee', sql), sql).rejects.toMatchObject({ code: '42501' });
      }
      await asRole(mine, 'trainee', 'select * from observability.access_log limit 1');
    });

    it('lets the checker read everything and write nothing', async () => {
      const mine = postgresAccess(driver, one);
      await asRole(
        mine,
        'checker',
        'select * from customers limit 1; select * from observability.audit_trail limit 1',
      );
      const writes = [
        'update customers set phone = null',
        `insert into observability.access_log select`,
        'create temp table t ()',
      ];
      for (const sql of writes) {
        const allowed = `set default_transaction_read_only = off; commit; begin; ${sql}`;
        await expect(asRole(mine, 'checker', allowed), sql).rejects.toMatchObject({ code: '42501' });
      }
      await expect(asRole(mine, 'checker', 'update customers set phone = null')).rejects.toMatchObject({
        code: '25006',
      });
      await expect(
        asRole(mine, 'checker', `set role ${pg.escapeIdentifier(mine.trainee.user)}`),
      ).rejects.toMatchObject({
        code: '42501',
      });
    });

    it('lets the trainee log in to the API with the account that it names', async () => {
      const access = driver.access(one, 'api');
      if (access.kind !== 'sample-api') throw new Error('not an API');
      const { email, password } = access.account;
      const asked = { path: '/api/v1/auth/login', json: { email, password } };
      expect(await answerOf(driver, one, 'api', asked)).toMatchObject({ status: 200 });
    });

    it('dials the API and the database', async () => {
      const http = await driver.dial(one, 'api', signal);
      http.write('GET /health/ready HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n');
      expect(await readAll(http)).toMatch(/^HTTP\/1\.1 200/);
      const socket = await driver.dial(one, 'database', signal);
      // SSLRequest: any PostgreSQL answers with one letter.
      socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
      const [letter] = (await once(socket, 'data')) as [Buffer];
      expect(letter.toString()).toMatch(/^[NS]$/);
      socket.destroy();
      await expect(driver.dial(one, 'workspace', signal)).rejects.toMatchObject({ code: 'bad_request' });
    });

    it('runs programs as the trainee: in the workspace, with its facts, without ours', async () => {
      const run = (...argv: string[]) => driver.exec(one, 'workspace', argv, limits, signal);
      expect(await run('cat', 'notes.txt')).toMatchObject({
        exitCode: 0,
        stdout: 'start\n',
        stderr: '',
        timedOut: false,
      });
      expect(await run('bin/hello.sh')).toMatchObject({ exitCode: 0, stdout: 'hello\n' });
      expect(await run('sh', '-c', 'exit 3')).toMatchObject({ exitCode: 3 });
      expect(await run('sh', '-c', 'kill -TERM $$')).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
      expect(await run('no-such-program')).toMatchObject({ exitCode: 127 });
      expect(await run('echo', '$HOME; `id`')).toMatchObject({ stdout: '$HOME; `id`\n' });
      const { stdout } = await run('env');
      const names = stdout.split('\n').map((line) => line.split('=')[0]);
      expect(names.filter((name) => name !== '' && name !== 'PWD').sort()).toEqual(
        [
          ...['API', 'DATABASE'].flatMap((name) => [`${name}_URL`, `${name}_USER`, `${name}_PASSWORD`]),
          ...['HOME', 'LANG', 'PATH', 'TERM'],
        ].sort(),
      );
      const [url] = /postgresql:.*/.exec(stdout) ?? [''];
      expect(url).toContain(encodeURIComponent(postgresAccess(driver, one).trainee.password));
    });

    it('ends a program and all it has started when its time is over', async () => {
      const started = performance.now();
      const script = 'sleep 60 & echo $!; sleep 60';
      const result = await driver.exec(
        one,
        'workspace',
        ['sh', '-c', script],
        { ...limits, timeoutMs: 300 },
        signal,
      );
      expect(result).toMatchObject({ timedOut: true, exitCode: null });
      expect(performance.now() - started).toBeLessThan(30_000);
      // Where nobody collects it, a killed process stays as a zombie.
      const look = ['ps', '-o', 'stat=', '-p', result.stdout.trim()];
      expect((await driver.exec(one, 'workspace', look, limits, signal)).stdout).toMatch(/^(Z.*)?\s*$/);
      expect(result.stdout).toMatch(/^\d+\n$/);
    });

    it('ends a program that writes without end, and says so', async () => {
      const result = await driver.exec(
        one,
        'workspace',
        ['yes'],
        { timeoutMs: 5_000, maxBytes: 1_000 },
        signal,
      );
      expect(result).toMatchObject({ truncated: true, timedOut: false });
      expect(result.stdout).toHaveLength(1_000);
    });

    it('ends a program when the caller gives up', async () => {
      const giveUp = AbortSignal.timeout(100);
      await expect(driver.exec(one, 'workspace', ['sleep', '60'], limits, giveUp)).rejects.toMatchObject({
        name: 'TimeoutError',
      });
    });

    it('finds regular files by path and by glob', async () => {
      const read = async (glob: string) =>
        (await driver.readFiles(one, 'workspace', { glob, maxFiles: 10, maxBytesEach: 100 }, signal)).map(
          ({ path }) => path,
        );
      expect((await read('**')).sort()).toEqual(['bin/hello.sh', 'notes.txt']);
      expect(await read('*.txt')).toEqual(['notes.txt']);
      expect(await read('**/hello.??')).toEqual(['bin/hello.sh']);
      expect(await read('bin/*')).toEqual(['bin/hello.sh']);
      expect(await read('none/*')).toEqual([]);
      const [file] = await driver.readFiles(
        one,
        'workspace',
        { glob: 'notes.txt', maxFiles: 1, maxBytesEach: 6 },
        signal,
      );
      expect(new TextDecoder().decode(file?.content ?? undefined)).toBe('start\n');
      const [large] = await driver.readFiles(
        one,
        'workspace',
        { glob: 'notes.txt', maxFiles: 1, maxBytesEach: 5 },
        signal,
      );
      expect(large).toMatchObject({ bytes: 6, content: null });
      const query = { glob: 'notes.txt', maxFiles: 1, maxBytesEach: 0, headBytes: 2 };
      const [head] = await driver.readFiles(one, 'workspace', query, signal);
      expect(head?.bytes).toBe(6);
      expect(new TextDecoder().decode(head?.content ?? undefined)).toBe('st');
    });

    it('follows no link, opens no pipe and does not leave the component', async () => {
      const script = `ln -s /etc/passwd link; ln -s /etc folder; ln -s .. up; mkfifo pipe; mkdir -p own; ln -s own inner; echo 1 > own/a`;
      await driver.exec(one, 'workspace', ['sh', '-c', script], limits, signal);
      const query = { maxFiles: 100, maxBytesEach: 10_000 };
      const all = await driver.readFiles(one, 'workspace', { ...query, glob: '**' }, signal);
      expect(all.map(({ path }) => path).sort()).toEqual(['bin/hello.sh', 'notes.txt', 'own/a']);
      for (const glob of ['link', 'folder/passwd', 'up/*', 'pipe', 'inner/a']) {
        expect(await driver.readFiles(one, 'workspace', { ...query, glob }, signal), glob).toEqual([]);
      }
      for (const glob of ['../*', '/etc/passwd', 'a/../../b', '']) {
        const reading = driver.readFiles(one, 'workspace', { ...query, glob }, signal);
        await expect(reading, glob).rejects.toMatchObject({ code: 'bad_request' });
      }
      for (const path of ['link', 'folder/x', 'up/x', '../x', '/tmp/x', 'pipe', 'inner/a', 'own']) {
        const writing = driver.writeFile(one, 'workspace', path, new Uint8Array([1]), signal);
        await expect(writing, path).rejects.toMatchObject({ code: 'bad_request' });
      }
    });

    it('writes files as the trainee would', async () => {
      const content = new TextEncoder().encode('#!/bin/sh\nid -u > made && cat made\n');
      await driver.writeFile(one, 'workspace', 'deep/er/run.sh', content, signal);
      await driver.writeFile(one, 'workspace', 'deep/er/run.sh', content, signal);
      const result = await driver.exec(one, 'workspace', ['deep/er/run.sh'], limits, signal);
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    });

    it('notices a crash, says so, and repairs it', async () => {
      const trouble = new Promise<string>((resolve) => driver.onTrouble(resolve));
      await subject.crash(one, 'api');
      expect(await trouble).toBe(one.sandboxId);
      const { components } = await driver.observe(one, signal);
      expect(components.api?.state ?? 'absent').toMatch(/^(broken|absent)$/);
      expect(components.database?.state).toBe('running');
      const address = driver.access(one, 'api');
      await driver.ensure(one, 'api', signal);
      expect((await driver.observe(one, signal)).components.api).toEqual(runningAt(1));
      expect(driver.access(one, 'api')).toEqual(address);
    });

    it('brings a component back to its start at a new generation, and leaves nothing of the old one', async () => {
      const old = postgresAccess(driver, one);
      await asRole(old, 'trainee', 'delete from usage_records');
      const counted = await subject.count();
      const next = planFor(one.sandboxId, version, { database: 2, api: 2, workspace: 2 });
      await ensureAll(driver, next, signal);
      expect(await driver.observe(next, signal)).toEqual({
        components: { database: runningAt(2), api: runningAt(2), workspace: runningAt(2) },
      });
      const [row] = await asRole(
        postgresAccess(driver, next),
        'trainee',
        'select count(*)::int as n from usage_records',
      );
      expect(row?.n).toBeGreaterThan(0);
      await expect(asRole(old, 'trainee', 'select 1')).rejects.toBeDefined();
      const files = await driver.readFiles(
        next,
        'workspace',
        { glob: '**', maxFiles: 10, maxBytesEach: 10 },
        signal,
      );
      expect(files.map(({ path }) => path).sort()).toEqual(['bin/hello.sh', 'notes.txt']);
      expect(await subject.count()).toEqual(counted);
      // A worker that was stopped before the reset and goes on after it.
      await ensureAll(driver, one, signal);
      expect((await driver.observe(next, signal)).components.database).toEqual(runningAt(2));
      expect(await subject.count()).toEqual(counted);
    });

    it('clones a database from an origin as it is there now, and holds the two apart', async () => {
      const origin = postgresAccess(driver, two);
      await asRole(origin, 'trainee', `update customers set phone = 'cloned'`);
      const fork = forkOf(two, 'sb-contract-fork', ['database']);
      const other = forkOf(two, 'sb-contract-other', ['database']);
      await Promise.all([fork, other].map((plan) => driver.ensure(plan, 'database', signal)));
      expect(await driver.observe(fork, signal)).toEqual({ components: { database: runningAt(1) } });
      const copy = postgresAccess(driver, fork);
      const phones = (access: typeof copy) =>
        asRole(access, 'trainee', 'select distinct phone from customers');
      expect(await phones(copy)).toEqual([{ phone: 'cloned' }]);
      expect(await phones(postgresAccess(driver, other))).toEqual([{ phone: 'cloned' }]);
      await asRole(copy, 'grader', `update customers set phone = 'changed'; alter table customers add z int`);
      // What is there is not cloned again.
      await driver.ensure(fork, 'database', signal);
      expect(await phones(copy)).toEqual([{ phone: 'changed' }]);
      expect(await phones(origin)).toEqual([{ phone: 'cloned' }]);
      for (const [access, other] of [
        [origin, copy],
        [copy, origin],
      ] as const) {
        const across = asRole({ ...access, dial: other.dial }, 'trainee', 'select 1', other.database);
        await expect(across).rejects.toMatchObject(refused);
      }
      // A clone goes without harm to what it came from, which is open as before.
      await Promise.all([fork, other].map(({ sandboxId }) => driver.destroy(sandboxId, signal)));
      expect((await driver.observe(two, signal)).components.database).toEqual(runningAt(1));
    });

    it('begins a later generation of a clone at the template', async () => {
      const fork = forkOf(two, 'sb-contract-fork', ['database'], { database: 2 });
      await driver.ensure(fork, 'database', signal);
      const [row] = await asRole(
        postgresAccess(driver, fork),
        'trainee',
        `select count(*)::int as n from customers where phone = 'cloned'`,
      );
      expect(row).toEqual({ n: 0 });
      await driver.destroy(fork.sandboxId, signal);
    });

    it('forgets the statistics of what has some, and of nothing else', async () => {
      for (const component of ['database', 'api', 'workspace']) {
        const forgetting = driver.resetStatistics(two, component, signal);
        await expect(forgetting, component).rejects.toMatchObject({ code: 'bad_request' });
      }
    });

    it('ends with the lab what a program of it has left running', async () => {
      const three = planFor('sb-contract-three', version);
      await driver.ensure(three, 'workspace', signal);
      const sleeping = `sleep 300.${Math.floor(Math.random() * 1e9)}`;
      const begin = `setsid sh -c 'touch left; exec ${sleeping}' > /dev/null 2>&1 &`;
      const script = `${begin} until [ -e left ]; do sleep 0.05; done`;
      await driver.exec(three, 'workspace', ['sh', '-c', script], limits, signal);
      await expect.poll(() => subject.runs(sleeping), { timeout: 20_000 }).toBe(true);
      await driver.destroy('sb-contract-three', signal);
      expect(await subject.runs(sleeping)).toBe(false);
    });

    it('destroys one sandbox whole, again and again, and touches no other', async () => {
      await Promise.all([driver.destroy(one.sandboxId, signal), driver.destroy(one.sandboxId, signal)]);
      await driver.destroy(one.sandboxId, signal);
      await driver.destroy('sb-contract', signal);
      await driver.destroy('sb-nobody', signal);
      expect(await driver.observe(one, signal)).toEqual({ components: {} });
      expect((await driver.list(signal)).map(({ sandboxId }) => sandboxId)).toEqual(['sb-contract-two']);
      expect(await driver.observe(two, signal)).toEqual({
        components: { database: runningAt(1), api: runningAt(1), workspace: runningAt(1) },
      });
    });

    it('leaves nothing behind', async () => {
      await driver.destroy(two.sandboxId, signal);
      expect(await driver.list(signal)).toEqual([]);
      expect(await subject.count()).toEqual(before);
    });
  });
}

async function readAll(stream: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
