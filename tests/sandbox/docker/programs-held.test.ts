/** What programs in containers cannot do, and images that are not ours. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import type { ServiceComponent } from '../../../src/templates/types.ts';
import { planFor } from '../../contracts/driver-contract-plans.ts';
import {
  answerOf,
  ensureEach,
  type ProgramName,
  programsVersion,
} from '../../contracts/driver-programs-plans.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { type DockerSubject, startDockerDriver } from '../../support/docker-driver.ts';
import { imagesTimeoutMs } from '../../support/images.ts';

const signal = AbortSignal.timeout(600_000);
const patient = { timeout: 60_000, interval: 200 };

/** Runs whatever it is sent. */
const obedient = `
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
const require = process.getBuiltinModule;
createServer(async (request, answer) => {
  const code = JSON.parse((await text(request)) || '""');
  try { answer.end(JSON.stringify(await new Function('require', 'return (async () => {' + code + '})()')(require)) ?? ''); }
  catch (error) { answer.end(JSON.stringify('ERROR ' + error.message)); }
}).listen(Number(process.env.PORT), process.env.HOST);
`;

describe.skipIf(dockerMissing !== null)('programs in containers', { timeout: 120_000 }, () => {
  let subject: DockerSubject;
  let number = 0;
  beforeAll(async () => {
    subject = await startDockerDriver();
  }, imagesTimeoutMs);
  afterAll(() => subject?.stop(), 120_000);

  /** A lab with one service of this kind, and whatever else is named. */
  async function made(
    service: Partial<ServiceComponent>,
    others: readonly ProgramName[] = [],
  ): Promise<SandboxPlan> {
    number += 1;
    const base = programsVersion('clock', ...others);
    const { clock, ...rest } = base.template.components;
    const box = { ...(clock as ServiceComponent), ready: { by: 'tcp' } as const, ...service };
    const components = { box, ...rest };
    const files = new Map([...base.files, ['programs/clock/main.ts', new TextEncoder().encode(obedient)]]);
    const version = { ...base, files, template: { ...base.template, components } };
    const plan = planFor(`sb-held-${number}`, version, {}, { params: { client: 'cl_one' } });
    await ensureEach(subject.driver, plan, signal);
    return plan;
  }
  const run = async (plan: SandboxPlan, code: string): Promise<unknown> => {
    const { text } = await answerOf(subject.driver, plan, 'box', { json: code, withinMs: 60_000 });
    return JSON.parse(text);
  };
  const inspect = async ({ sandboxId }: SandboxPlan, component: string) => {
    const id = await subject.containerOf(sandboxId, component);
    return subject.test.engine.ask('look', (docker) => docker.getContainer(id).inspect(), signal);
  };

  it('have no rights, no root, and nowhere to write but in their own folder', async () => {
    const plan = await made({});
    const status = await run(plan, "return require('fs').readFileSync('/proc/self/status', 'utf8')");
    const field = (name: string) => new RegExp(`${name}:\\t(\\S+)`).exec(String(status))?.[1];
    expect([field('Uid'), field('CapEff'), field('CapBnd'), field('NoNewPrivs')]).toEqual([
      '999',
      ...['0000000000000000', '0000000000000000', '1'],
    ]);
    const write = (path: string) =>
      run(plan, `require('fs').writeFileSync('${path}', 'x'); return 'written'`);
    expect(await write('/usr/local/x')).toContain('EROFS');
    expect(await write('/x')).toContain('EROFS');
    expect(await write('/tmp/x')).toBe('written');
    expect(await write('/lab/box/x')).toBe('written');
    expect(await run(plan, "return require('fs').existsSync('/app')")).toBe(false);
  });

  it('cannot start more than their number of processes', async () => {
    const plan = await made({ limits: { pids: 40 } });
    const code = `
      const { spawn } = require('child_process');
      const all = await Promise.all(Array.from({ length: 60 }, () => new Promise((resolve) => {
        const child = spawn('sleep', ['30']);
        child.once('spawn', () => resolve('spawned'));
        child.once('error', (error) => resolve(error.code));
      })));
      return all.filter((one) => one === 'EAGAIN').length;`;
    expect(Number(await run(plan, code))).toBeGreaterThan(10);
    expect((await subject.driver.observe(plan, signal)).components.box?.state).toBe('running');
  });

  it('cannot fill the disk with what they print', async () => {
    const plan = await made({});
    await run(
      plan,
      "for (let n = 0; n < 400; n++) process.stdout.write('x'.repeat(99_999) + '\\n'); return 1",
    );
    const { LogPath, HostConfig } = await inspect(plan, 'box');
    expect(HostConfig.LogConfig?.Config).toEqual({ 'max-size': '5m', 'max-file': '2' });
    expect(LogPath).not.toBe('');
    const log = await subject.driver.readLog(plan, 'box', 10_000, signal);
    expect(log.length).toBeLessThanOrEqual(10_000);
    expect(log).toMatch(/x{100}/);
  });

  it('are ready once by a line, however much they print after it', async () => {
    const plan = await made({ ready: { by: 'tcp' } });
    expect((await subject.driver.observe(plan, signal)).components.box?.state).toBe('running');
    const talkative: Partial<ServiceComponent> = {
      ready: { by: 'log', line: 'begin' },
      command: [
        'sh',
        '-c',
        'echo begin; i=0; while [ $i -lt 60000 ]; do echo $i; i=$((i+1)); done; exec sleep 600',
      ],
    };
    const loud = await made(talkative);
    await expect.poll(() => subject.driver.readLog(loud, 'box', 1_000, signal), patient).toContain('59999');
    expect((await subject.driver.observe(loud, signal)).components.box?.state).toBe('running');
    const started = (await inspect(loud, 'box')).State.StartedAt;
    await subject.driver.ensure(loud, 'box', signal);
    expect((await inspect(loud, 'box')).State.StartedAt).toBe(started);
  });

  it('are not told a password by their arguments', async () => {
    const plan = await made({}, ['cache']);
    const access = subject.driver.access(plan, 'cache');
    if (access.kind !== 'redis') throw new Error('not a Redis');
    const { Args, Path, Config } = await inspect(plan, 'cache');
    expect(JSON.stringify([Path, Args, Config.Env])).not.toContain(access.password);
  });

  it('can be any image, with the template’s command, without its root', async () => {
    const image = 'busybox:1';
    const command = ['httpd', '-f', '-p', '8000', '-h', '/lab/box'];
    const plan = await made({ image, command, port: 8000, ready: { by: 'http', path: '/main.ts' } });
    expect((await answerOf(subject.driver, plan, 'box', { path: '/main.ts' })).text).toBe(obedient);
    expect((await inspect(plan, 'box')).Config.User).toBe('999:999');
  });

  it('say why a command cannot be run', async () => {
    const failing = made({ image: 'busybox:1', command: ['no-such-program'] });
    await expect(failing).rejects.toMatchObject({ code: 'start_failed' });
    await expect(failing).rejects.toThrow(/no-such-program/);
    await expect(made({ command: ['no-such-program'] })).rejects.toThrow(/no-such-program/);
    await expect(made({ command: ['sh', '-c', 'echo oh dear; exit 3'] })).rejects.toThrow(
      /ended with exit code 3[\s\S]*oh dear/,
    );
  });
});

requireDocker();
