/** The kinds of steps there are. A new kind is one file and one line here. */
import type { ActionKind, ObserverKind } from '../grading/types.ts';
import { observerKinds } from '../observers/registry.ts';
import { answerAction } from './answer.ts';
import { execAction } from './exec.ts';
import { fileAction } from './file.ts';
import { httpAction } from './http.ts';
import { killAction } from './kill.ts';
import { kubernetesAction } from './kubernetes.ts';
import { markAction } from './mark.ts';
import { pressAction } from './press.ts';
import { sqlAction } from './sql.ts';
import { statementStatsAction } from './statement-stats.ts';
import { stubAction } from './stub.ts';
import { waitAction } from './wait.ts';

/** Every action by its kind, as a template names it. */
export function actionKinds(
  observers: ReadonlyMap<string, ObserverKind> = observerKinds(),
): ReadonlyMap<string, ActionKind> {
  const kinds: readonly ActionKind[] = [
    sqlAction,
    httpAction(),
    execAction,
    fileAction,
    answerAction,
    killAction,
    kubernetesAction,
    statementStatsAction,
    pressAction,
    markAction,
    stubAction,
    waitAction(observers),
  ];
  return new Map(kinds.map((kind) => [kind.kind, kind]));
}
