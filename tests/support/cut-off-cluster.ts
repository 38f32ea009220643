/** A way to the cluster's API that can be cut, with a kubeconfig that leads through it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, isIP, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';

export interface CutOffCluster {
  /** Of the kubeconfig. */
  readonly path: string;
  readonly url: string;
  cut(): Promise<void>;
  restore(): Promise<void>;
  stop(): Promise<void>;
}

/** @param token instead of the credentials of `real`; absent: these. */
export async function startCutOffCluster(real: KubeConfig, token?: string): Promise<CutOffCluster> {
  const cluster = real.getCurrentCluster();
  const user = real.getCurrentUser();
  if (cluster === null || user === null) throw new Error('no cluster');
  const target = new URL(cluster.server);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect(Number(target.port || 443), target.hostname);
    for (const one of [socket, onward]) {
      sockets.add(one);
      one.on('error', () => {});
      one.once('close', () => {
        sockets.delete(one);
        socket.destroy();
        onward.destroy();
      });
    }
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `https://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'labwright-kubeconfig-'));
  const path = join(folder, 'config');
  const config = new KubeConfig();
  // The certificate is that of the real name; one of an address can only be asked for by coming to it.
  const name = target.hostname.replace(/^\[|\]$/g, '');
  const trust =
    isIP(name) === 0 ? { tlsServerName: name } : name === '127.0.0.1' ? {} : { skipTLSVerify: true };
  config.loadFromClusterAndUser(
    { ...cluster, ...trust, server: url },
    token === undefined ? user : { name: 'other', token },
  );
  writeFileSync(path, config.exportConfig());

  async function cut(): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  return {
    path,
    url,
    cut,
    async restore() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    async stop() {
      if (server.listening) await cut();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
