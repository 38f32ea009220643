import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import { createGatewaySources } from '../../../src/sandbox/containers/sources.ts';
import type { FoundContainer } from '../../../src/sandbox/containers/types.ts';
import { createShellPart } from '../../../src/sandbox/docker/shell-part.ts';
import { pieceOfKind } from '../../../src/sandbox/part.ts';
import type { ShellComponent } from '../../../src/templates/types.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { ensureImages, imagesTimeoutMs } from '../../support/images.ts';
import { versionWith } from '../../support/versions.ts';
import { type GatewayWorld, startGatewayWorld } from './gateway-world.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('workspaces in containers', { timeout: 180_000 }, () => {
  const signal = AbortSignal.timeout(30 * 60_000);
  const spec: ShellComponent = {
    kind: 'shell',
    uses: [],
    custody: 'trainee',
    files: null,
    tools: ['git', 'node'],
  };
  let world: GatewayWorld;
  let part: ReturnType<typeof createShellPart>;

  function planOf(sandboxId: string, generation = 1, origin: SandboxPlan | null = null): SandboxPlan {
    return {
      sandboxId,
      version: versionWith('shell', 'h', { components: { work: spec } }),
      components: { work: { name: 'work', spec, generation } },
      params: null,
      origin,
      variation: null,
    };
  }
  const pieceIn = (plan: SandboxPlan) => pieceOfKind(plan, 'work', 'shell', 'files');
  const ensure = (plan: SandboxPlan) => part.ensure(pieceIn(plan), signal);
  const observe = (plan: SandboxPlan) => part.observe(pieceIn(plan));
  const containersOf = async ({ sandboxId }: SandboxPlan): Promise<FoundContainer[]> =>
    (await world.containers.find(sandboxId, signal)).filter(({ role }) => role === 'component');
  async function run(plan: SandboxPlan, script: string): Promise<string> {
    const [mine] = await containersOf(plan);
    const home = `/lab/work/${plan.components.work?.generation}`;
    const { stdout, stderr } = await world.containers.exec(
      mine?.id ?? 'none',
      { argv: ['sh', '-c', script], env: { HOME: home, PATH: '/usr/local/bin:/usr/bin:/bin' }, cwd: '/' },
      { timeoutMs: 30_000, maxBytes: 100_000 },
      signal,
    );
    return `${stdout}${stderr}`.trim();
  }
  const filesOf = async ({ sandboxId }: SandboxPlan) => (await world.gateways.open(sandboxId, signal)).files;
  const idleOf = (text: string) => `ps -eo args | grep -c '^${text}'; true`;

  beforeAll(async () => {
    const images = await ensureImages();
    world = startGatewayWorld(images);
    part = createShellPart({
      ...world,
      images,
      openGateway: ({ sandboxId, origin }) =>
        world.gateways.ensure(
          { sandboxId, workspaces: ['work'], originId: origin?.sandboxId ?? null },
          signal,
        ),
      contents: () => new Map([['hello.txt', new TextEncoder().encode('hello')]]),
    });
  }, imagesTimeoutMs);
  afterAll(async () => {
    await world?.stop();
  }, 120_000);

  it('is a home of the lab user, and nothing else can be written', async () => {
    const plan = planOf('sb-home');
    expect(await observe(plan)).toMatchObject({ state: 'absent' });
    await ensure(plan);
    await ensure(plan);
    expect(await observe(plan)).toEqual({ state: 'running', generation: 1, detail: null });
    expect(await run(plan, 'cat ~/hello.txt; id -u; touch ~/mine && ls ~')).toBe('hello999\nhello.txt\nmine');
    expect(await run(plan, 'touch /usr/x /lab/x')).toMatch(/(.*Read-only file system\s*){2}/);
    const files = await filesOf(plan);
    await files.write(
      { component: 'work', generation: 1 },
      'from/us',
      new TextEncoder().encode('us'),
      signal,
    );
    expect(await run(plan, 'cat ~/from/us; echo more >> ~/from/us; stat -c %U:%a ~/from/us')).toContain('us');
  });

  it('becomes a new one at the next generation, and never an older one', async () => {
    const plan = planOf('sb-next');
    await ensure(plan);
    await run(
      plan,
      'touch ~/mine ../planted /lab/work/planted; mkdir /lab/work/7; nohup sleep 1234 >/dev/null 2>&1 &',
    );
    const next = planOf('sb-next', 2);
    await ensure(next);
    expect(await observe(next)).toMatchObject({ state: 'running', generation: 2 });
    expect((await containersOf(next)).map(({ generation }) => generation)).toEqual([2]);
    expect(await run(next, 'ls /lab/work ~')).toBe('/lab/work:\n2\n\n/lab/work/2:\nhello.txt');
    expect(await run(next, idleOf('sleep 1234'))).toBe('0');
    await ensure(plan);
    expect((await containersOf(next)).map(({ generation }) => generation)).toEqual([2]);
  });

  it('is as it was after its container has ended, was stopped or removed', async () => {
    const plan = planOf('sb-back');
    await ensure(plan);
    await run(plan, 'echo kept > ~/mine');
    const [mine] = await containersOf(plan);
    await world.containers.kill(mine?.id ?? '', 'KILL', signal);
    expect(await observe(plan)).toMatchObject({ state: 'broken', detail: 'The workspace is not running.' });
    await ensure(plan);
    await part.stop(pieceIn(plan), signal);
    expect((await containersOf(plan)).map(({ state }) => state)).toEqual(['exited']);
    await ensure(plan);
    for (const { id } of await world.containers.find(plan.sandboxId, signal)) {
      await world.containers.remove(id, signal);
    }
    expect(await observe(plan)).toMatchObject({ state: 'absent' });
    await ensure(plan);
    expect(await observe(plan)).toMatchObject({ state: 'running' });
    expect(await run(plan, 'cat ~/mine')).toBe('kept');
  });

  it('keeps its files when its programs are killed, and goes on when they are held', async () => {
    const plan = planOf('sb-kill');
    await ensure(plan);
    const begin =
      "echo x > ~/mine; setsid -f sleep 4321 > /dev/null 2>&1; until ps -eo args | grep -q '^sleep 4321'; do sleep 0.1; done";
    const states = "ps -eo stat,args | grep 'sleep 4321$' | grep -v grep | cut -c1";
    await run(plan, begin);
    await part.kill(pieceIn(plan), 'STOP', signal);
    expect(await run(plan, states)).toBe('T');
    expect(await observe(plan)).toMatchObject({ state: 'running' });
    await part.kill(pieceIn(plan), 'CONT', signal);
    expect(await run(plan, states)).toBe('S');
    for (const how of ['TERM', 'KILL'] as const) {
      await part.kill(pieceIn(plan), how, signal);
      expect(await run(plan, idleOf('sleep 4321'))).toBe('0');
      expect(await run(plan, 'cat ~/mine')).toBe('x');
      await run(plan, begin);
    }
  });

  it('is copied with what is in it now, and each goes on alone', async () => {
    const plan = planOf('sb-origin');
    await ensure(plan);
    await run(plan, 'echo now > ~/mine; ln -s hello.txt ~/in; ln -s /etc/passwd ~/out');
    const fork = planOf('sb-fork', 1, plan);
    await ensure(fork);
    expect(await run(fork, 'cat ~/mine ~/in; ls ~')).toBe('now\nhellohello.txt\nin\nmine');
    await run(fork, 'echo other > ~/mine');
    expect(await run(plan, 'cat ~/mine')).toBe('now');
  });

  it('is not led astray by a trainee who replaces their folder', async () => {
    const plan = planOf('sb-links');
    await ensure(plan);
    const files = await filesOf(plan);
    const workspace = { component: 'work', generation: 1 };
    const passwd = { glob: 'passwd', maxFiles: 1, maxBytesEach: 100_000 };
    await run(plan, 'rm -rf /lab/work/1; ln -s /etc /lab/work/1; mkdir /lab/work/99');
    expect(await files.find(workspace, passwd, signal)).toEqual([]);
    expect(await observe(plan)).toMatchObject({ state: 'running', generation: 1 });
    expect(await run(plan, 'ls -d ~; ls ~')).toBe('/lab/work/1');
    await run(plan, 'ln -s / ~/all; ln -s /etc/passwd ~/passwd');
    expect(await files.find(workspace, { ...passwd, glob: '**' }, signal)).toEqual([]);
    await expect(files.write(workspace, 'all/tmp/x', new Uint8Array(), signal)).rejects.toMatchObject({
      code: 'bad_request',
    });
  });

  it('says which tools its image does not have', async () => {
    const asked: ShellComponent = { ...spec, tools: ['git', 'cobol-compiler'] };
    const plan = planOf('sb-tools');
    const piece = { ...pieceIn(plan), spec: asked };
    await expect(part.ensure(piece, signal)).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining('no cobol-compiler'),
    });
  });

  it('lets programs be followed that run from it', async () => {
    const plan = planOf('sb-followed');
    await ensure(plan);
    const restart = vi.fn(async () => {});
    const ref = { sandboxId: plan.sandboxId, component: 'api', generation: 1 };
    const followed = {
      ref,
      workspace: { ...ref, component: 'work' },
      below: 'api',
      reload: true,
      editable: ['main.ts'],
      delivered: () => new Map(),
      restart,
    };
    await run(plan, 'mkdir ~/api; echo one > ~/api/main.ts');
    const sources = createGatewaySources(world.gateways);
    await sources.begin(followed);
    await run(plan, 'echo two > ~/api/main.ts');
    await vi.waitFor(() => expect(restart).toHaveBeenCalledTimes(1), { timeout: 30_000 });
    await run(plan, 'echo data > ~/api/data.csv; echo three > ~/api/other.ts');
    await vi.waitFor(() => expect(sources.changedOutside(ref)).toContain('other.ts'), { timeout: 30_000 });
    // What has begun for it ends first: it would be counted as the next one's.
    await sources.settle(plan.sandboxId);
    sources.close();
    // Saved while Labwright was away, and not a second time.
    const later = createGatewaySources(world.gateways);
    const before = restart.mock.calls.length;
    await run(plan, 'echo four > ~/api/main.ts');
    later.follow(followed);
    await vi.waitFor(() => expect(restart).toHaveBeenCalledTimes(before + 1), { timeout: 30_000 });
    await later.settle(plan.sandboxId);
    expect(restart).toHaveBeenCalledTimes(before + 1);
    later.close();
  });
});
