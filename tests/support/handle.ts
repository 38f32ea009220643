/** A sandbox handle onto real servers, processes and folders of a test, with what the driver port promises. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { glob, lstat, mkdir, open, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import type {
  ActContext,
  Filler,
  LabRecords,
  LookContext,
  NamespacesHandle,
  SandboxHandle,
} from '../../src/grading/types.ts';
import { LabError } from '../../src/lab/errors.ts';
import type { ComponentAccess, ComponentPort, FileFound, FileQuery } from '../../src/lab/ports.ts';
import { LookFailure } from '../../src/observers/look.ts';

/** What a test gives beside its components. */
export interface TestHandleOptions {
  /** Where the control port of a stub or of traffic listens. */
  readonly control?: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
  /** What components have printed. */
  readonly logs?: Readonly<Record<string, string>>;
  /** Where the Services of namespaces listen, by name. */
  readonly services?: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
  /** What is in components of the kind `namespace`. */
  readonly namespaces?: NamespacesHandle;
  /** Told of everything that is done to processes, such as `kill api KILL`. */
  readonly onProcess?: (what: string) => void;
}

export function testHandle(
  components: Readonly<Record<string, ComponentAccess>>,
  options: TestHandleOptions = {},
): SandboxHandle {
  const done = async (what: string): Promise<void> => options.onProcess?.(what);
  const access = (name: string): ComponentAccess => {
    const found = components[name];
    if (found === undefined) throw new LabError('component_not_found', `no component ${name}`);
    return found;
  };
  const folder = (name: string): string => {
    const found = access(name);
    if (found.kind !== 'shell') throw new TypeError(`${name} has no files`);
    return found.path;
  };
  const targetOf = (name: string, which: ComponentPort) => {
    if (typeof which !== 'string') return options.services?.[which.service];
    return which === 'control' ? options.control?.[name] : access(name);
  };
  return {
    access,
    namespaces: options.namespaces ?? null,
    dial(name, signal, which = 'main') {
      if (typeof which !== 'string' && options.services?.[which.service] === undefined) {
        const extra = { reason: 'no_such_name' };
        const text = `There is no Service "${which.service}".`;
        return Promise.reject(new LabError('backend_unavailable', text, { extra }));
      }
      const target = targetOf(name, which);
      if (target === undefined || !('port' in target))
        throw new TypeError(`${name} has no ${JSON.stringify(which)} port`);
      const { host, port } = target;
      return new Promise((resolve, reject) => {
        const socket = connect({ host, port, signal });
        socket.once('connect', () => resolve(socket));
        socket.once('error', reject);
      });
    },
    kill: (name, signal) => done(`kill ${access(name).kind} ${name} ${signal}`),
    restart: (name) => done(`restart ${access(name).kind} ${name}`),
    resetStatistics: (name) => done(`reset ${access(name).kind} ${name}`),
    async readLog(name, maxBytes) {
      const printed = Buffer.from(options.logs?.[name] ?? '');
      return printed.subarray(Math.max(0, printed.byteLength - maxBytes)).toString();
    },
    exec(name, argv, caps, signal) {
      const start = performance.now();
      const [program = '', ...args] = argv;
      const cwd = join(folder(name), caps.cwd ?? '');
      const bounds = { cwd, timeout: caps.timeoutMs, maxBuffer: caps.maxBytes, signal };
      return new Promise((resolve, reject) => {
        execFile(program, args, { ...bounds, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
          if (signal.aborted) return reject(signal.reason);
          const truncated = error?.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
          const code = typeof error?.code === 'number' ? error.code : null;
          resolve({
            exitCode: error === null ? 0 : code,
            signal: error?.signal ?? null,
            stdout,
            stderr,
            timedOut: error?.killed === true && !truncated,
            truncated,
            durationMs: performance.now() - start,
          });
        });
      });
    },
    async readFiles(name, query, signal) {
      const found: FileFound[] = [];
      for await (const path of glob(query.glob, { cwd: folder(name) })) {
        signal.throwIfAborted();
        const file = await readRegular(join(folder(name), path), path, query);
        if (file !== null) found.push(file);
      }
      found.sort((a, b) => b.modifiedAt.getTime() - a.modifiedAt.getTime());
      return found.slice(0, query.maxFiles);
    },
    async writeFile(name, path, content) {
      const target = join(folder(name), path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    },
  };
}

async function readRegular(full: string, path: string, query: FileQuery): Promise<FileFound | null> {
  if (!(await lstat(full)).isFile()) return null;
  const file = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size, mtime } = await file.stat();
    const { headBytes, maxBytesEach } = query;
    if (headBytes !== undefined) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return { path, bytes: size, modifiedAt: mtime, content: buffer.subarray(0, bytesRead) };
    }
    const content = size > maxBytesEach ? null : await file.readFile();
    return { path, bytes: size, modifiedAt: mtime, content };
  } finally {
    await file.close();
  }
}

/** Leaves everything as it is written. */
export const fillNothing: Filler = {
  value: (raw) => raw,
  text: (raw) => raw,
  urlPath: (raw) => raw,
  header: (raw) => raw,
};

/** A lab of which nothing is known beside its sandbox. */
export const noRecords: LabRecords = {
  events: {},
  stepStartedAt: null,
  watch: () =>
    Promise.reject(new LookFailure('missing', 'There is no such watch.', 'no watches in this test')),
  reference: () =>
    Promise.reject(new LookFailure('bug', 'There is no reference.', 'no reference in this test')),
  scratch: () => Promise.reject(new LookFailure('bug', 'There is no scratch.', 'no scratch in this test')),
};

export function lookContext(sandbox: SandboxHandle, more: Partial<LookContext> = {}): LookContext {
  return {
    sandbox,
    fill: fillNothing,
    answers: {},
    records: noRecords,
    deadlineMs: 30_000,
    templateFile: () => null,
    templateFiles: [],
    component: () => null,
    ...more,
  };
}

/** A context for steps in which nobody answers, presses or marks. */
export function actContext(sandbox: SandboxHandle, more: Partial<ActContext> = {}): ActContext {
  return {
    ...lookContext(sandbox),
    answer: async () => {},
    press: null,
    mark: null,
    drawn: (from, to) => (from + to) / 2,
    holds: async () => false,
    waitLimitMs: 60_000,
    ...more,
  };
}
