/** A database as somebody: its URL, and the way there where its host cannot be reached from here. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import pg from 'pg';
import { DialledStream } from './dialled-stream.ts';

/** A byte stream to a server; every call gives another. */
export type Dial = () => Promise<Duplex>;

export interface Target {
  readonly url: string;
  /** Null: over the network, as the URL says. */
  readonly dial: Dial | null;
}

export const atUrl = (url: string): Target => ({ url, dial: null });

/** What `pg` is told of it. */
export function configFor({ url, dial }: Target, more: pg.ClientConfig = {}): pg.ClientConfig {
  const stream = dial === null ? {} : { stream: () => new DialledStream(dial) };
  return { connectionString: url, ...stream, ...more };
}

/** Not connected yet. That it loses its connection is heard by the statement that needs it. */
export function clientFor(target: Target, more: pg.ClientConfig = {}): pg.Client {
  const client = new pg.Client(configFor(target, more));
  client.on('error', () => {});
  return client;
}

/** Over the network. */
export const dialTcp =
  (host: string, port: number): Dial =>
  () =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port });
      socket.once('connect', () => resolve(socket));
      socket.once('error', reject);
    });
