/** Files of workspaces, through the agent in the lab's gateway. */
import { buffer } from 'node:stream/consumers';
import { packFiles, unpackFiles } from '../../gateway/packed.ts';
import type { FilesRequest } from '../../gateway/protocol.ts';
import { LabError } from '../../lab/errors.ts';
import type { AgentSession } from './agent-session.ts';
import type { GatewayFiles } from './types.ts';

/** How long a watch that was lost waits before it is made again; twice as long each time. */
const againAfterMs = 1_000;
const atMostMs = 30_000;

export function createGatewayFiles(session: AgentSession): GatewayFiles {
  async function ask(request: FilesRequest, body: Uint8Array, signal: AbortSignal): Promise<Buffer> {
    const channel = await session.channel({ kind: 'files', request }, body, signal);
    try {
      return await buffer(channel);
    } catch (cause) {
      signal.throwIfAborted();
      throw new LabError('backend_unavailable', "The lab's gateway broke off.", { cause });
    }
  }

  const askJson = async (request: FilesRequest, signal: AbortSignal): Promise<unknown> =>
    JSON.parse((await ask(request, nothing, signal)).toString());

  return {
    generation: async (component, signal) =>
      (await askJson({ do: 'generation', component }, signal)) as number | null,
    async fill(workspace, from, signal) {
      const origin = 'origin' in from ? from.origin : null;
      const files = 'origin' in from ? [] : [...from.contents];
      const body = packFiles(
        files.map(([path, content]) => ({ path, content, bytes: content.byteLength, modifiedAt: 0 })),
      );
      await ask({ do: 'fill', workspace, origin }, body, signal);
    },
    async find(workspace, query, signal) {
      const files = unpackFiles(await ask({ do: 'find', workspace, query }, nothing, signal));
      return files.map((file) => ({ ...file, modifiedAt: new Date(file.modifiedAt) }));
    },
    async write(workspace, path, content, signal) {
      await ask({ do: 'write', workspace, path }, content, signal);
    },
    isFolder: async (workspace, path, signal) =>
      (await askJson({ do: 'is-folder', workspace, path }, signal)) === true,
    async scan(workspace, folder, editable, signal) {
      const scan = await askJson({ do: 'scan', workspace, folder, editable }, signal);
      const { fingerprint, hashes } = scan as { fingerprint: string; hashes: [string, string][] };
      return { fingerprint, hashes: new Map(hashes), folders: [] };
    },
    async note(component, note, signal) {
      await ask({ do: 'note', component, note }, nothing, signal);
    },
    noted: async (component, signal) => (await askJson({ do: 'noted', component }, signal)) as string | null,
    watch: (workspace, folder, onChange) => watch(session, { do: 'watch', workspace, folder }, onChange),
  };
}

const nothing = new Uint8Array();

function watch(session: AgentSession, request: FilesRequest, onChange: () => void): { close(): void } {
  const closed = new AbortController();
  let wait = againAfterMs;
  let timer: NodeJS.Timeout | undefined;

  async function begin(): Promise<void> {
    const channel = await session.channel({ kind: 'files', request }, null, closed.signal);
    // What was changed before it was watched.
    onChange();
    channel.on('data', onChange);
    channel.on('data', () => {
      wait = againAfterMs;
    });
    channel.once('close', again);
  }

  function again(): void {
    if (closed.signal.aborted || session.isClosed()) return;
    timer = setTimeout(() => begin().catch(again), wait).unref();
    wait = Math.min(wait * 2, atMostMs);
  }

  begin().catch(again);
  return {
    close() {
      clearTimeout(timer);
      closed.abort();
    },
  };
}
