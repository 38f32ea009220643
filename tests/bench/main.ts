/**
 * `npm run bench -- [names…] [--quick] [--samples=N] [--burst=N]`: measures against floors in the same run, prints a
 * markdown table and writes all samples to `bench-results/`. A missed target is a figure, not a failure; only a benchmark
 * that breaks is one.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../src/config.ts';
import type { Bench } from './bench.ts';
import { accept } from './rows/accept.ts';
import { claim } from './rows/claim.ts';
import { cold } from './rows/cold.ts';
import { database } from './rows/database.ts';
import { dockerClaim } from './rows/docker-claim.ts';
import { dockerCold } from './rows/docker-cold.ts';
import { dockerReads } from './rows/docker-reads.ts';
import { grade } from './rows/grade.ts';
import { hostile } from './rows/hostile.ts';
import { killed } from './rows/killed.ts';
import { kubernetesCold } from './rows/kubernetes-cold.ts';
import { memory } from './rows/memory.ts';
import { pickup } from './rows/pickup.ts';
import { reset } from './rows/reset.ts';
import { start } from './rows/start.ts';
import { trials } from './rows/trials.ts';
import { json, markdown, type Row } from './table.ts';
import { openWorld, type World } from './world.ts';

const benches: readonly Bench[] = [
  claim,
  cold,
  database,
  reset,
  pickup,
  accept,
  killed,
  grade,
  hostile,
  start,
  memory,
  trials,
  dockerClaim,
  dockerCold,
  dockerReads,
  kubernetesCold,
];

const usualBurst = 20;

async function runAll(chosen: readonly Bench[], world: World): Promise<{ rows: Row[]; broken: boolean }> {
  const rows: Row[] = [];
  let broken = false;
  for (const bench of chosen) {
    const started = performance.now();
    world.say(`row ${bench.row}: ${bench.name}`);
    try {
      const lines = await bench.run(world);
      rows.push(...lines.map((line) => ({ row: bench.row, name: bench.name, line })));
    } catch (thrown) {
      if (world.signal.aborted) break;
      broken = true;
      console.error(`row ${bench.row} (${bench.name}) broke:`, thrown);
    }
    world.say(`  ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  return { rows, broken };
}

function report(rows: readonly Row[], quick: boolean): void {
  console.log(markdown(rows));
  const folder = join(projectRoot, 'bench-results');
  mkdirSync(folder, { recursive: true });
  const at = new Date().toISOString();
  const about = { at, quick, node: process.version, cpu: cpus()[0]?.model, cores: availableParallelism() };
  const file = join(folder, `${at.replaceAll(/[:.]/g, '-')}.json`);
  writeFileSync(file, json(rows, about));
  console.error(`written to ${file}`);
}

function numberOf(args: readonly string[], name: string): number | null {
  const given = args.find((arg) => arg.startsWith(`--${name}=`));
  return given === undefined ? null : Number(given.split('=')[1]);
}

async function main(args: readonly string[]): Promise<number> {
  const quick = args.includes('--quick');
  const mostSamples = numberOf(args, 'samples') ?? Infinity;
  const burst = numberOf(args, 'burst') ?? usualBurst;
  const names = args.filter((arg) => !arg.startsWith('--'));
  const isCalled = (bench: Bench, name: string) =>
    [bench.name, bench.group, String(bench.row)].includes(name);
  const unknown = names.filter((name) => !benches.some((bench) => isCalled(bench, name)));
  const isKnown = (arg: string) => arg === '--quick' || /^--(samples|burst)=[1-9]\d*$/.test(arg);
  if (unknown.length > 0 || args.some((arg) => arg.startsWith('--') && !isKnown(arg))) {
    const known = [...new Set(benches.flatMap(({ name, group }) => [name, group ?? name]))];
    console.error(`usage: npm run bench -- [${known.join('|')} …] [--quick] [--samples=N] [--burst=N]`);
    return 2;
  }
  const chosen = benches.filter((bench) => names.length === 0 || names.some((name) => isCalled(bench, name)));
  const stop = new AbortController();
  const interrupt = () => stop.abort(new Error('interrupted'));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  const say = (text: string) => console.error(text);
  const { world, close } = await openWorld({ quick, burst, mostSamples, say }, stop.signal);
  try {
    const { rows, broken } = await runAll(chosen, world);
    if (rows.length > 0) report(rows, quick);
    return broken || stop.signal.aborted ? 1 : 0;
  } finally {
    await close();
  }
}

process.exitCode = await main(process.argv.slice(2));
