/** The CEL library with our functions in it. */
import { Environment } from '@marcbachmann/cel-js';
import { bounded } from './bounds.ts';
import { equal, member } from './equality.ts';
import { ExpressionError } from './expression-error.ts';
import type { FunctionSpec } from './functions.ts';
import type { Type } from './types.ts';

/** Authors write a line or two; the depth is what the stack bears. */
const authorLimits = {
  maxAstNodes: 2_000,
  maxDepth: 60,
  maxListElements: 200,
  maxMapEntries: 100,
  maxCallArguments: 8,
};
/** Lowering nests deeper than the author did. */
const loweredLimits = { maxAstNodes: 20_000, maxDepth: 250 };

const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';
const LATEST_SECONDS = 253_402_300_799;
const EARLIEST_SECONDS = -62_135_596_800;
/** Without it the library supposes that a handler may return a promise. */
const sync = { async: false };

/** For parsing what the author wrote. */
export function createAuthorEnvironment(): Environment {
  return new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true, limits: authorLimits });
}

/** For running what it was lowered to. */
export function createEnvironment(functions: ReadonlyMap<string, FunctionSpec>): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: loweredLimits,
  });
  environment.registerFunction('bounded_(dyn): dyn', bounded, sync);
  environment.registerFunction('equal_(dyn, dyn): bool', equal, sync);
  environment.registerFunction('member_(dyn, dyn): bool', member, sync);
  environment.registerOperator('double % double', (a: number, b: number) => a % b);
  environment.registerFunction(`timestamp(${TIMESTAMP}): ${TIMESTAMP}`, (at: Date) => at, sync);
  environment.registerFunction(`timestamp(double): ${TIMESTAMP}`, fromSeconds, sync);
  for (const spec of functions.values()) {
    if (spec.run === undefined) continue;
    for (const signature of signatures(spec)) environment.registerFunction(signature, spec.run, sync);
  }
  return environment;
}

function signatures(spec: FunctionSpec): string[] {
  return spec.forms.map(({ receiver, args, gives }) => {
    const on = receiver === null ? '' : `${celType(receiver)}.`;
    return `${on}${spec.runAs ?? spec.name}(${args.map(celType).join(', ')}): ${typeof gives === 'function' ? 'dyn' : celType(gives)}`;
  });
}

function celType(type: Type): string {
  switch (type.is) {
    case 'number':
      return 'double';
    case 'timestamp':
      return TIMESTAMP;
    case 'duration':
      return DURATION;
    case 'object':
      return 'map';
    default:
      // A list is a list of anything: what its items are is the trainee's data, and found out by the function.
      return type.is;
  }
}

function fromSeconds(seconds: number): Date {
  if (seconds >= EARLIEST_SECONDS && seconds <= LATEST_SECONDS) return new Date(seconds * 1000);
  throw new ExpressionError('a number of seconds is outside the years 1 to 9999');
}
