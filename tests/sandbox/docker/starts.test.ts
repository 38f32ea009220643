import { describe, expect, it } from 'vitest';
import { createStarts } from '../../../src/sandbox/docker/starts.ts';

const never = new AbortController().signal;
const copied = { sandboxId: 'origin', components: {} };
const long = { turnMs: 60_000, patienceMs: 60_000 };

/** Efforts that end when they are told to, and the order in which they began. */
function efforts(starts: ReturnType<typeof createStarts>) {
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    began,
    start(name: string, sandboxId = name, signal = never): Promise<void> {
      const work = () => {
        began.push(name);
        return new Promise<void>((resolve) => void ends.set(name, resolve));
      };
      return starts.take({ sandboxId, origin: name.startsWith('copy') ? copied : null }, work, signal);
    },
    end: (name: string) => ends.get(name)?.(),
  };
}

describe('starts of sandboxes', () => {
  it('brings up so many sandboxes at a time, in the order in which they came', async () => {
    const { start, end, began } = efforts(createStarts(() => 2, long));
    const [a, b, c] = [start('a'), start('b'), start('c'), start('d')];
    await expect.poll(() => began).toEqual(['a', 'b']);
    end('b');
    await b;
    await expect.poll(() => began).toEqual(['a', 'b', 'c']);
    end('c');
    await c;
    await expect.poll(() => began).toEqual(['a', 'b', 'c', 'd']);
    end('a');
    end('d');
    await a;
  });

  it('takes all of one sandbox as one turn', async () => {
    const { start, end, began } = efforts(createStarts(() => 1, long));
    const all = [start('database', 'a'), start('api', 'a'), start('other', 'b'), start('shell', 'a')];
    await expect.poll(() => began).toEqual(['database', 'api', 'shell']);
    end('database');
    end('api');
    await all[0];
    expect(began).not.toContain('other');
    end('shell');
    await expect.poll(() => began).toContain('other');
    end('other');
    await Promise.all(all);
  });

  it('goes on with what is half made before it begins another', async () => {
    const { start, end, began } = efforts(createStarts(() => 1, long));
    const first = start('database', 'a');
    const other = start('other', 'b');
    await expect.poll(() => began).toEqual(['database']);
    end('database');
    await first;
    await expect.poll(() => began).toEqual(['database', 'other']);
    const third = start('third', 'c');
    const api = start('api', 'a');
    end('other');
    await other;
    await expect.poll(() => began).toEqual(['database', 'other', 'api']);
    end('api');
    await api;
    await expect.poll(() => began).toContain('third');
    end('third');
    await third;
  });

  it('begins copies before what is new', async () => {
    const { start, end, began } = efforts(createStarts(() => 1, long));
    const all = [start('a'), start('b'), start('copy')];
    await expect.poll(() => began).toEqual(['a']);
    end('a');
    await expect.poll(() => began).toEqual(['a', 'copy']);
    end('copy');
    await expect.poll(() => began).toEqual(['a', 'copy', 'b']);
    end('b');
    await Promise.all(all);
  });

  it('lets the next one begin when a turn takes too long', async () => {
    const { start, end, began } = efforts(createStarts(() => 1, { ...long, turnMs: 20 }));
    const all = [start('stuck'), start('next')];
    await expect.poll(() => began).toEqual(['stuck', 'next']);
    end('stuck');
    end('next');
    await Promise.all(all);
  });

  it('says that it waits after a long wait, and takes up no turn then', async () => {
    const { start, end, began } = efforts(createStarts(() => 1, { ...long, patienceMs: 20 }));
    const first = start('a');
    await expect(start('b')).rejects.toMatchObject({ code: 'backend_busy' });
    end('a');
    await first;
    const third = start('c');
    await expect.poll(() => began).toEqual(['a', 'c']);
    end('c');
    await third;
  });

  it('lets one that is given up go, and a failure end its turn', async () => {
    const starts = createStarts(() => 1, long);
    const { start, end, began } = efforts(starts);
    const first = start('a');
    const stop = new AbortController();
    const given = start('b', 'b', stop.signal);
    stop.abort(new Error('nobody wants it'));
    await expect(given).rejects.toThrow('nobody wants it');
    end('a');
    await first;
    const failing = starts.take(
      { sandboxId: 'c', origin: null },
      async () => Promise.reject(new Error('broken')),
      never,
    );
    await expect(failing).rejects.toThrow('broken');
    const last = start('d');
    await expect.poll(() => began).toEqual(['a', 'd']);
    end('d');
    await last;
  });
});
