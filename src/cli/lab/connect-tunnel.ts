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
import { labPath } from './wire.ts';

export interface Wanted {
  readonly kind: string;
  readonly facts: Facts;
  /** 0: a free one. */
  readonly port: number;
}

export interface LocalPort {
  readonly port: number;
  /** Rejects with CliError when what is reached has gone; never resolves. */
  readonly lost: Promise<never>;
  close(): void;
}

/** Opens it; `note` is told of connections that were refused for a while. Throws CliError when nothing can be reached. */
export async function openLocalPort(
  target: Target,
  wanted: number,
  note: (text: string) => void,
): Promise<LocalPort> {
  // Whoever connects later gets what is there now, or nothing: another sandbox has other data.
  const { place } = await placeOf(target, 'tunnel');
  const { promise: lost, reject: fail } = Promise.withResolvers<never>();
  lost.catch(() => undefined);
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
        else note(`A connection was refused: ${thrown instanceof Error ? thrown.message : thrown}`);
      },
    );
  });
  const port = await listen(server, wanted);
  // The component may close a connection before the server tells why, and where there is none nobody tells at all.
  const looking = setInterval(() => void hasEnded(target).then((over) => over && fail(labEnded())), lookMs);
  const close = () => {
    clearInterval(looking);
    server.close();
    for (const local of open) local.destroy();
  };
  return { port, lost, close };
}

const lookMs = 2_000;

/** A server that does not answer says nothing about the lab. */
async function hasEnded({ api, id }: Target): Promise<boolean> {
  try {
    const { status } = await api.call<{ readonly status: string }>('GET', labPath(id));
    return status === 'ending' || status === 'ended';
  } catch (thrown) {
    return thrown instanceof CliError && thrown.exit === 'notFound';
  }
}

const labEnded = () => endedBy({ code: closingCodes.labEnded, reason: 'the lab has ended' });

/** Resolves when it was asked to stop. Throws CliError when what is reached has gone. */
export async function openTunnel(cli: Cli, target: Target, { kind, facts, port }: Wanted): Promise<void> {
  const { terminal, interrupts } = cli;
  const local = await openLocalPort(target, port, (text) => terminal.note(text));
  const hold = interrupts.hold();
  const stopped = new Promise<void>((resolve) => {
    hold.stop.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    const use = howToUse(kind, facts, local.port);
    const answer = { event: 'listening', lab: target.id, component: target.component, kind, ...use.json };
    if (terminal.json) terminal.stream(answer);
    terminal.print(pairs(terminal, use.lines));
    terminal.note(`Leads to "${target.component}" of ${target.id} until Ctrl-C.`);
    await Promise.race([stopped, local.lost]);
    if (terminal.json) terminal.stream({ event: 'closed' });
  } finally {
    local.close();
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
