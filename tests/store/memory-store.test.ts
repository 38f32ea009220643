import { describe } from 'vitest';
import { attemptStoreContract } from '../contracts/attempt-store-contract.ts';
import { forkStoreContract } from '../contracts/fork-store-contract.ts';
import { operationStoreContract } from '../contracts/operation-store-contract.ts';
import { pauseStoreContract } from '../contracts/pause-store-contract.ts';
import { peopleStoreContract } from '../contracts/people-store-contract.ts';
import { releaseStoreContract } from '../contracts/release-store-contract.ts';
import { storeContract } from '../contracts/store-contract.ts';
import { watchStoreContract } from '../contracts/watch-store-contract.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

describe('the in-memory store', () => {
  let clock = Date.parse('2026-03-01T09:00:00Z');
  const harness = {
    fresh: async () => createMemoryStore({ now: () => new Date(clock) }),
    pass: async (seconds: number) => {
      clock += seconds * 1000;
    },
  };
  storeContract(harness);
  attemptStoreContract(harness);
  forkStoreContract(harness);
  operationStoreContract(harness);
  pauseStoreContract(harness);
  watchStoreContract(harness);
  peopleStoreContract(harness);
  releaseStoreContract(harness);
});
