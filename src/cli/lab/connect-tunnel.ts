/** A port of this machine that leads to a component of a lab, for as long as the command runs. */

import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { type Closing, closingCodes } from '../../terminal/protocol.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { endedBy, openSocket, placeOf, sendBytes, type Target } from './connect-socket.ts';
import { type Facts, howToUse } from './connect-use.ts';
import { pairs } from './render.ts';

export interface Wanted {
  readonly kind: string;
  readonly facts: Facts;
  /** 0: a free one. */
  readonly port: number;
}

/** Resolves when it was asked to stop. Throws CliError when what is reached has gone. */
export async function openTunnel(cli: Cli, target: Target, { kind, facts, port }: Wanted): Promise<void> {
  const { terminal, interrupts } = cli;
  // Whoever connects later gets what is there now, or nothing: another sandbox has other data.
  const { place } = await placeOf(target, 'tunnel');
  const { promise: over, resolve: end, reject: fail } = Promise.withResolvers<void>();
  over.catch(() => undefined);
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (local) => {
    open.add(local);
    local.once('close', () => open.delete(local));
    local.on('error', () => local.destroy());
    pass(target, place, local).then(
      (closing) => {
        if (isFinal(closing)) fail(endedBy(closing));
      },
      (thrown: unknown) => {
        local.destroy();
        const isOver =
          thrown instanceof CliError && (thrown.exit === 'refused' || thrown.exit === 'notFound');
        if (isOver && thrown.code !== 'too_soon') fail(thrown);
        else terminal.note(`A connection was refused: ${thrown instanceof Error ? thrown.message : thrown}`);
      },
    );
  });
  const listening = await listen(server, port);
  const hold = interrupts.hold();
  hold.stop.addEventListener('abort', () => end(), { once: true });
  try {
    const use = howToUse(kind, facts, listening);
    const answer = { event: 'listening', lab: target.id, component: target.component, kind, ...use.json };
    if (terminal.json) terminal.stream(answer);
    terminal.print(pairs(terminal, use.lines));
    terminal.note(`Leads to "${target.component}" of ${target.id} until Ctrl-C.`);
    await over;
    if (terminal.json) terminal.stream({ event: 'closed' });
  } finally {
    server.close();
    for (const local of open) local.destroy();
    hold.release();
  }
}

/** One connection, each way as fast as its reader; resolves with how it was closed. */
async function pass(target: Target, place: string, local: Socket): Promise<Closing> {
  local.pause();
  const { socket, closed } = await openSocket(target, 'tunnel', { place });
  local.once('close', () => socket.close());
  if (local.destroyed) socket.close();
  upstream(local, socket);
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) return void local.end();
    if (local.writableEnded || local.write(data)) return;
    socket.pause();
    local.once('drain', () => socket.resume());
  });
  socket.resume();
  const closing = await closed;
  // What broke is not taken for an end.
  if (closing.code === closingCodes.done) local.end();
  else local.resetAndDestroy();
  return closing;
}

function upstream(local: Socket, socket: WebSocket): void {
  local.on('data', (data) => {
    local.pause();
    void sendBytes(socket, data).then(() => local.resume());
  });
  local.once('end', () => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ end: true }), { binary: false });
  });
  local.resume();
}

function isFinal({ code }: Closing): boolean {
  const final: readonly number[] = [closingCodes.labEnded, closingCodes.replaced, closingCodes.refused];
  return final.includes(code);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const text = `--port: found ${port}, which cannot be listened on (${error.code}); allowed is a free port.`;
      reject(new CliError('unavailable', 'port_in_use', text, { port }));
    });
    // Nobody else on the network gets into a trainee's lab through this machine.
    server.listen({ host: '127.0.0.1', port }, () => resolve((server.address() as AddressInfo).port));
  });
}
