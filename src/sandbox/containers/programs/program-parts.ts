/** The kinds of components that are one program each. */
import type { Parts } from '../../part.ts';
import type { ProgramNeeds } from './needs.ts';
import { createPartnerParts } from './partner-parts.ts';
import { createRedisPart } from './redis-part.ts';
import { createProgramRunner } from './runner.ts';
import { createSampleApiPart, type SampleApiPart } from './sample-api-part.ts';
import { createServicePart } from './service-part.ts';

export interface ProgramParts {
  readonly parts: Pick<Parts, 'service' | 'redis' | 'stub' | 'traffic'> & {
    readonly 'sample-api': SampleApiPart;
  };
  /** After files were changed through us: returns when the programs that run from them were started again. */
  readonly filesChanged: (sandboxId: string) => Promise<void>;
}

export function createProgramParts(needs: ProgramNeeds): ProgramParts {
  const runner = createProgramRunner(needs);
  return {
    parts: {
      'sample-api': createSampleApiPart(needs, runner),
      service: createServicePart(needs, runner),
      redis: createRedisPart(needs, runner),
      ...createPartnerParts(needs, runner),
    },
    filesChanged: runner.filesChanged,
  };
}
