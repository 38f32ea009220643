/**
 * `kill -9` in the middle of what the grader does: whoever goes on finishes the attempt once, on copies of its own, and
 * nothing of the earlier one is left. Each kill meets several steps at once, for a start of the server takes seconds.
 */
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findPostgresBinaries } from '../../src/embedded/binaries.ts';
import { startLabsCluster } from '../../src/embedded/clusters.ts';
import { ensureOsUsers } from '../../src/embedded/os-user.ts';
import { decodeLabels, labelVariable } from '../../src/sandbox/labels.ts';
import { processesOf, type Ready, type Started, startServer } from '../cli/labwright.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { findOwned, type Installation, processesOfSandboxes, query } from './belongings.ts';
import { type AttemptWire, type Client, createClient } from './client.ts';
import { stateOf } from './lab-state.ts';
import { type ParkedLab, parkedLab } from './parked-lab.ts';
import { eventually, installationOf, leftoversAfter, makeDataFolder } from './support.ts';
import { testTemplates } from './test-templates.ts';

// Servers start and stop here, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 180_000 });
type Server = Started & { readonly ready: Ready };

/** From when all are under way until it surely goes wrong: the step after the mark has begun. */
const underwayMs = 200;
const trialChecks = ['first', 'second', 'third', 'live'];

