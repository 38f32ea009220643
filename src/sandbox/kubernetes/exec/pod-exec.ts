/** Programs in containers of pods, over the API's exec (`v5.channel.k8s.io`, which Kubernetes has since 1.30). */
import type { KubeConfig } from '@kubernetes/client-node';
import type { WebSocket } from 'ws';
import { LabError } from '../../../lab/errors.ts';
import type { PodExec, PodProgram } from '../types.ts';
import { channelStream, framed } from './frames.ts';
import { openSocket } from './open-socket.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

/** `exitCode` is null also where the program could not be started; its stream is then destroyed with a LabError. */
export function createPodExec(config: KubeConfig): PodExec {
  return {
    async open({ namespace, pod, container }, argv, { tty, stdin }, signal) {
      const query = new URLSearchParams({ container, stdin: String(stdin), stdout: 'true' });
      // A terminal has one output.
      query.set('stderr', String(tty === undefined));
      query.set('tty', String(tty !== undefined));
      for (const word of argv) query.append('command', word);
      const path = `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`;
      const what = `create pods/exec ${pod} in namespace ${namespace}`;
      const socket = await openSocket(config, { path, protocol: 'v5.channel.k8s.io', what }, signal);
      const program = programOn(socket);
      if (tty !== undefined) program.resize(tty.cols, tty.rows);
      return program;
    },
  };
}

function programOn(socket: WebSocket): PodProgram {
  const ended = Promise.withResolvers<number | null>();
  let takeError: ((bytes: Buffer) => void) | null = null;
  let early: Buffer[] = [];
  let isWhole = false;

  const stream = channelStream(socket, channels.stdin, {
    take(channel, bytes, push) {
      if (channel === channels.stdout) push(bytes);
      else if (channel === channels.stderr) {
        if (takeError === null) early.push(bytes);
        else takeError(bytes);
      } else if (channel === channels.status) {
        const said = readEnd(bytes);
        if (said instanceof LabError) {
          stream.destroy(said);
          ended.resolve(null);
          return;
        }
        isWhole = true;
        push(null);
        ended.resolve(said);
        socket.close(1000);
      }
    },
    onFinal() {
      if (socket.readyState === socket.OPEN)
        socket.send(framed(channels.close, Uint8Array.of(channels.stdin)));
    },
    isWhole: () => isWhole,
  });
  // Whoever has it listens, too; until then nobody may fall over it.
  stream.on('error', () => {});
  socket.once('close', () => ended.resolve(null));
  return {
    stream,
    onError(take) {
      takeError = take;
      for (const bytes of early) take(bytes);
      early = [];
    },
    resize(cols, rows) {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(framed(channels.resize, Buffer.from(JSON.stringify({ Width: cols, Height: rows }))));
    },
    exitCode: ended.promise,
  };
}

interface EndStatus {
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason: string; readonly message: string }[] };
}

/** Its exit code, or why it never ran. */
function readEnd(bytes: Buffer): number | LabError {
  const { status, message = '', details } = JSON.parse(bytes.toString('utf8')) as EndStatus;
  if (status === 'Success') return 0;
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (code !== undefined) return Number(code);
  return new LabError('backend_unavailable', `A program could not be run in a pod: ${message}`, {
    extra: { reason: 'not_started' },
  });
}
