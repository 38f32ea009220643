/** What the reference of the language quotes does run: every component, look and step of the tour. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectRoot } from '../../src/config.ts';
import { redisProgram } from '../queue/redis.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import { startWorld, type World } from './support.ts';
import { doSteps } from './trainee-steps.ts';

let names: NameServer;
let folder: string;
let world: World;

beforeAll(async () => {
  names = await startNameServer('192.0.2.7');
  folder = mkdtempSync(join(tmpdir(), 'labwright-tour-'));
  cpSync(join(projectRoot, 'lab-templates', 'reference', 'tour'), join(folder, 'tour'), { recursive: true });
  const file = join(folder, 'tour', 'lab.yaml');
  const text = readFileSync(file, 'utf8').replace('127.0.0.1:5353', names.address);
  writeFileSync(file, redisProgram() === null ? text.replace('  cache:\n    redis: {}\n', '') : text);
  world = await startWorld({ templatesDir: folder, spares: '0' });
});
afterAll(async () => {
  await world?.stop();
  names?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('can be seen, done and judged', { timeout: 120_000 }, async () => {
  const trainee = await world.trainee('ann');
  const { id } = await trainee.create({ template: 'tour' });
  await trainee.untilReady(id, 60_000);
  const version = await world.runtime.templates.load('tour');
  const steps = version?.template.solutions.all ?? [];
  const done = await doSteps(world, id, steps, false);
  expect(done.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
  expect(done).toHaveLength(steps.length);
  const { results, points, maxPoints } = await world.instructor.grade(id);
  expect(results.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
  expect(points).toBe(maxPoints);
  await trainee.remove(id);
  await trainee.untilEnded(id);
});
