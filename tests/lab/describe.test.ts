import { describe, expect, it } from 'vitest';
import { describeLab } from '../../src/lab/describe.ts';
import type { Lab, LabPhase, Sandbox } from '../../src/lab/lab.ts';

const at = new Date(0);
const inside = 'INTERNAL-TEXT';
const phases: readonly LabPhase[] = [
  'requested',
  'provisioning',
  'ready',
  'paused',
  'resuming',
  'terminating',
  'terminated',
];

function lab(phase: LabPhase): Lab {
  return {
    id: 'lab-1',
    version: 1,
    phase,
    trainee: 'ann',
    templateId: 't',
    templateHash: 'h',
    class: null,
    backend: 'process',
    seed: 's',
    params: null,
    sandboxId: 'box-1',
    createdAt: at,
    readyAt: at,
    expiresAt: at,
    maxExpiresAt: at,
    warned: [],
    activeAt: at,
    exportsLeft: 0,
    pausedBecause: phase === 'paused' ? 'idle' : null,
    endedAt: null,
    endReason: 'provision_failed',
    endDetail: inside,
  };
}

const sandbox: Sandbox = {
  id: 'box-1',
  version: 1,
  state: 'up',
  labId: 'lab-1',
  owner: null,
  origin: null,
  templateId: 't',
  templateHash: 'h',
  backend: 'process',
  components: { database: { generation: 1, observed: 'running', servedGeneration: 1, detail: null } },
  survey: null,
  failures: 3,
  nextTryAt: at,
  lastError: inside,
  createdAt: at,
};

describe('describeLab', () => {
  it.each(phases)('tells a trainee nothing of what went wrong inside of a lab that is %s', (phase) => {
    expect(JSON.stringify(describeLab(lab(phase), sandbox, null, at, false))).not.toContain(inside);
  });

  it.each(['provisioning', 'terminated'] as const)(
    'tells an instructor why a lab that is %s failed',
    (phase) => {
      expect(describeLab(lab(phase), sandbox, null, at, true).message).toContain(inside);
    },
  );

  it('says of a paused lab what is still being stopped, and why it is paused', () => {
    const stopped = { generation: 1, observed: 'stopped', servedGeneration: 1, detail: null } as const;
    const going = { ...sandbox, components: { ...sandbox.components, api: stopped } };
    const view = (box: Sandbox) => describeLab(lab('paused'), box, null, at, false);
    expect(view(going)).toMatchObject({
      status: 'paused',
      message: 'paused, for nobody used it; stopping: database',
    });
    const all = view({ ...sandbox, components: { api: stopped } });
    expect(all).toMatchObject({ message: 'paused, for nobody used it', components: [{ status: 'paused' }] });
  });

  it('calls a lab ready whose trainee took down what is theirs, and says what is down', () => {
    const row = { generation: 1, observed: 'broken', servedGeneration: 1, detail: 'main.ts:3 …' } as const;
    const left = { ...sandbox, failures: 0, components: { ...sandbox.components, api: row } };
    const view = (theirs: readonly string[]) =>
      describeLab(lab('ready'), left, null, at, false, new Set(theirs));
    expect(view(['api'])).toMatchObject({ status: 'ready', message: 'ready; api is down (main.ts:3 …)' });
    expect(view([])).toMatchObject({
      status: 'broken',
      message: 'broken: api is down (main.ts:3 …), repairing',
    });
  });

  it('says to a trainee that a lab which cannot be looked at is not lost, and when it is looked at again', () => {
    const away = { ...sandbox, nextTryAt: new Date(at.getTime() + 29_100) };
    expect(describeLab(lab('ready'), away, null, at, false)).toMatchObject({
      status: 'broken',
      message: 'broken: what runs this lab does not answer; nothing is lost, and it is tried again in 30 s',
    });
  });
});
