/** A name server on this machine that knows one address and gives it for every name. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface NameServer {
  /** Host and port. */
  readonly address: string;
  stop(): void;
}

export async function startNameServer(ip: string): Promise<NameServer> {
  const socket = createSocket('udp4');
  const octets = Buffer.from(ip.split('.').map(Number));
  socket.on('message', (asked, from) => {
    let end = 12;
    while (asked[end] !== 0) end += (asked[end] ?? 0) + 1;
    const question = asked.subarray(12, end + 5);
    // One question, one answer: the name that was asked for, type A, class IN, 60 s, four bytes.
    const header = Buffer.from([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    const answer = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
    const reply = Buffer.concat([asked.subarray(0, 2), header, question, answer, octets]);
    socket.send(reply, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: `127.0.0.1:${socket.address().port}`, stop: () => socket.close() };
}
