import { expect, it } from 'vitest';
import { createSnapshotService } from '../../../src/grading/operations/snapshot-service.ts';
import type { Lab, Sandbox } from '../../../src/lab/lab.ts';
import type { LabService } from '../../../src/lab/lab-service.ts';
import type { OperationStore } from '../../../src/lab/ports.ts';
import { namespacesVersion } from '../../contracts/namespaces-contract.ts';

it('takes no snapshot of a lab with a namespace, and says which', async () => {
  const planted: string[] = [];
  const service = createSnapshotService({
    labs: {
      getLabWithTemplate: async () => ({
        lab: { id: 'lab-1', phase: 'ready' } as Lab,
        sandbox: { id: 'sb-1', state: 'up', components: { production: {} } } as unknown as Sandbox,
        version: namespacesVersion(),
      }),
    } as unknown as LabService,
    operations: {
      plantSnapshot: async (lab: string) => {
        planted.push(lab);
        return 'planted';
      },
    } as unknown as OperationStore,
    queue: { wake: async () => {} },
    snapshotsPerLab: 3,
  });
  const taking = service.take({ role: 'trainee', subject: 'ann' }, 'lab-1', { name: 'a', note: null });
  await expect(taking).rejects.toMatchObject({
    code: 'nothing_to_keep',
    message: expect.stringContaining('the namespace "production" cannot be copied'),
  });
  expect(planted).toEqual([]);
});
