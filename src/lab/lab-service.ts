/**
 * What people may ask of labs. Every method checks who asks, changes rows by compare-and-set and rings the doorbell;
 * nothing here waits for a backend, so a request is answered in milliseconds whatever state the backends are in.
 */
import { createHash } from 'node:crypto';
import type { Json, Template, TemplateVersion } from '../templates/types.ts';
import { traineeFacts } from './access.ts';
import type { Ids } from './clock.ts';
import { describeLab, type LabView } from './describe.ts';
import { LabError } from './errors.ts';
import { asleep, ended, requireComponent, requireSandbox, requireTask } from './guards.ts';
import type { Lab, LabEvent, LabPhase, RecordedEvent, Sandbox } from './lab.ts';
import { createPinner, type PinDeps } from './pin.ts';
import { blueprintOf, endingOf, originOf, planOf, raised, usesOf, withDependents } from './plan.ts';
import type { Policy } from './policy.ts';
import type {
  LabChange,
  LabQueue,
  LabStore,
  NewSandbox,
  OperationStore,
  Page,
  Snapshot,
  TemplateStore,
} from './ports.ts';

export interface Caller {
  readonly role: 'trainee' | 'instructor' | 'admin';
  /** Who they are; a trainee sees only labs whose `trainee` is this. */
  readonly subject: string;
  /** The class that their token speaks for: labs that they ask for are made for it. */
  readonly class?: string | null;
}

export interface LabServiceDeps extends PinDeps {
  readonly labs: LabStore & Pick<OperationStore, 'listOperations'>;
  readonly queue: LabQueue;
  readonly policy: Policy;
  readonly ids: Ids;
}

export interface CreateLab {
  readonly template: string;
  /** Instructors may ask for a lab for somebody else. */
  readonly trainee?: string | undefined;
  readonly backend?: string | undefined;
  /** Instructors only: what the parameters are drawn from. */
  readonly seed?: string | undefined;
  readonly ttlSeconds?: number | undefined;
  /** For which class; its version of the template is taken. */
  readonly class?: string | undefined;
  /** Instructors only: `draft`, `staged`, `released` or the beginning of a hash. */
  readonly version?: string | undefined;
}

export interface LabDetails {
  readonly lab: Lab;
  readonly view: LabView;
  readonly now: Date;
}

/** What a lab is to become, and the sandbox that is to replace its present one, where there is one. */
type Decided = LabChange & {
  readonly events: Parameters<LabStore['transition']>[3];
  readonly successor?: NewSandbox;
};

interface KeptState {
  readonly sandbox: Sandbox;
  readonly keptAt: Date;
}

/** Where a lab goes back to, and what is forgotten with that. */
type Back = Pick<LabChange, 'forgetProgress' | 'forgetAnswers'> & {
  readonly kept: KeptState;
  readonly told: LabEvent;
};

/** Far less than any lab is left alone before it is paused. */
const touchEveryMs = 5_000;
const mostTouched = 5_000;

/** How often a compare-and-set that someone else overtook is decided anew before `conflict` is thrown. */
const casTries = 5;

export type LabService = ReturnType<typeof createLabService>;

