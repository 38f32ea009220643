// Not imported: an import reads all that the module has, and with it loads the fetch client (20 ms, 2 MiB).
const { request } = process.getBuiltinModule('node:http');

/** Status of a GET on loopback; null when nothing answered within `timeoutMs`. */
export function probe(port: number, path: string, timeoutMs: number): Promise<number | null> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, agent: false, timeout: timeoutMs }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? null);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(null));
    asked.end();
  });
}
