/** helm and kubectl, found by HELM and KUBECTL or in PATH; the chart, rendered. */
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { projectRoot } from '../../src/config.ts';

const run = promisify(execFile);
const helmProgram = process.env.HELM || 'helm';
export const kubectlProgram = process.env.KUBECTL || 'kubectl';
export const chart = join(projectRoot, 'helm', 'labwright');

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Meta & { readonly name: string; readonly namespace?: string };
  readonly spec?: Spec;
  readonly data?: Readonly<Record<string, string>>;
  readonly rules?: readonly Rule[];
}

interface Meta {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** What tests look at in specs, of whatever kind. */
export interface Spec {
  readonly replicas?: number;
  readonly template?: { readonly metadata: Meta; readonly spec: Spec };
  readonly selector?: Readonly<Record<string, unknown>>;
  readonly podSelector?: { readonly matchLabels: object };
  readonly rules?: readonly { readonly host?: string }[];
  readonly groups?: readonly { readonly rules: readonly object[] }[];
  readonly terminationGracePeriodSeconds?: number;
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: object;
  readonly containers?: readonly {
    readonly name: string;
    readonly env?: readonly { readonly name: string; readonly value?: string }[];
    readonly securityContext?: object;
    readonly resources?: { readonly limits?: { readonly memory?: string } };
  }[];
}

/** Null: both are there. */
export const toolsMissing: string | null =
  [[helmProgram, ['version', '--short']] as const, [kubectlProgram, ['version', '--client']] as const]
    .filter(([program, args]) => spawnSync(program, args).status !== 0)
    .map(([program]) => `${program} is not there`)
    .join(', ') || null;

/** A suite's first test: says loudly that nothing is tried without the tools, and fails there when all must be. */
export function requireTools(): void {
  it('has helm and kubectl to try', (context) => {
    if (toolsMissing === null) return;
    const why = `${toolsMissing}, so nothing of the chart was tried`;
    expect(process.env.LABWRIGHT_REQUIRE_ALL, `LABWRIGHT_REQUIRE_ALL=1, and ${why}`).not.toBe('1');
    console.warn(`SKIPPED: ${why}.`);
    context.skip(why);
  });
}

/** Throws with what it said. */
export const helm = (...args: readonly string[]) => tool(helmProgram, args);
export const kubectl = (...args: readonly string[]) => tool(kubectlProgram, args);

async function tool(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(program, args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (thrown) {
    const { stdout = '', stderr = '' } = thrown as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')}:\n${stdout}\n${stderr}`);
  }
}

/** The release `labwright` in the namespace `labwright`, with `name=value`s. */
export async function render(...values: readonly string[]): Promise<readonly Manifest[]> {
  const sets = values.flatMap((one) => ['--set', one]);
  return documentsOf(await helm('template', 'labwright', chart, '--namespace', 'labwright', ...sets));
}

export function documentsOf(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((one) => one.toJS() as Manifest | null)
    .filter((one) => one !== null);
}

export function find(all: readonly Manifest[], kind: string, name: string): Manifest {
  const found = all.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}
