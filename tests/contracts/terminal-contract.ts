/** What terminals promise: the part of the driver's port that a person sits before. Every backend runs it on the real thing. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxDriver, SandboxPlan, Terminal } from '../../src/lab/ports.ts';
import type { DriverSubject } from './driver-contract.ts';
import { contractVersion, planFor } from './driver-contract-plans.ts';

export type TerminalSubject = Pick<DriverSubject, 'driver' | 'runs' | 'stop'>;

const size = { cols: 100, rows: 30 };
/** Others may run the same at the same time, and processes are told apart by what they are called. */
const nap = (which: number) => `sleep ${which}.${process.pid}${Math.random().toString().slice(2, 8)}`;
const limits = { timeoutMs: 20_000, maxBytes: 100_000 };

export function terminalContract(name: string, makeSubject: () => Promise<TerminalSubject>): void {
  describe(`terminals of ${name}`, { timeout: 60_000 }, () => {
    const signal = AbortSignal.timeout(300_000);
    const plan = onlyShell(planFor('sb-terminal-one', contractVersion()));
    let driver: SandboxDriver;
    let subject: TerminalSubject;

    beforeAll(async () => {
      subject = await makeSubject();
      driver = subject.driver;
      await driver.ensure(plan, 'workspace', signal);
    }, 600_000);
    afterAll(async () => {
      await driver?.destroy(plan.sandboxId, signal);
      await subject?.stop();
    });

    const open = async () => seen(await driver.terminal(plan, 'workspace', size, signal));
    const exec = async (...argv: string[]) =>
      (await driver.exec(plan, 'workspace', argv, limits, signal)).stdout;

    it('shows a shell of the trainee in the workspace, on a terminal', async () => {
      const shell = await open();
      expect(await shell.asks('tty < /dev/stdin && cat notes.txt')).toMatch(/\/dev\/\S+\s+start/);
      expect((await shell.asks('id -u; id -G')).split(/\s+/).filter(Boolean)).toEqual(
        (await exec('sh', '-c', 'id -u; id -G')).trim().split(/\s+/),
      );
      expect(await shell.asks('pwd')).toContain((await exec('pwd')).trim());
      shell.end();
    });

    it('knows what programs of the workspace know, and that it is a terminal', async () => {
      const shell = await open();
      await shell.asks('env > seen.txt');
      const names = (text: string) =>
        text.split('\n').flatMap((line) => {
          const [field = ''] = line.split('=');
          // A shell's own.
          return /^(PWD|OLDPWD|SHLVL|_|LINES|COLUMNS|)$/.test(field) ? [] : [field];
        });
      const told = await exec('cat', 'seen.txt');
      expect(names(told).sort()).toEqual(names(await exec('env')).sort());
      expect(told).toContain('\nTERM=xterm-256color\n');
      shell.end();
    });

    it('has the size that was asked for, and tells programs of another', async () => {
      const shell = await open();
      expect(await shell.asks('stty size')).toContain('30 100');
      const told = `trap 'echo it is now \\$(stty size)' WINCH; echo read""y; while :; do sleep 0.1; done`;
      shell.type(`sh -c "${told}"\n`);
      await shell.shows('ready');
      await shell.terminal.resize({ cols: 61, rows: 17 });
      await shell.shows('it is now 17 61');
      shell.end();
    });

    it('takes Ctrl-C for what runs, and Ctrl-D for an end', async () => {
      const shell = await open();
      shell.type('echo go""es; sleep 600\n');
      await shell.shows('goes');
      shell.type('\x03');
      expect(await shell.asks('echo still here')).toContain('still here');
      shell.type('\x04');
      expect(await shell.terminal.ended).toEqual(expect.any(Number));
    });

    it('tells how its shell has ended, after all that it showed', async () => {
      const shell = await open();
      shell.type('seq 1 20000; exit 7\n');
      expect(await shell.terminal.ended).toBe(7);
      await shell.over;
      expect(shell.text()).toContain('\n20000');
    });

    it('ends its shell and what runs on it with its stream', async () => {
      const shell = await open();
      const sleeping = nap(601);
      shell.type(`echo writ""ten; ${sleeping}\n`);
      await shell.shows('written');
      expect(await subject.runs(sleeping)).toBe(true);
      shell.end();
      await shell.terminal.ended;
      await expect.poll(() => subject.runs(sleeping), { timeout: 20_000 }).toBe(false);
    });

    it('holds little of a flood that nobody reads, and Ctrl-C ends it', async () => {
      const shell = await open();
      shell.type('echo read""y\n');
      await shell.shows('ready');
      shell.terminal.stream.pause();
      shell.type('yes\n');
      await delay(1_000);
      const before = process.memoryUsage().rss;
      await delay(3_000);
      // `yes` would have written gigabytes.
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
      expect(shell.terminal.stream.readableLength).toBeLessThan(4 * 1024 * 1024);
      shell.type('\x03');
      shell.terminal.stream.resume();
      expect(await shell.asks('echo over')).toContain('over');
      shell.end();
    });

    it('stands still for nobody when what is typed is not read', async () => {
      const shell = await open();
      shell.type('echo go""es; sleep 602\n');
      await shell.shows('goes');
      for (let i = 0; i < 100; i += 1) shell.type(`${'x'.repeat(80)}\n`.repeat(100));
      const started = performance.now();
      await delay(50);
      expect(performance.now() - started).toBeLessThan(5_000);
      shell.end();
      expect(await shell.terminal.ended).toBeNull();
    });

    it('holds terminals apart', async () => {
      const [one, other] = await Promise.all([open(), open()]);
      await one.asks('secret=one');
      expect(await other.asks('echo "[$secret]"')).toContain('[]');
      expect(await exec('sh', '-c', 'ls -l /proc/self/fd')).not.toMatch(/ptmx|pts/);
      one.end();
      expect(await other.asks('echo well')).toContain('well');
      other.end();
    });

    it('ends with what kills or destroys its component', async () => {
      const three = onlyShell(planFor('sb-terminal-three', contractVersion()));
      await driver.ensure(three, 'workspace', signal);
      const killed = seen(await driver.terminal(three, 'workspace', size, signal));
      // Also one that has gone elsewhere.
      const sleeping = nap(603);
      await killed.asks(`cd /; trap '' HUP TERM; nohup ${sleeping} > /dev/null 2>&1 & true`);
      await driver.kill(three, 'workspace', 'KILL', signal);
      await Promise.all([killed.terminal.ended, killed.over]);
      expect(await subject.runs(sleeping)).toBe(false);
      await driver.ensure(three, 'workspace', signal);
      const destroyed = seen(await driver.terminal(three, 'workspace', size, signal));
      await destroyed.asks('cd /; echo well');
      await driver.destroy('sb-terminal-three', signal);
      await Promise.all([destroyed.terminal.ended, destroyed.over]);
      await expect(driver.terminal(three, 'workspace', size, signal)).rejects.toMatchObject({
        code: 'backend_unavailable',
      });
    });

    it('is of workspaces only, and not for who has given up', async () => {
      const all = planFor(plan.sandboxId, contractVersion());
      await expect(driver.terminal(all, 'database', size, signal)).rejects.toMatchObject({
        code: 'bad_request',
      });
      await expect(driver.terminal(all, 'nothing', size, signal)).rejects.toMatchObject({
        code: 'component_not_found',
      });
      await expect(driver.terminal(plan, 'workspace', size, AbortSignal.abort())).rejects.toMatchObject({
        name: 'AbortError',
      });
    });
  });
}

