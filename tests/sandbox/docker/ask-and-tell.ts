/** Asks the engine named by its argument for its containers, and prints how that went: a program for another user. */
import { createEngine } from '../../../src/sandbox/docker/engine.ts';

const [host = ''] = process.argv.slice(2);
const engine = createEngine({ host, tlsDir: null });
try {
  const all = await engine.ask(
    'list containers',
    (docker, abortSignal) => docker.listContainers({ abortSignal }),
    AbortSignal.timeout(20_000),
  );
  console.log(JSON.stringify({ containers: all.length }));
} catch (thrown) {
  const { code, message } = thrown as { code: string; message: string };
  console.log(JSON.stringify({ code, message }));
}
engine.close();
