/** The services over their adapters: everything that needs the control database to be there. */
import { join } from 'node:path';
import type pg from 'pg';
import type { Registry } from 'prom-client';
import type { Config } from '../config.ts';
import { createExportService } from '../exports/export-service.ts';
import { createExporter } from '../exports/exporter.ts';
import { createAttemptService } from '../grading/attempt-service.ts';
import { createExplainService } from '../grading/explain/explain-service.ts';
import { createJudge } from '../grading/judge/thread.ts';
import { createOperationService } from '../grading/operations/operation-service.ts';
import { createSnapshotService } from '../grading/operations/snapshot-service.ts';
import { createPeopleService } from '../grading/people-service.ts';
import { createRegradeService } from '../grading/regrade/regrade-service.ts';
import { openEvidence } from '../grading/values/evidence.ts';
import { createLabService } from '../lab/lab-service.ts';
import { defaultPolicy, type Policy } from '../lab/policy.ts';
import type { LabQueue, SandboxDriver } from '../lab/ports.ts';
import { randomIds } from '../lab/random-ids.ts';
import { createClassService } from '../lab/releases/class-service.ts';
import { createReleaseService } from '../lab/releases/release-service.ts';
import { servedTemplates } from '../lab/releases/served-templates.ts';
import { findVersion } from '../lab/releases/wanted-version.ts';
import type { Telemetry } from '../lab/telemetry.ts';
import { unknownTemplate } from '../lab/unknown-template.ts';
import { createProgramService } from '../programs/service.ts';
import { createProgramSource } from '../programs/source.ts';
import { cacheTemplates } from '../store/cached-templates.ts';
import { createPostgresStore } from '../store/postgres-store.ts';
import { createProgramStore } from '../store/program-store.ts';
import { createRegradeStore } from '../store/regrade-store.ts';
import { createReleaseStore } from '../store/release-store.ts';
import { createTemplateStore } from '../store/template-store.ts';
import { decodeBundle, encodeBundle } from '../templates/bundle.ts';
import { nearest } from '../templates/suggest.ts';
import type { BackendName } from '../templates/types.ts';
import { evidenceKey } from './evidence-key.ts';
import { createVocabulary } from './language.ts';
import type { Log } from './log.ts';
import { openTemplates } from './templates.ts';

export interface CoreParts {
  readonly config: Config;
  readonly log: Log;
  /** Of the control database, migrated. */
  readonly pool: pg.Pool;
  readonly queue: LabQueue;
  readonly drivers: ReadonlyMap<BackendName, SandboxDriver>;
  /** Of the installation: everything that must be secret derives from it. */
  readonly key: Uint8Array;
  readonly registry: Registry;
  readonly telemetry: Telemetry;
}

export type Core = ReturnType<typeof createCore>;

export function createCore({ config, pool, queue, drivers, key }: CoreParts) {
  const vocabulary = createVocabulary();
  const { language } = vocabulary;
  const drafts = openTemplates(config.templatesDir, language);
  const store = createPostgresStore(pool);
  const templateStore = cacheTemplates(
    createTemplateStore(pool, { encode: encodeBundle, decode: (bytes) => decodeBundle(bytes, language) }),
  );
  const releaseStore = createReleaseStore(pool);
  const served = { drafts, releases: releaseStore, templateStore, nearest };
  const templates = servedTemplates(served);
  const policy: Policy = {
    ...defaultPolicy,
    labsPerTrainee: config.labsPerTrainee,
    labsGlobal: config.labsGlobal,
    spares: config.spares,
    snapshotsPerLab: config.snapshotsPerLab,
    idlePauseSeconds: config.idlePauseMinutes * 60,
  };
  const [defaultBackend = 'process'] = config.backends;
  const shared = { ...served, queue, drivers, policy, ids: randomIds };
  const labs = createLabService({ ...shared, labs: store, templates, defaultBackend });
  const releases = createReleaseService(served);
  const classes = createClassService({ ...served, classes: releaseStore, templates });
  // Its threads start with the first expression.
  const judge = createJudge();
  const attempts = createAttemptService({
    labs,
    attempts: store,
    people: store,
    operations: store,
    judge,
    queue,
    ids: randomIds,
    nearest,
  });
  const operations = createOperationService({
    labs,
    attempts: store,
    operations: store,
    judge,
    queue,
    nearest,
  });
  const snapshots = createSnapshotService({
    labs,
    operations: store,
    queue,
    snapshotsPerLab: policy.snapshotsPerLab,
  });
  const exportsFolder = config.exportsDir ?? join(config.dataDir, 'exports');
  const exports = createExportService({ labs, operations: store, queue, folder: exportsFolder });
  const exporter = createExporter({
    folder: exportsFolder,
    maxBytes: config.exportMaxMb * 1024 * 1024,
    days: config.exportDays,
    answers: (lab) => store.answers(lab.id),
    attempts: (lab) => attempts.listAttempts({ role: 'trainee', subject: lab.trainee }, lab.id),
    now: () => new Date(),
  });
  const people = createPeopleService({
    labs,
    attempts: store,
    people: store,
    ids: randomIds,
    openEvidence: (piece) => openEvidence(piece, evidenceKey(key)),
    nearest,
  });
  const regradeStore = createRegradeStore(pool);
  const explain = createExplainService({
    labs,
    regrades: regradeStore,
    templateStore,
    judge,
    openEvidence: (piece) => openEvidence(piece, evidenceKey(key)),
  });
  const regrades = createRegradeService({
    regrades: regradeStore,
    templateStore,
    findVersion: (id, word) => findVersion(id, word, served),
    unknownTemplate: (id) => unknownTemplate(id, drafts, nearest),
    judge,
    ids: randomIds,
    openEvidence: (piece) => openEvidence(piece, evidenceKey(key)),
    evidenceKey: evidenceKey(key),
  });
  const programs = createProgramService({
    source: createProgramSource(config.programsDir, templates),
    store: createProgramStore(pool),
    templateStore,
    nearest,
  });
  return {
    labs,
    releases,
    classes,
    attempts,
    operations,
    snapshots,
    exports,
    exporter,
    people,
    regrades,
    explain,
    programs,
    store,
    judge,
    templates,
    drafts,
    templateStore,
    policy,
    vocabulary,
  };
}
