/** What is left of a template's sandboxes when its labs are gone. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime } from '../compose.ts';
import { inhabitants } from './inhabitants.ts';

const everyMs = 200;
/** A lab is told as ended when its row is; what a reset has put aside is cleaned up behind. */
const withinMs = 20_000;

/** Call it when no lab of the template is left. One sentence each; empty when nothing is left. Rejects on abort. */
export async function leaksOf(
  { drivers, store }: Pick<Runtime, 'drivers' | 'store'>,
  templateHash: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  /** Of those that the template had, and that may be destroyed or are. */
  async function isDead(sandboxId: string): Promise<boolean> {
    const { sandbox } = await store.getSandbox(sandboxId).catch(() => ({ sandbox: null }));
    return sandbox?.templateHash === templateHash && (sandbox.state === 'dead' || sandbox.state === 'gone');
  }

  async function left(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const driver of drivers.values()) {
      for (const { sandboxId } of await driver.list(signal)) {
        if (await isDead(sandboxId)) found.push(`resources of sandbox ${sandboxId} on ${driver.name}`);
      }
    }
    for (const { pid, sandboxId, command } of inhabitants()) {
      if (await isDead(sandboxId)) found.push(`process ${pid} of sandbox ${sandboxId}: ${command}`);
    }
    return found;
  }

  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await left();
    if (found.length === 0 || performance.now() > deadline) return found;
    await delay(everyMs, undefined, { signal });
  }
}
