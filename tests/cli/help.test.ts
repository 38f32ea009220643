import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listSettings } from '../../src/config.ts';
import { run } from './labwright.ts';

describe('help', () => {
  it('tells of every setting', async () => {
    const { code, stdout } = await run(['serve', '--help']);
    expect(code).toBe(0);
    for (const { env, flag } of listSettings()) {
      expect(stdout).toContain(env);
      expect(stdout).toContain(flag);
    }
  });

  it('tells what exit codes mean', async () => {
    const { stdout } = await run(['--help']);
    expect(stdout).toMatch(/Exit codes\n {2}0 .*\n {2}1 .*\n {2}2 .*\n {2}3 .*\n {2}4 .*\n {2}5 /);
  });

  it('does not mind a reader that goes away', async () => {
    const launcher = join(import.meta.dirname, '../../src/cli/labwright');
    const shell = spawn('sh', ['-c', '"$0" template schema | head -1', launcher], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [shell.stdout, shell.stderr])
      stream.setEncoding('utf8').on('data', (t: string) => (output += t));
    await new Promise((resolve) => shell.once('close', resolve));
    expect(output).toBe('{\n');
  });

  it('is light: looking at a template loads no server', async () => {
    const env = { NODE_DEBUG: 'module,esm' };
    const { stderr } = await run(['template', 'schema'], env);
    expect(stderr).toContain('commander');
    expect(stderr).not.toMatch(/node_modules\/(fastify|bullmq)\//);
  });
});
