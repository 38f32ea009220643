/** The template language with all that this build can look at, do and plant. */
import { actionKinds } from '../actions/registry.ts';
import { createCompiler } from '../grading/expression/compile.ts';
import type { ActionKind, ObserverKind } from '../grading/types.ts';
import { observerKinds } from '../observers/registry.ts';
import { variantNames } from '../sample-api/variants.ts';
import { variablesIn } from '../sandbox/postgres/sql-variables.ts';
import { parseStubFile } from '../stub/spec.ts';
import { createLanguage, type Language } from '../templates/language.ts';
import { parseTrafficFile } from '../traffic/spec.ts';

export interface Vocabulary {
  readonly language: Language;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly actions: ReadonlyMap<string, ActionKind>;
}

export function createVocabulary(): Vocabulary {
  const observers = observerKinds();
  const actions = actionKinds(observers);
  const { compile } = createCompiler();
  const language = createLanguage({
    observers,
    actions,
    variants: variantNames,
    compileExpression: compile,
    readStub: parseStubFile,
    readTraffic: parseTrafficFile,
    overlayVariables: variablesIn,
  });
  return { language, observers, actions };
}
