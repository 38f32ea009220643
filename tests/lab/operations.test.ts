import { describe } from 'vitest';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { operationsSuite } from './operations-suite.ts';

describe('operations over the in-memory store', () => {
  operationsSuite(async () => createMemoryStore({ now: () => new Date() }));
});
