/** Requests on files: each is a channel, its body what is written, its answer what is read. */
import { buffer } from 'node:stream/consumers';
import { asLabError, LabError } from '../lab/errors.ts';
import type { FileQuery } from '../lab/ports.ts';
import { scanSource, sourceFolders } from '../sandbox/files/source-files.ts';
import { watchFolders } from '../sandbox/files/watch-folders.ts';
import { findFiles, isFolderBeneath, writeFileBeneath } from '../sandbox/files/workspace-files.ts';
import type { Channel } from './channel.ts';
import type { Notes } from './notes.ts';
import { packFiles, unpackFiles } from './packed.ts';
import { type FilesRequest, largestAnswer, largestBody } from './protocol.ts';
import type { Workspaces } from './workspaces.ts';

export type ServeFiles = (channel: Channel, request: FilesRequest) => Promise<void>;

export function createServeFiles(workspaces: Workspaces, notes: Notes): ServeFiles {
  async function answer(channel: Channel, asked: FilesRequest, signal: AbortSignal): Promise<unknown> {
    switch (asked.do) {
      case 'generation':
        return workspaces.generation(asked.component);
      case 'fill': {
        const files = unpackFiles(await bodyOf(channel));
        const contents = new Map(files.map(({ path, content }) => [path, content ?? new Uint8Array()]));
        const { origin } = asked;
        return workspaces.fill(asked.workspace, origin === null ? { contents } : { origin }, signal);
      }
      case 'unpack':
        return workspaces.fill(asked.workspace, { archive: channel }, signal);
      case 'pack':
        // What goes wrong from here on breaks it off: a reader sees that it is not whole.
        await workspaces.generation(asked.workspace.component);
        channel.accept();
        return workspaces.pack(asked.workspace, channel, signal);
      case 'find': {
        const found = await findFiles(workspaces.path(asked.workspace), bounded(asked.query), signal);
        return packFiles(found.map((file) => ({ ...file, modifiedAt: file.modifiedAt.getTime() })));
      }
      case 'write':
        // Brings back a folder that its trainee has removed.
        await workspaces.generation(asked.workspace.component);
        return writeFileBeneath(workspaces.path(asked.workspace), asked.path, await bodyOf(channel), null);
      case 'is-folder':
        return isFolderBeneath(workspaces.path(asked.workspace), asked.path);
      case 'scan': {
        const scan = await scanSource(workspaces.path(asked.workspace), asked.editable, asked.folder);
        return { fingerprint: scan.fingerprint, hashes: [...scan.hashes] };
      }
      case 'note':
        return notes.write(sourceNote(asked.component), asked.note);
      case 'noted':
        return notes.read(sourceNote(asked.component));
      case 'watch':
        return tellChanges(channel, workspaces.path(asked.workspace), asked.folder);
    }
  }

  return async (channel, request) => {
    const left = new AbortController();
    channel.once('close', () => left.abort());
    try {
      const said = await answer(channel, request, left.signal);
      // A channel whose end was not read never closes, and there may be only so many.
      channel.resume();
      if (request.do === 'pack') return;
      channel.accept();
      if (request.do !== 'watch')
        channel.end(said instanceof Uint8Array ? said : JSON.stringify(said ?? null));
    } catch (thrown) {
      const { code, message } = told(thrown);
      channel.reset({ code, message: message.slice(0, 1_000) });
    }
  };
}

const sourceNote = (component: string) => `${Buffer.from(component).toString('base64url')}.source`;

function told(thrown: unknown): LabError {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new LabError('backend_unavailable', "No space is left for the lab's files.");
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP')
    return new LabError('backend_unavailable', 'The workspace is not there.');
  return asLabError(thrown);
}

/** What is read is in our memory until it is taken. */
function bounded(query: FileQuery): FileQuery {
  const { maxBytesEach, maxBytesAll = largestAnswer } = query;
  return {
    ...query,
    maxBytesEach: Math.min(maxBytesEach, largestAnswer),
    maxBytesAll: Math.min(maxBytesAll, largestAnswer),
  };
}

async function bodyOf(channel: Channel): Promise<Buffer> {
  let size = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const piece of channel as AsyncIterable<Buffer>) {
      size += piece.byteLength;
      if (size > largestBody)
        throw new LabError('payload_too_large', `More than ${largestBody / 1024 / 1024} MB at once.`);
      yield piece;
    }
  }
  return buffer(counted());
}

/** A byte for each change, until the channel ends. */
async function tellChanges(channel: Channel, root: string, folder: string): Promise<void> {
  const look = async () => watch.cover(await sourceFolders(root, folder));
  const watch = watchFolders(root, `${root}/${folder}`, () => {
    // One that was not read yet says all that there is to say.
    if (channel.writableLength === 0 && !channel.destroyed) channel.write('.');
    look().catch(() => {});
  });
  channel.once('close', () => watch.close());
  await look();
}
