/** A whole Labwright with a lab that has everything to speak to, and clients of its WebSockets. */
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { expect } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { readTokens } from '../../src/compose/data-folder.ts';
import { protocolOf, type WayKind } from '../../src/terminal/protocol.ts';
import type { Client } from '../e2e/client.ts';
import { type Settings, startWorld, type World } from '../e2e/support.ts';
import { testTemplates } from '../e2e/test-templates.ts';

export interface WaysWorld {
  readonly world: World;
  readonly ann: Client;
  /** Ann's. */
  readonly lab: string;
  /** Of a trainee. */
  token(subject: string): Promise<string>;
  readonly instructorToken: string;
  /** A fresh one of Ann's, for what breaks it. */
  another(): Promise<string>;
  stop(): Promise<void>;
}

export async function startWays(settings: Settings = {}): Promise<WaysWorld> {
  const templates = testTemplates('ways');
  const world = await startWorld({
    templatesDir: templates.folder,
    spares: '0',
    labsPerTrainee: '10',
    ...settings,
  });
  const ann = await world.trainee('ann');
  const another = async () => {
    const { id } = await ann.create({ template: 'ways' });
    await ann.untilReady(id, 60_000);
    return id;
  };
  return {
    world,
    ann,
    lab: await another(),
    another,
    async token(subject) {
      return (await world.instructor.call<{ token: string }>('POST', '/tokens', { subject })).token;
    },
    instructorToken: readTokens(world.installation.dataDir)?.instructor ?? '',
    async stop() {
      await world.stop();
      templates.remove();
    },
  };
}

/** An upgrade that was answered with something else. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;

  constructor(status: number, body: { readonly code?: string; readonly detail?: string }) {
    super(`${status} ${body.code}: ${body.detail}`);
    this.status = status;
    this.code = body.code ?? 'none';
    this.detail = body.detail ?? '';
  }
}

export interface Asked {
  readonly token?: string | null;
  readonly query?: Readonly<Record<string, string>>;
  readonly protocol?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly options?: ClientOptions;
}

export type Connected = Awaited<ReturnType<typeof connectTo>>;

/** Opens a way. Rejects with `Refused`. */
export async function connectTo(
  url: string,
  kind: WayKind,
  lab: string,
  component: string,
  asked: Asked = {},
) {
  const { token, query = {}, protocol = protocolOf[kind], headers = {}, options } = asked;
  const target = new URL(`/api/v1/labs/${lab}/${kind}/${component}`, url.replace(/^http/, 'ws'));
  for (const [key, value] of Object.entries(query)) target.searchParams.set(key, value);
  const authorization = token == null ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(target, protocol === null ? [] : [protocol], {
    headers: { ...authorization, ...headers },
    perMessageDeflate: false,
    ...options,
  });
  let bytes = 0;
  let text = '';
  const controls: string[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) return void controls.push(data.toString());
    bytes += data.byteLength;
    text = (text + data.toString('latin1')).slice(-500_000);
  });
  const closed = once(socket, 'close').then(([code, reason]) => ({
    code: Number(code),
    reason: String(reason),
  }));
  closed.catch(() => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (request: ClientRequest, answer: IncomingMessage) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.once('end', () => {
        request.destroy();
        const body = Buffer.concat(parts).toString();
        reject(
          new Refused(answer.statusCode ?? 0, body.startsWith('{') ? JSON.parse(body) : { detail: body }),
        );
      });
    });
  });
  socket.on('error', () => undefined);
  return {
    socket,
    closed,
    controls,
    bytes: () => bytes,
    text: () => text,
    type: (keys: string) => socket.send(Buffer.from(keys)),
    shows: (what: string) =>
      expect.poll(() => text.includes(what), { timeout: 20_000, message: `shows ${what}` }).toBe(true),
  };
}
