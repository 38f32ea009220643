/** One attempt with its reasons, as people read it in a terminal. */
import type { CheckExplanation } from '../../grading/explain/explain.ts';
import { renderChecks } from '../lab/render.ts';
import type { AttemptWire, Wire } from '../lab/wire.ts';
import { plain } from '../plain.ts';
import type { Terminal } from '../terminal.ts';
import type { ExplainedAttempt } from './show.ts';

type Paper = Pick<Terminal, 'colour' | 'width'>;
type Explained = Wire<CheckExplanation>;
type Result = AttemptWire['results'][number];

export function renderAttempt(paper: Paper, attempt: ExplainedAttempt): string {
  const { colour } = paper;
  const when = attempt.finishedAt === null ? attempt.state : `finished ${attempt.finishedAt}`;
  const head = `${colour.bold(`Attempt ${attempt.number}`)}${attempt.final ? ' (handed in)' : ''}  ${when}`;
  const again =
    attempt.regraded === null
      ? []
      : [`Judged again on ${attempt.regraded.at}: ${plain(attempt.regraded.reason)}`];
  const table = renderChecks(paper, attempt.results, attempt);
  const { explained } = attempt;
  if (explained === undefined) return [head, ...again, '', table].join('\n');
  if (explained === null) {
    const none = colour.dim('Nothing was recorded of what it was judged on.');
    return [head, ...again, '', table, '', none].join('\n');
  }
  const checks = attempt.results.map((result) =>
    renderCheck(
      paper,
      result,
      explained.find(({ check }) => check === result.check),
    ),
  );
  return [head, ...again, '', table, ...checks].join('\n');
}

function renderCheck({ colour }: Paper, result: Result, explained: Explained | undefined): string {
  const lines = ['', `${colour.bold(result.check)}  ${result.verdict ?? 'hidden'}`];
  if (result.override !== null) {
    const { by, reason, graded } = result.override;
    lines.push(
      `  ${plain(by)} says so: ${plain(reason)} (the grader: ${graded.verdict}, ${graded.points} points)`,
    );
  }
  if (result.recorded !== null) {
    lines.push(`  judged again; first it was ${result.recorded.verdict}, ${result.recorded.points} points`);
  }
  if (result.internal != null) lines.push(colour.dim(`  ${plain(result.internal)}`));
  if (explained === undefined) return lines.join('\n');
  const { alone, expectations, looks } = explained;
  if (alone.verdict !== result.verdict) {
    lines.push(
      `  by itself ${alone.verdict}, ${alone.points} points${alone.message === null ? '' : `: ${plain(alone.message)}`}`,
    );
  }
  for (const { that, met, points, maxPoints, compared } of expectations) {
    lines.push(`  ${met ? colour.green('✓') : colour.red('✗')} ${that}  ${points}/${maxPoints}`);
    for (const { text, left, right } of compared) {
      if (left.value === null && right.value === null) continue;
      lines.push(colour.dim(`      ${text}:  ${side(left)}  against  ${side(right)}`));
    }
  }
  for (const { name, at, durationMs, seen, unseen } of looks) {
    const what = unseen === null ? plain(seen ?? '') : `${unseen.problem}: ${plain(unseen.reason)}`;
    lines.push(`  ${colour.dim(`${at.slice(11, 23)} +${Math.round(durationMs)} ms`)}  ${name} = ${what}`);
  }
  return lines.join('\n');
}

function side({ text, value }: { readonly text: string; readonly value: string | null }): string {
  return value === null ? text : plain(value);
}
