/**
 * The agent in a lab's gateway, run there by Labwright over its input and output: the only way into the lab's network.
 * It ends with its input.
 */
import { Socket } from 'node:net';
import { serveAgent } from './agent.ts';
import type { Transport } from './link.ts';
import { createNotes } from './notes.ts';
import { gatewayFolders } from './protocol.ts';
import { createReach } from './reach.ts';
import { createServeFiles } from './serve-files.ts';
import { createWorkspaces } from './workspaces.ts';

// Sockets of their own and not `process.stdin` and `stdout`: those may block while nobody reads them.
const input = new Socket({ fd: 0, readable: true, writable: false });
const output = new Socket({ fd: 1, readable: false, writable: true });
const transport: Transport = {
  on(event: string, listener: (piece: Buffer) => void) {
    input.on(event, listener);
    if (event !== 'data') output.on(event, listener);
  },
  write: (bytes, done) => output.write(bytes, done),
  destroy() {
    input.destroy();
    output.destroy();
  },
};
const notes = createNotes(gatewayFolders.notes);
const { workspaces: volumes, origins, notes: copies } = gatewayFolders;
const workspaces = createWorkspaces({ volumes, origins, copies }, notes);
await serveAgent(transport, {
  reach: createReach(),
  serve: createServeFiles(workspaces, notes),
});
process.exit(0);
