/** Proofs as JSON, for programs. */
import { defectsOf, isError } from './defects.ts';
import type { Defect, ProofReport, RunReport } from './types.ts';

/** Raised when a field changes its meaning or goes away; new fields do not raise it. */
const proofVersion = 1;

/**
 * ```
 * { "proof": 1, "ok": boolean,                 // ok: all are proved, now or before, or may be skipped
 *   "templates": [{                              // one a template and backend
 *     "template", "title", "hash", "backend",
 *     "outcome": "proved"|"refused"|"kept"|"partial"|"skipped"|"missing",
 *     "why": string|null,                      // skipped or missing: what keeps it from being proved there
 *     "seconds",
 *     "errors": number, "warnings": number,    // of the template and all of its runs
 *     "checks": [{ "id", "title", "points" }],
 *     "defects": [Defect],                     // of no run in particular
 *     "runs": [{ "name", "kind", "seconds", "resumed", "notes": [string], "defects": [Defect],
 *                "cells": [{ "check", "verdict", "points", "own", "message": string|null }] }],
 *     "flakes": { <check>: { "runs", "differing" } } }] }
 * Defect: { "code", "severity": "error"|"warning", "message", "run", "check", "file", "line" }, the last four or null
 * ```
 * Fields come in this order, so that two reports can be compared as texts; all times are seconds.
 */
export function toJson(reports: readonly ProofReport[]): string {
  const ok = reports.every(({ outcome }) => ['proved', 'kept', 'skipped'].includes(outcome));
  return `${JSON.stringify({ proof: proofVersion, ok, templates: reports.map(templateOf) }, null, 2)}\n`;
}

function templateOf(report: ProofReport) {
  const defects = defectsOf(report);
  const errors = defects.filter(isError).length;
  return {
    template: report.template,
    title: report.title,
    hash: report.hash,
    backend: report.backend,
    outcome: report.outcome,
    why: report.why,
    seconds: report.seconds,
    errors,
    warnings: defects.length - errors,
    checks: report.checks.map(({ id, title, points }) => ({ id, title, points })),
    defects: report.defects.map(defectOf),
    runs: report.runs.map(runOf),
    flakes: Object.fromEntries(
      Object.entries(report.flakes).map(([check, { runs, differing }]) => [check, { runs, differing }]),
    ),
  };
}

function runOf({ name, kind, seconds, resumed, notes, defects, cells }: RunReport) {
  return {
    name,
    kind,
    seconds,
    resumed,
    notes,
    defects: defects.map(defectOf),
    cells: cells.map(({ check, verdict, points, own, message }) => ({
      check,
      verdict,
      points,
      own,
      message,
    })),
  };
}

function defectOf({ code, severity, message, run, check, file, line }: Defect) {
  return { code, severity, message, run, check, file, line };
}