describe('one server', () => {
  let templates: ReturnType<typeof testTemplates>;
  let folder: string;
  let server: Server | null = null;
  let trainee: Client;
  let instructor: Client;
  let installation: Installation;
  let lab: string;
  let parked: ParkedLab;

  const start = async () => {
    server = await startServer(folder, { SPARES: '0', TEMPLATES_DIR: templates.folder, LOG_LEVEL: 'warn' });
    const { url, tokens } = server.ready;
    trainee = createClient(url, tokens.trainee);
    instructor = createClient(url, tokens.instructor);
  };
  const kill = async () => {
    server?.child.kill('SIGKILL');
    await server?.ended;
  };
  /** Lets all go that was parked, in the lab and in what is made of it from now on, and starts the server again. */
  const startAgain = async () => {
    await parked.park();
    await start();
  };

  beforeAll(async () => {
    templates = testTemplates('parked');
    folder = makeDataFolder();
    await start();
    installation = await installationOf(folder);
    lab = (await trainee.create({ template: 'parked' })).id;
    await trainee.untilReady(lab, 60_000);
    parked = await parkedLab(installation, lab);
  });
  afterAll(async () => {
    server?.child.kill('SIGTERM');
    await server?.ended;
    const left = processesOf(folder);
    rmSync(folder, { recursive: true, force: true });
    templates?.remove();
    expect(left).toEqual([]);
  });

  /** The attempt was finished once, by its second run, as if nothing had happened; and nothing is left of the first. */
  async function finishesOnce(number: number, runs = 2): Promise<AttemptWire> {
    const attempt = await instructor.untilGraded(lab, number);
    await recordedOnce(installation, lab, attempt, runs);
    return attempt;
  }

  it('goes on after a kill in the moment of a copy, and the database lets people in again', async () => {
    const release = await parked.holdCopies();
    const number = await trainee.startGrading(lab);
    await parked.untilCopying();
    await kill();
    await release();
    await start();
    await finishesOnce(number);
    expect(await parked.inLab('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('keeps a state once, though it was killed in the middle', async () => {
    parked.setTests('good');
    await parked.park('until');
    const number = await trainee.startGrading(lab);
    const at = await parked.untilReached('until');
    const release = await parked.holdCopies();
    await query(at.get('until') ?? '', 'delete from parking');
    const attempt = await finishesOnce(number, 1);
    expect(attempt.results.find(({ check }) => check === 'own-tests')).toMatchObject({ verdict: 'pass' });
    await parked.untilCopying();
    await kill();
    await release();
    await startAgain();
    await eventually(
      async () => (await operation('checkpoint/all')).state === 'done',
      () => 'the checkpoint',
      30_000,
    );
    const living = await query<{ id: string }>(
      installation.controlUrl,
      "select id from sandboxes where starts_with(owner, 'checkpoint:') and state in ('building', 'up')",
    );
    expect(living).toEqual([{ id: (await operation('checkpoint/all')).sandbox }]);
    expect(await leftoversAfter(installation)).toEqual([]);
    expect(await parked.inLab('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it.each([
    ['a statement, a wait and a look', ['sql', 'until', 'look']],
    ['a request, a new start of a program and a request that is looked at', ['http', 'restart', 'ask']],
    ['a program, a partner that hangs and a statement on two copies', ['exec', 'stub', 'both']],
  ])('goes on after a kill in %s', async (_, steps) => {
    const before = await stateOf(installation, lab);
    await parked.park(...steps);
    const number = await trainee.startGrading(lab);
    const at = await parked.untilReached(...steps);
    if (steps.includes('stub')) {
      for (const pid of await partnersOfCopies()) process.kill(pid, 'SIGSTOP');
      await query(at.get('stub') ?? '', 'delete from parking');
    }
    await delay(underwayMs);
    expect(await instructor.attempt(lab, number)).toMatchObject({ state: 'running' });
    await kill();
    await startAgain();
    await finishesOnce(number);
    await parked.park();
    expect(await stateOf(installation, lab)).toEqual({ ...before, ...(await parkingIn(before)) });
  });

  it('undoes what it did to the lab itself, and makes copies anew', async () => {
    await parked.park('live', 'make');
    const number = await trainee.startGrading(lab);
    await parked.untilReached('live');
    await eventually(
      async () => (await ofCopies()).length > 0,
      () => 'programs of copies that start',
    );
    await delay(underwayMs);
    await kill();
    expect(await parked.inLab('select step from reached')).toEqual([{ step: 'live' }]);
    await startAgain();
    await finishesOnce(number);
    expect(await parked.inLab('select step from reached')).toEqual([]);
  });

  it('does no step of a fault twice', async () => {
    await parked.park('fault');
    await trainee.call('POST', `/labs/${lab}/press`, { button: 'Start the drill' });
    await eventually(
      async () => (await parked.fired()).includes('before'),
      () => 'the drill',
    );
    await delay(underwayMs);
    await kill();
    await startAgain();
    await eventually(
      async () => (await operation('fault/drill')).state === 'done',
      () => 'the end of the drill',
      30_000,
    );
    expect(await parked.fired()).toEqual(['after', 'before']);
  });

  it('goes on after a kill in the trainee’s tests', async () => {
    parked.setTests('slow');
    const number = await trainee.startGrading(lab);
    const testing = () => processesOf(folder).filter((line) => line.includes('park.test.mjs'));
    await eventually(
      () => testing().length > 0,
      () => 'the trainee’s tests to run',
      30_000,
    );
    await delay(underwayMs);
    await kill();
    parked.setTests('good');
    await startAgain();
    const attempt = await finishesOnce(number);
    expect(attempt.results.find(({ check }) => check === 'own-tests')).toMatchObject({ verdict: 'pass' });
    expect(testing()).toEqual([]);
  });

  it('goes on after a kill in a fault that waits and in a task that is done for one', async () => {
    await parked.park('skip');
    await trainee.call('POST', `/labs/${lab}/press`, { button: 'Bad weather' });
    await trainee.call('POST', `/labs/${lab}/tasks/rest/skip`, {});
    await eventually(
      async () => (await parked.fired()).includes('clouds') && (await parked.chores()).includes('one'),
      () => 'clouds and a chore',
    );
    await delay(underwayMs);
    await kill();
    await startAgain();
    for (const id of ['fault/weather', 'skip/rest']) {
      await eventually(
        async () => (await operation(id)).state === 'done',
        () => `the end of ${id}`,
        30_000,
      );
    }
    expect(await parked.fired()).toEqual(['after', 'before', 'clouds', 'rain']);
    expect(await parked.chores()).toEqual(['one', 'two']);
  });

  it('knows the time without samples as a gap, and blames nobody for it', async () => {
    const attempt = await instructor.grade(lab);
    const watched = attempt.results.find(({ check }) => check === 'watched');
    expect(watched).toMatchObject({ verdict: 'error', internal: expect.stringMatching(/gap/i) });
    const [last] = await query<{ age: number }>(
      installation.controlUrl,
      'select extract(epoch from clock_timestamp() - max(to_at))::float8 as age from watch_samples where lab_id = $1',
      [lab],
    );
    // Samples are written every five seconds.
    expect(last?.age).toBeLessThan(8);
  });

  it('leaves nothing', async () => {
    await trainee.remove(lab);
    await trainee.untilEnded(lab);
    expect(await leftoversAfter(installation)).toEqual([]);
    expect(await findOwned(installation, '')).toEqual([]);
  });

  const operation = async (id: string) => {
    const [row] = await query<{ state: string; sandbox: string | null }>(
      installation.controlUrl,
      'select state, sandbox_id as sandbox from operations where id = $1',
      [`${lab}/${id}`],
    );
    return row ?? { state: 'absent', sandbox: null };
  };

  /** Programs of the attempts' copies. */
  async function ofCopies(): Promise<readonly { readonly pid: number; readonly sandbox: string }[]> {
    const owned = await findOwned(installation, 'attempt:');
    return processesOfSandboxes(installation.id).filter(({ pid }) => owned.includes(`process ${pid}`));
  }
  async function partnersOfCopies(): Promise<readonly number[]> {
    const pids = (await ofCopies()).map(({ pid }) => pid).filter((pid) => componentOf(pid) === 'partner');
    expect(pids.length).toBeGreaterThan(0);
    return pids;
  }
  /** The one table that the tests themselves have changed meanwhile. */
  async function parkingIn(before: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const [name = ''] = Object.keys(before).filter((key) => key.endsWith('public.parking'));
    return { [name]: (await stateOf(installation, lab))[name] ?? '' };
  }
});

function componentOf(pid: number): string | null {
  const marks = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  const mark = marks.find((line) => line.startsWith(`${labelVariable}=`)) ?? '';
  return decodeLabels(mark.slice(labelVariable.length + 1))?.component ?? null;
}

/** One finished record of the attempt's newest run, whole; and nothing left of any run of it. */
async function recordedOnce(
  installation: Installation,
  lab: string,
  attempt: AttemptWire,
  runs: number,
): Promise<void> {
  expect(attempt).toMatchObject({ state: 'finished', voidReason: null });
  const trials = attempt.results.filter(({ check }) => trialChecks.includes(check));
  expect(trials.map(({ verdict }) => verdict)).toEqual(trialChecks.map(() => 'pass'));
  const [row] = await query<{ fence: number; results: number; finished: number }>(
    installation.controlUrl,
    `select a.fence, (select count(*)::int from check_results r where r.attempt_id = a.id) as results,
       (select count(*)::int from lab_events e where e.lab_id = a.lab_id and e.type = 'attempt.finished'
        and (e.data->>'attempt')::int = a.number) as finished
     from attempts a where a.lab_id = $1 and a.number = $2`,
    [lab, attempt.number],
  );
  expect(row).toEqual({ fence: runs, results: attempt.results.length, finished: 1 });
  let left: readonly string[] = [];
  await eventually(
    async () => {
      left = await findOwned(installation, 'attempt:');
      return left.length === 0;
    },
    () => `nothing left of the attempt: ${left.join(', ')}`,
    15_000,
  );
  expect(await leftoversAfter(installation)).toEqual([]);
}

describe('an API and a worker apart', () => {
  it('each outlive a kill -9 of the other in the middle of an attempt', async () => {
    const templates = testTemplates('parked');
    const postgres = await startTestPostgres();
    const folders = [makeDataFolder(), makeDataFolder(), makeDataFolder()] as const;
    const [ofWorker, ofApi, ofLabs] = folders;
    const key = 'ab'.repeat(32);
    const labs = await startLabsCluster(
      {
        dataDir: ofLabs,
        binaries: findPostgresBinaries().root,
        user: (await ensureOsUsers()).postgres,
        installationKey: Buffer.from(key, 'hex'),
      },
      AbortSignal.timeout(60_000),
    );
    const controlUrl = await postgres.createDatabase();
    const shared = {
      DATABASE_URL: controlUrl,
      LABS_DATABASE_URL: labs.adminUrl,
      INSTALLATION_KEY: key,
      TEMPLATES_DIR: templates.folder,
      SPARES: '0',
    };
    const servers: Server[] = [];
    const serve = async (folder: string, role: string) => {
      const started = await startServer(folder, { ...shared, ROLES: role });
      servers.push(started);
      return started;
    };
    const killed = async ({ child, ended }: Server) => {
      child.kill('SIGKILL');
      await ended;
    };
    try {
      const api = await serve(ofApi, 'api');
      const worker = await serve(ofWorker, 'worker');
      let client = createClient(api.ready.url, api.ready.tokens.instructor);
      const lab = (await client.create({ template: 'parked', trainee: 'ann' })).id;
      await client.untilReady(lab, 60_000);
      const [row] = await query<{ id: string }>(controlUrl, 'select id::text as id from installation');
      const installation = { id: row?.id ?? '', dataDir: ofWorker, controlUrl, labsUrl: labs.adminUrl };
      const parked = await parkedLab(installation, lab);

      await parked.park('until');
      const first = await client.startGrading(lab);
      const at = await parked.untilReached('until');
      await killed(api);
      await query(at.get('until') ?? '', 'delete from parking');
      await parked.park();
      const again = await serve(ofApi, 'api');
      client = createClient(again.ready.url, api.ready.tokens.instructor);
      const finished = await client.untilGraded(lab, first);
      await recordedOnce(installation, lab, finished, 1);

      await parked.park('sql', 'until', 'look');
      const second = await client.startGrading(lab);
      await parked.untilReached('sql', 'until', 'look');
      await delay(underwayMs);
      await killed(worker);
      expect(await client.attempt(lab, second)).toMatchObject({
        state: 'running',
        points: null,
        results: [],
      });
      await parked.park();
      await serve(ofWorker, 'worker');
      const taken = await client.untilGraded(lab, second);
      await recordedOnce(installation, lab, taken, 2);

      await client.remove(lab);
      await client.untilEnded(lab);
      expect(await leftoversAfter(installation)).toEqual([]);
    } finally {
      for (const { child, ended } of servers) {
        child.kill('SIGTERM');
        await ended;
      }
      await labs.stop();
      for (const folder of folders) {
        expect(processesOf(folder)).toEqual([]);
        rmSync(folder, { recursive: true, force: true });
      }
      templates.remove();
      await postgres.stop();
    }
  });
});