/** The facts of other components stay those of the whole lab. */
function onlyShell(plan: SandboxPlan): SandboxPlan {
  const { workspace } = plan.components;
  if (workspace === undefined) throw new Error('no workspace');
  return { ...plan, components: { workspace } };
}

/** A person before a terminal: types, and waits for what is shown. */
function seen(terminal: Terminal) {
  let text = '';
  let asked = 0;
  terminal.stream.setEncoding('utf8');
  terminal.stream.on('data', (more: string) => {
    // A flood is looked at, not kept.
    text = (text + more).slice(-2_000_000);
  });
  terminal.stream.on('error', () => undefined);
  const over = once(terminal.stream, 'close');
  const shows = (what: string) =>
    expect.poll(() => text.includes(what), { timeout: 30_000, message: `shows ${what}` }).toBe(true);
  return {
    terminal,
    over,
    text: () => text,
    shows,
    type: (keys: string) => void terminal.stream.write(keys),
    end: () => terminal.stream.destroy(),
    /** What a command printed. */
    async asks(command: string): Promise<string> {
      asked += 1;
      // What is typed is shown too: the marks are only whole in what is printed.
      const mark = (word: string) => `echo "<<""${word}-${asked}"">>"`;
      terminal.stream.write(`${mark('from')}; ${command}; ${mark('to')}\n`);
      await shows(`<<to-${asked}>>`);
      const [, after = ''] = text.split(`<<from-${asked}>>`);
      return after.split(`<<to-${asked}>>`)[0] ?? '';
    },
  };
}