export function createLabService(deps: LabServiceDeps) {
  const { labs, queue, policy } = deps;
  const { pin, backendFor } = createPinner(deps);
  /** When this process last noted that a lab is used. */
  const touched = new Map<string, number>();

  /** Reads a lab that the caller may see. Another trainee's lab is not found, so that ids tell nothing. */
  async function read(caller: Caller, id: string): Promise<Snapshot & { readonly lab: Lab }> {
    const { lab, sandbox, now } = await labs.getLab(id);
    if (lab === null || (caller.role === 'trainee' && lab.trainee !== caller.subject)) {
      throw new LabError('lab_not_found', `There is no lab "${id}".`, { extra: { lab: id } });
    }
    return { lab, sandbox, now };
  }

  async function details(caller: Caller, snapshot: Snapshot & { readonly lab: Lab }): Promise<LabDetails> {
    const { lab, sandbox, now } = snapshot;
    const waiting = lab.phase === 'requested' || lab.phase === 'provisioning';
    const facts = waiting ? await labs.queueFacts(lab) : null;
    const version = sandbox === null ? null : await deps.templateStore.load(lab.templateHash);
    const theirs = version === null ? new Set<string>() : blueprintOf(version).traineeCustody;
    const view = describeLab(lab, sandbox, facts, now, caller.role !== 'trainee', theirs);
    return { lab, view, now };
  }

  /** Decides on a fresh snapshot until the compare-and-set holds. `null` from `decide`: nothing to change. */
  async function change(
    caller: Caller,
    id: string,
    decide: (snapshot: Snapshot & { readonly lab: Lab }) => Promise<Decided | null>,
    refused = (labId: string) => `Lab "${labId}" is being changed by others; try again.`,
  ): Promise<Snapshot & { readonly lab: Lab }> {
    for (let tries = 0; tries < casTries; tries++) {
      const snapshot = await read(caller, id);
      const decided = await decide(snapshot);
      if (decided === null) return snapshot;
      const { events, successor, ...fields } = decided;
      const { version } = snapshot.lab;
      // Due at once: should the ring be lost, the next sweep finds it.
      const moved = { dueAt: snapshot.now, ...fields };
      const after =
        successor === undefined
          ? await labs.transition(id, version, moved, events)
          : await labs.startSandboxForLab(id, version, successor, moved, events);
      if (after?.lab) {
        await queue.wake(`lab:${id}`);
        return { ...after, lab: after.lab };
      }
    }
    throw new LabError('conflict', refused(id), { retryAfterSeconds: 1 });
  }

  /** Null while none is kept. */
  async function keptState(
    lab: Lab,
    kind: 'checkpoint' | 'snapshot',
    name: string,
  ): Promise<KeptState | null> {
    const operations = await labs.listOperations(lab.id);
    const kept = operations.find((one) => one.kind === kind && one.name === name && one.state === 'done');
    const { sandbox } = kept?.sandboxId ? await labs.getSandbox(kept.sandboxId) : { sandbox: null };
    const stands = sandbox?.state === 'building' || sandbox?.state === 'up';
    return sandbox !== null && stands && kept?.startedAt ? { sandbox, keptAt: kept.startedAt } : null;
  }

  /** Gives the lab a new sandbox that is made from a kept one. */
  async function goBack(
    caller: Caller,
    id: string,
    to: (snapshot: Snapshot & { readonly lab: Lab }, template: Template) => Promise<Back>,
  ): Promise<LabDetails> {
    let left: string | null = null;
    const after = await change(caller, id, async (snapshot) => {
      const { lab } = snapshot;
      left = lab.sandboxId;
      const { template } = await versionOf(deps.templateStore, lab.templateHash);
      const { kept, told, ...forgets } = await to(snapshot, template);
      const { templateId, templateHash, backend } = lab;
      const components = Object.keys(template.components);
      const made = { templateId, templateHash, backend, components, origin: originOf(kept.sandbox) };
      return {
        phase: 'provisioning',
        rearmFaultsSince: kept.keptAt,
        ...forgets,
        successor: { id: deps.ids.sandbox(), ...made },
        events: [told],
      };
    });
    if (left !== null) await queue.wake(`sandbox:${left}`);
    return details(caller, after);
  }

  /** Notes that a lab is used. Costs nothing most of the time, and never throws. */
  async function touch(id: string): Promise<void> {
    const at = performance.now();
    if (at - (touched.get(id) ?? Number.NEGATIVE_INFINITY) < touchEveryMs) return;
    if (touched.size >= mostTouched) touched.clear();
    touched.set(id, at);
    try {
      await labs.touch(id);
    } catch {
      // It is used all the same.
    }
  }

  return {
    /** Accepts a lab. Throws `template_not_found`, `class_not_found`, `version_not_found`, `backend_not_supported`, `quota_*`, `idempotency_conflict`, `forbidden`. */
    async createLab(caller: Caller, request: CreateLab, idempotencyKey: string | null) {
      if (caller.role === 'trainee') refuseToTrainee(caller, request);
      const classId = request.class ?? caller.class ?? null;
      const version = await pin(request.template, request.version, classId);
      const backend = backendFor(version, request.backend);
      const { ttlSeconds, maxSeconds } = version.template.lifetime;
      if (request.ttlSeconds !== undefined && request.ttlSeconds > maxSeconds) {
        throw new LabError(
          'extend_too_long',
          `ttl: ${request.ttlSeconds} s is more than the ${maxSeconds} s that this template allows.`,
          {
            extra: { field: 'ttl', maxSeconds },
          },
        );
      }
      const body = JSON.stringify([
        request.template,
        request.trainee,
        request.backend,
        request.seed,
        request.ttlSeconds,
        request.class,
        request.version,
      ]);
      const made = await labs.createLab({
        id: deps.ids.lab(),
        trainee: request.trainee ?? caller.subject,
        templateId: version.template.id,
        templateHash: version.hash,
        class: classId,
        backend,
        seed: request.seed ?? deps.ids.seed(),
        ttlSeconds: request.ttlSeconds ?? ttlSeconds,
        maxSeconds,
        idempotency:
          idempotencyKey === null
            ? null
            : {
                caller: caller.subject,
                key: idempotencyKey,
                bodyHash: createHash('sha256').update(body).digest('hex'),
              },
        quota: { perTrainee: policy.labsPerTrainee, global: policy.labsGlobal },
      });
      if (made.created) await queue.wake(`lab:${made.lab.id}`);
      return made;
    },

    async getLab(caller: Caller, id: string): Promise<LabDetails> {
      return details(caller, await read(caller, id));
    },

    /** The lab with its pinned template version. */
    async getLabWithTemplate(caller: Caller, id: string) {
      const snapshot = await read(caller, id);
      return { ...snapshot, version: await versionOf(deps.templateStore, snapshot.lab.templateHash) };
    },

    /** Newest first; a trainee sees their own. */
    async listLabs(
      caller: Caller,
      query: {
        trainee?: string;
        templateId?: string;
        class?: string;
        phases?: readonly LabPhase[];
        cursor?: string;
        limit: number;
      },
    ): Promise<Page<LabDetails>> {
      const page = await labs.listLabs(
        caller.role === 'trainee' ? { ...query, trainee: caller.subject } : query,
      );
      return {
        items: await Promise.all(page.items.map((one) => details(caller, one))),
        nextCursor: page.nextCursor,
      };
    },

    /** Ends a lab. Asking twice, also of an ended lab, gives the same answer. */
    async deleteLab(caller: Caller, id: string): Promise<LabDetails> {
      const after = await change(caller, id, async ({ lab, sandbox }) => {
        if (lab.phase === 'terminating' || lab.phase === 'terminated') return null;
        return {
          ...endingOf(lab, sandbox, await deps.templateStore.load(lab.templateHash)),
          phase: 'terminating',
          endReason: 'deleted',
          events: [ending('deleted', caller.subject)],
        };
      });
      return details(caller, after);
    },

    /**
     * Puts components back to their start, with all that depend on them; all of them when none is named.
     * Progress is kept on request. Throws `component_not_found`, `lab_not_ready`, `lab_ended`.
     */
    async resetLab(
      caller: Caller,
      id: string,
      options: { components?: readonly string[] | undefined; keepScore?: boolean | undefined },
    ) {
      const after = await change(caller, id, async ({ lab, sandbox }) => {
        const live = requireSandbox(lab, sandbox);
        const version = await versionOf(deps.templateStore, lab.templateHash);
        const names = options.components ?? Object.keys(live.components);
        for (const name of names) requireComponent(live, name, deps.nearest);
        const affected = withDependents(names, usesOf(version));
        return {
          forgetProgress: options.keepScore !== true,
          // A lab that is wholly at its start has no answers; who repairs one component need not type theirs again.
          forgetAnswers: options.keepScore !== true && affected.size === Object.keys(live.components).length,
          // A full reset may be served by a spare; the reconciler decides that when it sees every component raised.
          sandbox: {
            version: live.version,
            change: { components: raised(live, affected), failures: 0, nextTryAt: null },
          },
          events: [
            {
              type: 'lab.reset' as const,
              data: {
                components: [...affected].sort(),
                keepScore: options.keepScore === true,
                by: caller.subject,
              },
            },
          ],
        };
      });
      return details(caller, after);
    },

    /**
     * Puts the lab back to the state that was kept when a task was done. What was done since is lost; score and answers
     * stay. Throws `task_not_found`, `checkpoint_not_found`, `lab_not_ready`, `lab_ended`.
     */
    rewind: (caller: Caller, id: string, task: string): Promise<LabDetails> =>
      goBack(caller, id, async ({ lab, sandbox }, template) => {
        requireSandbox(lab, sandbox);
        requireTask(template, task, deps.nearest);
        const kept = await keptState(lab, 'checkpoint', task);
        if (kept === null) throw checkpointNotFound(task);
        return { kept, told: { type: 'lab.rewound', data: { task, by: caller.subject } } };
      }),

    /**
     * Puts the lab back to a snapshot, also one that is paused. What was done since is lost; score and answers stay unless
     * `keepScore` is false: then it is as after a whole reset. Throws `snapshot_not_found`, `lab_not_ready`, `lab_ended`.
     */
    restore: (
      caller: Caller,
      id: string,
      { snapshot, keepScore = true }: { readonly snapshot: string; readonly keepScore?: boolean | undefined },
    ): Promise<LabDetails> =>
      goBack(caller, id, async ({ lab, sandbox }) => {
        if (lab.phase !== 'paused') requireSandbox(lab, sandbox);
        const kept = await keptState(lab, 'snapshot', snapshot);
        if (kept === null) throw snapshotNotFound(lab.id, snapshot);
        const data = { snapshot, since: kept.keptAt.toISOString(), keepScore, by: caller.subject };
        const forgets = keepScore ? {} : { forgetProgress: true, forgetAnswers: true };
        return { kept, told: { type: 'lab.restored', data }, ...forgets };
      }),

    /**
     * Stops what a lab costs and keeps all that is in it; its lifetime goes on. Nothing when it is paused already.
     * Throws `conflict` while it is graded or a state of it is kept, `lab_not_ready` while it starts or is reset, `lab_ended`.
     */
    async pauseLab(caller: Caller, id: string): Promise<LabDetails> {
      return details(caller, await change(caller, id, pausing(caller), tooBusyToPause));
    },

    /** Starts again what was stopped; answers before that is done. Throws `lab_not_ready`, `lab_ended`. */
    async resumeLab(caller: Caller, id: string): Promise<LabDetails> {
      return details(caller, await change(caller, id, resuming));
    },

    /** Notes that somebody does something with a lab that was found to be theirs, such as typing in its terminal. */
    touch,

    /**
     * As `touch`, where the caller may see the lab; nothing where not. One that was paused because nobody used it is
     * resumed.
     */
    async use(caller: Caller, id: string): Promise<void> {
      const { lab, now } = await labs.getLab(id);
      if (lab === null || (caller.role === 'trainee' && lab.trainee !== caller.subject)) return;
      if (lab.phase !== 'paused' || lab.pausedBecause !== 'idle') return touch(id);
      const moved = await labs.transition(id, lab.version, { phase: 'resuming', dueAt: now }, []);
      if (moved !== null) await queue.wake(`lab:${id}`);
    },

    /** Moves the end `minutes` on. Throws `extend_too_long` past the template's maximum, `lab_ended`. */
    async extendLab(caller: Caller, id: string, minutes: number): Promise<LabDetails> {
      const after = await change(caller, id, async ({ lab }) => {
        if (lab.phase === 'terminating' || lab.phase === 'terminated') throw ended(lab);
        const expiresAt = new Date(lab.expiresAt.getTime() + minutes * 60_000);
        if (expiresAt > lab.maxExpiresAt) {
          const left = Math.max(
            0,
            Math.floor((lab.maxExpiresAt.getTime() - lab.expiresAt.getTime()) / 60_000),
          );
          throw new LabError(
            'extend_too_long',
            `minutes: ${minutes} is past the lab's maximum; at most ${left} more are possible.`,
            {
              extra: { field: 'minutes', maxMinutes: left, maxExpiresAt: lab.maxExpiresAt.toISOString() },
            },
          );
        }
        return {
          expiresAt,
          warned: [],
          events: [
            {
              type: 'lab.extended' as const,
              data: { minutes, expiresAt: expiresAt.toISOString(), by: caller.subject },
            },
          ],
        };
      });
      return details(caller, after);
    },

    /** Connection facts by component. Throws `lab_not_ready`, `lab_ended`. */
    async access(
      caller: Caller,
      id: string,
    ): Promise<Readonly<Record<string, { kind: string; facts: Readonly<Record<string, Json>> }>>> {
      const { lab, sandbox } = await read(caller, id);
      const live = requireSandbox(lab, sandbox);
      const version = await versionOf(deps.templateStore, lab.templateHash);
      const driver = deps.drivers.get(lab.backend);
      if (driver === undefined)
        throw new LabError('backend_unavailable', `The backend "${lab.backend}" is not enabled here.`);
      const plan = planOf(live, version, lab.params);
      return Object.fromEntries(
        Object.keys(plan.components).map((name) => {
          const access = driver.access(plan, name);
          return [name, { kind: access.kind, facts: traineeFacts(access) }];
        }),
      );
    },

    async eventsAfter(
      caller: Caller,
      id: string,
      seq: number,
      limit: number,
    ): Promise<readonly RecordedEvent[]> {
      await read(caller, id);
      return labs.eventsAfter(id, seq, limit);
    },
  };
}

