/** Exports of labs, for their people. */
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { LabError } from '../lab/errors.ts';
import { requireSandbox } from '../lab/guards.ts';
import type { Caller, LabService } from '../lab/lab-service.ts';
import type { LabQueue, OperationStore } from '../lab/ports.ts';
import { exportPath } from './exporter.ts';

export interface ExportServiceDeps {
  readonly labs: Pick<LabService, 'getLabWithTemplate'>;
  readonly operations: Pick<OperationStore, 'plantOperation'>;
  readonly queue: Pick<LabQueue, 'wake'>;
  readonly folder: string;
}

export interface FoundExport {
  readonly stream: Readable;
  readonly bytes: number;
  readonly writtenAt: Date;
}

export type ExportService = ReturnType<typeof createExportService>;

export function createExportService({ labs, operations, queue, folder }: ExportServiceDeps) {
  return {
    /**
     * Has what the template keeps written now, in the place of an earlier export; asking twice is asking once. Throws
     * `nothing_to_keep`, `lab_not_ready`, `lab_ended`.
     */
    async request(caller: Caller, labId: string): Promise<void> {
      const { lab, sandbox, version } = await labs.getLabWithTemplate(caller, labId);
      requireSandbox(lab, sandbox);
      if (version.template.keep === undefined) throw keepsNothing(lab.templateId);
      await operations.plantOperation(labId, { kind: 'export', name: 'asked', dueInSeconds: 0 });
      await queue.wake(`operation:${labId}/export/asked`).catch(() => undefined);
    },

    /** The newest export, also of a lab that has ended. Throws `export_not_found`, `nothing_to_keep`, `lab_not_found`. */
    async find(caller: Caller, labId: string): Promise<FoundExport> {
      const { lab, version } = await labs.getLabWithTemplate(caller, labId);
      if (version.template.keep === undefined) throw keepsNothing(lab.templateId);
      try {
        const file = await open(exportPath(folder, labId), 'r');
        const { size, mtime } = await file.stat();
        return { stream: file.createReadStream(), bytes: size, writtenAt: mtime };
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
        const text = `There is no export of lab "${labId}": it is written when the lab ends or when it is asked for, and kept for a while.`;
        throw new LabError('export_not_found', text);
      }
    },
  };
}

function keepsNothing(templateId: string): LabError {
  return new LabError('nothing_to_keep', `Template "${templateId}" keeps nothing of its labs.`);
}
