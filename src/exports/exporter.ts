/** Writes what a lab's template keeps of it: tables, files, answers and attempts, with a manifest of checksums. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bindSandbox } from '../grading/sandbox-handle.ts';
import { LabError } from '../lab/errors.ts';
import type { Lab } from '../lab/lab.ts';
import { planOf } from '../lab/plan.ts';
import type { LabExporter, SandboxDriver, SandboxPlan } from '../lab/ports.ts';
import type { Json, KeepSpec } from '../templates/types.ts';
import { dumpDatabase } from './dump-database.ts';
import { writePacked } from './pack.ts';
import { createParcel, type Parcel } from './parcel.ts';

export interface ExporterDeps {
  /** Folder of all exports. */
  readonly folder: string;
  /** What one may hold, before it is compressed. */
  readonly maxBytes: number;
  /** How long one is kept. */
  readonly days: number;
  /** As its trainee may see them. */
  readonly answers: (lab: Lab) => Promise<unknown>;
  readonly attempts: (lab: Lab) => Promise<unknown>;
  readonly now: () => Date;
}

const withinMs = 120_000;
const dayMs = 86_400_000;
const mostFiles = 5_000;

/** Where the export of a lab is. */
export function exportPath(folder: string, labId: string): string {
  return join(folder, `${encodeURIComponent(labId)}.tar.gz`);
}

export function createExporter(deps: ExporterDeps): LabExporter {
  return {
    prune: () => pruneExports(deps.folder, deps.days, deps.now()),
    async write({ lab, sandbox, version, driver }, signal) {
      const limit = AbortSignal.timeout(withinMs);
      const either = AbortSignal.any([signal, limit]);
      const plan = planOf(sandbox, version, lab.params);
      const parcel = createParcel(deps.maxBytes);
      const at = deps.now();
      try {
        for (const keep of version.template.keep ?? [])
          await put(keep, lab, plan, driver, parcel, deps, either);
        const manifest = parcel.manifest();
        const about = {
          labwright: 1,
          lab: lab.id,
          trainee: lab.trainee,
          template: lab.templateId,
          templateHash: lab.templateHash,
          exportedAt: at.toISOString(),
          endReason: lab.endReason,
          ...manifest,
        };
        const files = [{ path: 'manifest.json', bytes: json(about) }, ...parcel.files];
        const bytes = await writePacked(exportPath(deps.folder, lab.id), files, at, either);
        return { bytes, leftOut: manifest.leftOut.length };
      } catch (thrown) {
        signal.throwIfAborted();
        if (!limit.aborted) throw thrown;
        throw new LabError('timed_out', `An export may take ${withinMs / 1000} s, and this one took longer.`);
      }
    },
  };
}

/** What goes wrong is tried again with the next round. */
async function pruneExports(folder: string, days: number, now: Date): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => /\.tar\.gz(\.\d+\.building)?$/.test(one))) {
    const path = join(folder, name);
    const { mtime } = await stat(path);
    if (now.getTime() - mtime.getTime() > days * dayMs) await rm(path, { force: true });
  }
}

async function put(
  keep: KeepSpec,
  lab: Lab,
  plan: SandboxPlan,
  driver: SandboxDriver,
  parcel: Parcel,
  deps: ExporterDeps,
  signal: AbortSignal,
): Promise<void> {
  if (keep.kind === 'answers') return void parcel.add('answers.json', json(await deps.answers(lab)));
  if (keep.kind === 'attempts') return void parcel.add('attempts.json', json(await deps.attempts(lab)));
  // A lab that was paused has it stopped.
  await driver.ensure(plan, keep.component, signal);
  if (keep.kind === 'database') {
    const sandbox = bindSandbox(driver, plan);
    return dumpDatabase(sandbox, keep.component, `database/${keep.component}`, parcel, signal);
  }
  const query = { glob: keep.glob, maxFiles: mostFiles, maxBytesEach: parcel.room, maxBytesAll: parcel.room };
  const found = await driver.readFiles(plan, keep.component, query, signal);
  for (const { path, content } of found.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = `files/${keep.component}/${path}`;
    if (content === null) parcel.leaveOut(name, 'it is over what there is room for');
    else if (parcel.files.every((one) => one.path !== name)) parcel.add(name, content);
  }
  if (found.length === mostFiles)
    parcel.leaveOut(`files/${keep.component}`, `all but the newest ${mostFiles}`);
}

function json(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value as Json, null, 2)}\n`);
}