function checkpointNotFound(task: string): LabError {
  return new LabError(
    'checkpoint_not_found',
    `No state was kept after task "${task}": it is kept once all checks of a task that has a checkpoint pass.`,
    { extra: { task } },
  );
}

/** Also of one that is still being made. */
export function snapshotNotFound(labId: string, name: string): LabError {
  return new LabError(
    'snapshot_not_found',
    `Lab "${labId}" keeps no snapshot "${name}"; one that is still being made counts once it is done.`,
    {
      extra: { snapshot: name },
    },
  );
}

const tooBusyToPause = (id: string) =>
  `Lab "${id}" cannot be paused just now: it is being graded, or a state of it is being kept. Try again in a moment.`;

const pausing =
  (caller: Caller) =>
  async ({ lab, sandbox }: Snapshot & { readonly lab: Lab }): Promise<Decided | null> => {
    if (lab.phase === 'paused') return null;
    const live = lab.phase === 'resuming' && sandbox !== null ? sandbox : requireSandbox(lab, sandbox);
    if (Object.values(live.components).some((row) => row.servedGeneration < row.generation)) {
      throw new LabError('lab_not_ready', `Lab "${lab.id}" is being reset: pause it when that is done.`, {
        extra: { phase: lab.phase },
        retryAfterSeconds: 2,
      });
    }
    return {
      phase: 'paused',
      pausedBecause: 'asked',
      sandbox: { version: live.version, change: { failures: 0, nextTryAt: null, lastError: null } },
      events: [{ type: 'lab.paused', data: { because: 'asked', by: caller.subject } }],
    };
  };

