/** What a trainee may try with buttons, skips, kept states, marks and calls for help. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sampleVersion } from './sample-version.ts';
import { client, startWorld, type World } from './world.ts';

let world: World;
let teacher: ReturnType<typeof client>;
beforeAll(async () => {
  const plain = sampleVersion();
  const [first, ...others] = plain.template.tasks;
  if (first === undefined) throw new Error('the sample has no tasks');
  const skip = { solution: 'reference', steps: [], penalty: 3 };
  const faults = [
    {
      id: 'drill',
      when: { on: 'press', button: 'Start', after: null, atLatestSeconds: null },
      say: null,
      steps: [],
    },
  ] as const;
  world = await startWorld({
    versions: [sampleVersion({ tasks: [{ ...first, skip, checkpoint: true }, ...others], faults })],
  });
  teacher = client(world.app, await world.token('instructor', 'teacher'));
});
afterAll(() => world.stop());

async function readyLab(name: string) {
  const who = client(world.app, await world.token('trainee', name));
  const { json: lab } = await who('POST', '/labs', { template: 'first-steps' });
  await world.makeReady(lab.id, { email: 'x@example.org', key: 'SECRET-PARAM' });
  return { who, id: lab.id as string };
}

/** Everything that changes something in a lab on somebody's word. */
const asks = (id: string): readonly (readonly ['POST' | 'PUT', string, object])[] => [
  ['POST', `/labs/${id}/press`, { button: 'Start' }],
  ['POST', `/labs/${id}/tasks/one/skip`, {}],
  ['POST', `/labs/${id}/tasks/one/rewind`, {}],
  ['POST', `/labs/${id}/help`, { message: 'x' }],
];

it('says of another trainee’s lab what it says of one that is not there', async () => {
  const { who, id } = await readyLab('owner');
  const other = client(world.app, await world.token('trainee', 'stranger'));
  for (const [method, path, body] of asks(id)) {
    const there = await other(method, path, body);
    const gone = await other(method, path.replace(id, 'lab-nobody'), body);
    expect([there.status, there.json.code], path).toEqual([404, 'lab_not_found']);
    expect(there.json.code).toBe(gone.json.code);
    expect(there.json.detail.replaceAll(id, '')).toBe(gone.json.detail.replaceAll('lab-nobody', ''));
  }
  // The owner is heard: it is not the request that was refused.
  const mine = await Promise.all(asks(id).map(([method, path, body]) => who(method, path, body)));
  expect(mine.map(({ json }) => json.code)).not.toContain('lab_not_found');
});

it('does nothing in a lab that has ended', async () => {
  const { who, id } = await readyLab('late');
  await who('DELETE', `/labs/${id}`);
  for (const [method, path, body] of asks(id)) {
    const { status, json } = await who(method, path, body);
    expect([status, json.code], path).toEqual([409, 'lab_ended']);
  }
});

it('does once what is asked many times at once', async () => {
  const { who, id } = await readyLab('eager');
  const many = (path: string, body: object) =>
    Promise.all(Array.from({ length: 10 }, () => who('POST', path, body)));
  for (const [path, body] of [
    [`/labs/${id}/press`, { button: 'Start' }],
    [`/labs/${id}/tasks/one/skip`, {}],
    [`/labs/${id}/help`, { message: 'It hangs.' }],
  ] as const) {
    expect(new Set((await many(path, body)).map(({ status }) => status)), path).toEqual(new Set([202]));
  }
  const open = (await teacher('GET', '/help')).json.items.filter((one: { lab: string }) => one.lab === id);
  expect(open).toHaveLength(1);
});

it('takes no more text than it says, and no fields that nobody asked for', async () => {
  const { who, id } = await readyLab('long');
  const long = 'x'.repeat(10_000);
  for (const [path, body] of [
    [`/labs/${id}/press`, { button: long }],
    [`/labs/${id}/help`, { message: long }],
    [`/labs/${id}/press`, { button: 'Start', as: 'instructor' }],
    [`/labs/${id}/tasks/one/skip`, { penalty: 0 }],
    [`/labs/${id}/tasks/${long}/skip`, {}],
    [`/labs/${id}/help`, { message: 'x', answer: 'me' }],
    [`/labs/${id}/help`, { message: ['x'] }],
  ] as const) {
    const { status, json } = await who('POST', path, body);
    expect([404, 414, 422], `${path.slice(0, 60)} ${JSON.stringify(json).slice(0, 200)}`).toContain(status);
    expect(JSON.stringify(json).length).toBeLessThan(5_000);
  }
});

it('keeps what looks like a page as the text that it is', async () => {
  const { who, id } = await readyLab('markup');
  const message = `<img src=x onerror=alert(1)>{{params.key}}\u202e</script>`;
  expect((await who('POST', `/labs/${id}/help`, { message })).status).toBe(202);
  const items = (await teacher('GET', '/help')).json.items;
  expect(items.find((one: { lab: string }) => one.lab === id).message).toBe(message);
  const { headers } = await world.app.inject({ url: '/' });
  expect(headers['x-content-type-options']).toBe('nosniff');
});
