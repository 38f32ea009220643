import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ComponentRow, Lab, Sandbox, SandboxObservation } from '../../src/lab/lab.ts';
import { type Blueprint, nextStep, type Situation, type Step } from '../../src/lab/next-step.ts';
import { defaultPolicy } from '../../src/lab/policy.ts';

/** A database with an overlay, an API on it, the trainee's program that the API calls, and their files. */
const blueprint: Blueprint = {
  uses: { database: [], api: ['database', 'program'], program: ['workspace'], workspace: [] },
  traineeCustody: new Set(['workspace', 'program']),
  fromSource: new Set(['program']),
  personal: new Set(['api']),
  drawsFirst: true,
  warnSeconds: [300, 60],
  idleSeconds: 600,
  needsSurvey: true,
};
/** The same without anything that needs parameters. */
const plain: Blueprint = { ...blueprint, personal: new Set(), drawsFirst: false };
const t0 = new Date('2026-01-01T00:00:00Z');
const at = (seconds: number) => new Date(t0.getTime() + seconds * 1000);

const row: fc.Arbitrary<ComponentRow> = fc.record({
  generation: fc.integer({ min: 1, max: 4 }),
  observed: fc.constantFrom('unknown', 'absent', 'starting', 'running', 'broken', 'stopped'),
  servedGeneration: fc.integer({ min: 0, max: 4 }),
  detail: fc.option(fc.constant('it stopped')),
});
const sandbox: fc.Arbitrary<Sandbox> = fc.record({
  id: fc.constant('sb-1'),
  version: fc.nat(9),
  state: fc.constantFrom('building', 'up', 'dead', 'gone'),
  labId: fc.option(fc.constant('lab-1')),
  owner: fc.option(fc.constant('attempt:att-1' as const)),
  origin: fc.constant(null),
  templateId: fc.constant('t'),
  templateHash: fc.constant('h'),
  backend: fc.constant('process'),
  components: fc.record({ database: row, api: row, program: row, workspace: row }),
  survey: fc.option(fc.constant({})),
  failures: fc.nat(7),
  nextTryAt: fc.option(fc.integer({ min: -20, max: 20 }).map(at)),
  lastError: fc.option(fc.constant('it failed')),
  createdAt: fc.constant(t0),
});
const lab: fc.Arbitrary<Lab> = fc.record({
  id: fc.constant('lab-1'),
  version: fc.nat(9),
  phase: fc.constantFrom(
    ...(['requested', 'provisioning', 'ready', 'paused', 'resuming', 'terminating', 'terminated'] as const),
  ),
  trainee: fc.constant('ann'),
  templateId: fc.constant('t'),
  templateHash: fc.constant('h'),
  class: fc.constant(null),
  backend: fc.constant('process'),
  seed: fc.constant('s'),
  params: fc.option(fc.constant({})),
  sandboxId: fc.constant('sb-1'),
  createdAt: fc.constant(t0),
  readyAt: fc.constant(null),
  expiresAt: fc.integer({ min: -100, max: 1000 }).map(at),
  maxExpiresAt: fc.constant(at(2000)),
  warned: fc.subarray([300, 60]),
  activeAt: fc.integer({ min: -900, max: 0 }).map(at),
  pausedBecause: fc.constantFrom(null, 'asked', 'idle'),
  exportsLeft: fc.nat(2),
  endedAt: fc.constant(null),
  endReason: fc.constant(null),
  endDetail: fc.constant(null),
});
const isStopped = ({ components }: Sandbox) =>
  Object.values(components).some(({ observed }) => observed === 'stopped');
const component = fc.record({
  state: fc.constantFrom('absent', 'starting', 'running', 'broken'),
  generation: fc.integer({ min: 0, max: 4 }),
  detail: fc.constant(null),
});
const seen: fc.Arbitrary<SandboxObservation> = fc.record({
  components: fc.record(
    { database: component, api: component, program: component, workspace: component },
    { requiredKeys: [] },
  ),
});
const situation: fc.Arbitrary<Situation> = fc.record({
  lab: fc.option(lab),
  sandbox: fc.option(sandbox),
  seen: fc.option(seen),
  now: fc.constant(t0),
  noSpare: fc.boolean(),
});
const decide = (s: Situation, of = blueprint): readonly Step[] => nextStep(s, of, defaultPolicy);
const always = (property: (s: Situation, steps: readonly Step[]) => void) =>
  fc.assert(
    fc.property(situation, (s) => property(s, decide(s))),
    { numRuns: 5000 },
  );

