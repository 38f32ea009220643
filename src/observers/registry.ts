/** The kinds of looks there are. A new kind is one file, one line here and a green `observer-contract`. */
import type { ObserverKind } from '../grading/types.ts';
import { answerObserver } from './answer.ts';
import { baselineObserver } from './baseline.ts';
import { dnsObserver } from './dns.ts';
import { execObserver } from './exec.ts';
import { fileObserver } from './file.ts';
import { httpObserver } from './http.ts';
import { journalObserver } from './journal.ts';
import { kubernetesObserver } from './kubernetes.ts';
import { logObserver } from './log.ts';
import { metricObserver } from './metric.ts';
import { mutantsObserver } from './mutants.ts';
import { schemaObserver } from './schema.ts';
import { sqlObserver } from './sql.ts';
import { tcpObserver } from './tcp.ts';
import { watchObserver } from './watch.ts';

/** Every observer by its kind, as a template names it. */
export function observerKinds(): ReadonlyMap<string, ObserverKind> {
  const kinds: readonly ObserverKind[] = [
    sqlObserver,
    schemaObserver,
    httpObserver,
    execObserver,
    fileObserver,
    metricObserver,
    logObserver,
    tcpObserver,
    dnsObserver,
    answerObserver,
    watchObserver,
    baselineObserver,
    mutantsObserver,
    journalObserver,
    kubernetesObserver,
  ];
  return new Map(kinds.map((kind) => [kind.kind, kind]));
}