async function resuming({ lab, sandbox }: Snapshot & { readonly lab: Lab }): Promise<Decided | null> {
  if (lab.phase === 'ready' || lab.phase === 'resuming') return null;
  if (lab.phase !== 'paused' || sandbox === null) {
    requireSandbox(lab, sandbox);
    throw asleep(lab);
  }
  const change = { failures: 0, nextTryAt: null, lastError: null };
  return { phase: 'resuming', sandbox: { version: sandbox.version, change }, events: [] };
}

/** What only instructors may choose. Throws `forbidden`. */
function refuseToTrainee(caller: Caller, { trainee, seed, version, class: classId }: CreateLab): void {
  const refuse = (field: string, text: string) => {
    throw new LabError('forbidden', `${field}: ${text}`, { extra: { field } });
  };
  if (trainee !== undefined && trainee !== caller.subject) {
    refuse('trainee', 'only an instructor may ask for a lab for somebody else.');
  }
  if (seed !== undefined) refuse('seed', 'only an instructor may choose it.');
  if (version !== undefined) refuse('version', 'only an instructor may choose it.');
  if (classId !== undefined && caller.class != null && classId !== caller.class) {
    refuse('class', `this token is for class "${caller.class}".`);
  }
}

async function versionOf(store: TemplateStore, hash: string): Promise<TemplateVersion> {
  const version = await store.load(hash);
  if (version === null) throw new LabError('internal', `template version ${hash} is not recorded`);
  return version;
}

/** What ending a lab does to its sandbox: from here on it may be destroyed. */
function ending(because: string, by: string) {
  return { type: 'lab.terminating' as const, data: { because, by } };
}