/** A lab in use, of which all warnings were given. */
function readyLab(
  components: Sandbox['components'],
  seen: SandboxObservation['components'],
  failures = 0,
): Situation {
  const [base] = fc.sample(sandbox, { numRuns: 1, seed: 1 });
  const [ready] = fc.sample(lab, { numRuns: 1, seed: 1 });
  if (!base || !ready) throw new Error('no sample');
  return {
    lab: { ...ready, phase: 'ready', expiresAt: at(900), warned: [300, 60] },
    sandbox: { ...base, state: 'up', failures, nextTryAt: null, components },
    seen: { components: seen },
    now: t0,
    noSpare: true,
  };
}

describe('nextStep', () => {
  it('always says something, and the same for the same situation', () => {
    always((s, steps) => {
      expect(steps.length).toBeGreaterThan(0);
      expect(decide(structuredClone(s))).toEqual(steps);
    });
  });

  it('takes several steps at once only to start components', () => {
    always((_, steps) => {
      if (steps.length > 1) expect(steps.every((step) => step.do === 'ensure')).toBe(true);
    });
  });

  it('starts a component only when all that it uses runs as it was asked for, or after it in the same turn', () => {
    always((s, steps) => {
      const efforts = steps.flatMap((step) => (step.do === 'ensure' ? [step] : []));
      for (const step of efforts) {
        for (const used of blueprint.uses[step.component] ?? []) {
          const now = efforts.some(({ component }) => component === used);
          expect(step.after.includes(used)).toBe(now);
          if (now) continue;
          const row = s.sandbox?.components[used];
          // What trainees do to what is theirs is left as it is, once it was given to them.
          const given = row !== undefined && row.servedGeneration >= row.generation;
          if (s.lab?.phase === 'ready' && blueprint.traineeCustody.has(used) && given) continue;
          const found = s.seen?.components[used];
          const theirs = used === 'program' && found?.state === 'broken';
          if (!theirs) expect(found?.state).toBe('running');
          expect(found?.generation).toBe(row?.generation);
        }
      }
    });
  });

  it('destroys only what is dead, and starts nothing in what is dead or gone', () => {
    always((s, steps) => {
      for (const step of steps) {
        if (step.do === 'destroy') expect(s.sandbox?.state).toBe('dead');
        if (step.do === 'ensure') expect(['building', 'up']).toContain(s.sandbox?.state);
      }
    });
  });

  it('makes what is personal only once the parameters are drawn, and draws them once', () => {
    always((s, steps) => {
      for (const step of steps) {
        if (step.do === 'ensure' && s.lab?.phase !== 'ready' && blueprint.personal.has(step.component)) {
          expect(s.lab?.params ?? null).not.toBeNull();
        }
        if (step.do === 'draw') expect(s.lab?.params).toBeNull();
        if (step.do === 'survey') expect(s.lab?.params ?? null).toBeNull();
        if (step.do === 'admit' && s.lab !== null) expect(s.lab.params).not.toBeNull();
      }
    });
  });

  it('draws at admission where nothing waits for parameters', () => {
    fc.assert(
      fc.property(situation, (s) => {
        const steps = decide(s, plain);
        expect(steps.map((step) => step.do)).not.toContain('draw');
      }),
      { numRuns: 2000 },
    );
  });

  it('replaces a sandbox by a spare only where nothing is personal', () => {
    const raised = { generation: 2, observed: 'running', servedGeneration: 1, detail: null } as const;
    const components = { database: raised, api: raised, program: raised, workspace: raised };
    const asked = situation.filter((s) => s.lab !== null && s.sandbox !== null && !s.noSpare);
    fc.assert(
      fc.property(asked, (s) => {
        fc.pre(s.lab !== null && s.sandbox !== null);
        const whole: Situation = {
          ...s,
          lab: { ...s.lab, phase: 'ready', expiresAt: at(900), warned: [300, 60] },
          sandbox: { ...s.sandbox, state: 'up', components },
        };
        expect(decide(whole, plain)).toEqual([{ do: 'swap' }]);
        expect(decide(whole).map((step) => step.do)).not.toContain('swap');
      }),
    );
  });

  it('starts nothing in a paused lab, and stops nothing in any other but for its reset', () => {
    always((s, steps) => {
      for (const step of steps) {
        if (s.lab?.phase === 'paused') expect(['ensure', 'admit', 'resumed', 'swap']).not.toContain(step.do);
        if (step.do === 'resumed') expect(s.lab?.phase).toBe('resuming');
        if (step.do !== 'stop' || s.lab?.phase === 'paused') continue;
        expect(s.lab?.phase).toBe('ready');
        const rows = step.components.map((name) => s.sandbox?.components[name]);
        for (const one of rows) expect(one?.servedGeneration).toBeLessThan(one?.generation ?? 0);
      }
    });
  });

  it('stops a component of a paused lab only once all that use it are stopped', () => {
    always((s, steps) => {
      for (const step of steps) {
        if (step.do !== 'stop' || s.lab?.phase !== 'paused') continue;
        for (const [name, used] of Object.entries(blueprint.uses)) {
          if (!used.some((one) => step.components.includes(one))) continue;
          expect(s.sandbox?.components[name]?.observed).toBe('stopped');
        }
      }
    });
  });

  it('serves again only what was stopped once all of it was brought back', () => {
    always((s, steps) => {
      if (steps[0]?.do !== 'resumed') return;
      for (const [name, row] of Object.entries(s.sandbox?.components ?? {})) {
        expect(row.observed).not.toBe('stopped');
        const found = s.seen?.components[name];
        expect(found?.generation).toBe(row.generation);
        if (name !== 'program') expect(found?.state).toBe('running');
      }
    });
  });

  it('pauses what nobody used for as long as it may, and only that', () => {
    always((s, steps) => {
      if (steps[0]?.do !== 'pause') return;
      expect(s.lab?.phase).toBe('ready');
      expect(s.lab?.activeAt.getTime()).toBeLessThanOrEqual(at(-600).getTime());
      expect(decide(s, { ...blueprint, idleSeconds: 0 })[0]?.do).not.toBe('pause');
    });
    fc.assert(
      fc.property(situation, (s) => {
        expect(decide(s, { ...blueprint, idleSeconds: null })[0]?.do).not.toBe('pause');
      }),
    );
  });

  it('stops a paused lab, rests, and brings it back, in a world where every effort succeeds', () => {
    fc.assert(
      fc.property(lab, sandbox, fc.boolean(), (someLab, someSandbox, starts) => {
        fc.pre(someLab.expiresAt > at(300));
        const names = Object.keys(someSandbox.components);
        let l: Lab = { ...someLab, phase: 'paused', params: {}, warned: [300, 60] };
        const rows = Object.entries(someSandbox.components).map(([name, row]) =>
          row.observed === 'stopped' ? [name, { ...row, observed: 'running' as const }] : [name, row],
        );
        let s: Sandbox = {
          ...someSandbox,
          state: 'up',
          nextTryAt: null,
          components: Object.fromEntries(rows),
        };
        const fine = (name: string) => ({
          state: name === 'program' && !starts ? ('broken' as const) : ('running' as const),
          generation: s.components[name]?.generation ?? 0,
          detail: null,
        });
        const made: Record<string, SandboxObservation['components'][string]> = {};
        for (const name of names) made[name] = fine(name);
        const note = (name: string, observed: 'stopped' | 'unknown') => {
          const row = s.components[name];
          if (row !== undefined) s = { ...s, components: { ...s.components, [name]: { ...row, observed } } };
        };
        for (let round = 0; round < 40; round++) {
          const about = { lab: l, sandbox: s, now: t0, noSpare: true };
          let steps = nextStep({ ...about, seen: null }, blueprint, defaultPolicy);
          if (steps[0]?.do === 'look') {
            steps = nextStep({ ...about, seen: { components: { ...made } } }, blueprint, defaultPolicy);
          }
          for (const step of steps) {
            if (step.do === 'resumed') return;
            if (step.do === 'rest') {
              // What costs nothing runs on: files.
              expect(Object.keys(made)).toEqual([]);
              l = { ...l, phase: 'resuming' };
            } else if (step.do === 'stop') {
              for (const name of step.components) {
                delete made[name];
                note(name, 'stopped');
              }
            } else if (step.do === 'ensure') {
              made[step.component] = fine(step.component);
              if (s.components[step.component]?.observed === 'stopped') note(step.component, 'unknown');
            } else if (step.do === 'record') s = { ...s, components: step.components };
            else throw new Error(`unexpected step ${step.do}`);
          }
        }
        throw new Error(`not ready after 40 rounds: ${JSON.stringify(s)}`);
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves what an attempt or a checkpoint owns to them, and destroys what they left', () => {
    always((s, steps) => {
      if (s.lab !== null || s.sandbox === null || s.sandbox.owner === null) return;
      if (s.sandbox.state !== 'dead') expect(steps).toEqual([{ do: 'rest', until: null }]);
      else expect(['destroy', 'rest']).toContain(steps[0]?.do);
    });
  });

  it('leaves what ended alone, for good', () => {
    always((s, steps) => {
      if (s.lab?.phase === 'terminated') expect(steps).toEqual([{ do: 'rest', until: null }]);
    });
  });

  it('ends a lab whose time has come before anything else', () => {
    always((s, steps) => {
      const living = s.lab !== null && s.lab.phase !== 'terminating' && s.lab.phase !== 'terminated';
      if (living && s.lab && s.now >= s.lab.expiresAt)
        expect(steps[0]).toMatchObject({ do: 'end', because: 'expired' });
    });
  });

  it('never rests past the end of a living lab', () => {
    always((s, steps) => {
      const [step] = steps;
      const living = s.lab !== null && s.lab.phase !== 'terminating' && s.lab.phase !== 'terminated';
      if (!living || !s.lab || step?.do !== 'rest' || s.sandbox?.nextTryAt === step.until) return;
      expect(step.until).not.toBeNull();
      expect(step.until?.getTime()).toBeLessThanOrEqual(s.lab.expiresAt.getTime());
    });
  });

  it('does not repair what the trainee broke in their own custody, but resets it when asked', () => {
    const own = { generation: 1, observed: 'broken', servedGeneration: 1, detail: null } as const;
    const fine = { state: 'running', generation: 1, detail: null } as const;
    const running = { ...own, observed: 'running' } as const;
    const components = { database: running, api: running, program: running, workspace: own };
    const works = { database: fine, api: fine, program: fine };
    const left = readyLab(components, { ...works, workspace: { ...fine, state: 'broken' } });
    expect(decide(left)[0]?.do).toBe('rest');
    const asked = { ...components, workspace: { ...own, generation: 2, observed: 'absent' as const } };
    expect(decide(readyLab(asked, works))).toEqual([{ do: 'ensure', component: 'workspace', after: [] }]);
  });

  it('stops those who use what is reset with them, and only then makes it anew', () => {
    const row = { generation: 2, observed: 'starting', servedGeneration: 1, detail: null } as const;
    const old = { state: 'running', generation: 1, detail: null } as const;
    const situation = (components: Sandbox['components']) =>
      readyLab(components, { database: old, api: old, program: old, workspace: old });
    const rows = { database: row, api: row, program: row, workspace: row };
    expect(decide(situation(rows))).toMatchObject([{ do: 'stop', components: ['api', 'program'] }]);
    const stopped = { ...row, observed: 'stopped' } as const;
    expect(decide(situation({ ...rows, api: stopped, program: stopped }))).toEqual([
      { do: 'ensure', component: 'database', after: [] },
      { do: 'ensure', component: 'api', after: ['database', 'program'] },
      { do: 'ensure', component: 'program', after: ['workspace'] },
      { do: 'ensure', component: 'workspace', after: [] },
    ]);
  });

  it('writes down that a ready lab can be looked at again, once', () => {
    const row = { generation: 1, observed: 'running', servedGeneration: 1, detail: null } as const;
    const fine = { state: 'running', generation: 1, detail: null } as const;
    const components = { database: row, api: row, program: row, workspace: row };
    const situation = (failures: number) =>
      readyLab(components, { database: fine, api: fine, program: fine, workspace: fine }, failures);
    expect(decide(situation(2))).toEqual([{ do: 'record', components }]);
    expect(decide(situation(0))[0]?.do).toBe('rest');
  });

  it('brings any living lab to ready in a world where every effort succeeds', () => {
    fc.assert(
      fc.property(lab, sandbox, fc.boolean(), (someLab, someSandbox, starts) => {
        fc.pre(someLab.phase === 'requested' || someLab.phase === 'provisioning');
        fc.pre(
          !isStopped(someSandbox) &&
            someSandbox.failures < defaultPolicy.provisionTries &&
            someLab.expiresAt > at(600),
        );
        let now = t0;
        let l: Lab = { ...someLab, warned: [300, 60] };
        let s: Sandbox = { ...someSandbox, state: 'building' };
        const made: Record<string, SandboxObservation['components'][string]> = {};
        for (let round = 0; round < 30; round++) {
          const world = { components: { ...made } };
          let steps = nextStep(
            { lab: l, sandbox: s, seen: null, now, noSpare: true },
            blueprint,
            defaultPolicy,
          );
          if (steps[0]?.do === 'look') {
            steps = nextStep(
              { lab: l, sandbox: s, seen: world, now, noSpare: true },
              blueprint,
              defaultPolicy,
            );
          }
          for (const step of steps) {
            if (step.do === 'admit') return;
            if (step.do === 'claim') l = { ...l, phase: 'provisioning' };
            else if (step.do === 'record') s = { ...s, components: step.components };
            else if (step.do === 'survey') s = { ...s, survey: {} };
            else if (step.do === 'draw') l = { ...l, params: {} };
            else if (step.do === 'ensure') {
              const generation = s.components[step.component]?.generation ?? 0;
              // The trainee's own program need not start: that is theirs, and no reason to try for ever.
              const state = step.component === 'program' && !starts ? 'broken' : 'running';
              made[step.component] = { state, generation, detail: null };
            } else if (step.do === 'rest') now = step.until ?? now;
            else throw new Error(`unexpected step ${step.do}`);
          }
        }
        throw new Error(`not ready after 30 rounds: ${JSON.stringify(s)}`);
      }),
      { numRuns: 1000 },
    );
  });
});
