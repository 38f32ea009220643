import { describe, expect, it } from 'vitest';
import { possibleBackends, wantedBackends } from '../../src/cli/template/test-backends.ts';
import { inTurn, jobsOf, runNames } from '../../src/proving/jobs.ts';
import { conformance, type Inks, summary } from '../../src/proving/matrix.ts';
import { elsewhereOf, parityFindings } from '../../src/proving/parity.ts';
import type { BackendName } from '../../src/templates/types.ts';
import { templateOf } from '../support/graded-lab.ts';
import { aRun, aTemplate } from './a-run.ts';
import { aCell, aDefect, aProof, aRun as proofRun } from './example-proofs.ts';

describe('runs on two backends', () => {
  const there = elsewhereOf(
    aProof({
      runs: [
        proofRun('by-sql', { cells: [aCell('a'), aCell('b', { verdict: 'fail', points: 4 })] }),
        proofRun('broken', { cells: [] }),
      ],
    }),
  );
  const differ = (name: string, cells: Parameters<typeof aCell>[1][]) =>
    parityFindings(
      'docker',
      aRun({ name, cells: cells.map((cell, at) => aCell(at === 0 ? 'a' : 'b', cell)) }),
      there,
    );

  it('agree where every check has its verdict and its points, whatever is said of them', () => {
    expect(
      differ('by-sql', [
        { message: 'm', seen: 's' },
        { verdict: 'fail', points: 4 },
      ]),
    ).toEqual([]);
  });

  it('differ where one has not, and it is told what each has seen', () => {
    const [verdict, points] = differ('by-sql', [
      { verdict: 'fail', points: 0, message: 'The port is 4123.', seen: 'page: {"port":4123}' },
      { verdict: 'fail', points: 3 },
    ]);
    expect(verdict).toEqual({
      code: 'backends-differ',
      check: 'a',
      message:
        'process: pass with 10 points; docker: fail with 0 points (The port is 4123., saw page: {"port":4123})',
    });
    expect(points).toMatchObject({
      check: 'b',
      message: 'process: fail with 4 points; docker: fail with 3 points',
    });
  });

  it('are compared only where both were graded', () => {
    expect(differ('unknown', [{ verdict: 'fail' }])).toEqual([]);
    expect(differ('broken', [{ verdict: 'fail' }])).toEqual([]);
    expect(parityFindings('docker', aRun({ name: 'by-sql', cells: [] }), there)).toEqual([]);
  });
});

it('leaves mutations and other values to the first backend', () => {
  const names = jobsOf(aTemplate(), { runs: 1, only: null, compared: true }).flatMap(runNames);
  expect(names).toEqual([
    'right, before it',
    'right',
    'right, graded again',
    'right, done twice',
    'right, after a reset',
    'wrong-b',
  ]);
  const compared = jobsOf(aTemplate(), { runs: 1, only: null, compared: true });
  expect(inTurn(compared, 'x', 'today', true).map(({ kind }) => kind)).toEqual(['solution', 'wrong']);
  const only = jobsOf(aTemplate(), { runs: 1, only: 'right without two', compared: true });
  expect(only.map(({ name }) => name)).toEqual(['right without two']);
});

describe('a template is proved', () => {
  const template = { backends: ['process', 'docker', 'kubernetes'] as const };
  const wanted = (backends: readonly BackendName[] | null, enabled: readonly BackendName[] = ['process']) => {
    const { on, absent } = wantedBackends(template, { backends, enabled });
    return `${on.join(' ')}; not ${absent.map(({ backend }) => backend).join(' ')}`;
  };

  it('where it names and what is enabled, and others are told', () => {
    expect(wanted(null)).toBe('process; not docker kubernetes');
    expect(wanted(null, ['docker', 'process'])).toBe('process docker; not kubernetes');
  });

  it('where somebody asks for, in that order', () => {
    expect(wanted(['docker', 'process'])).toBe('docker process; not ');
    expect(wanted(['docker'])).toBe('docker; not ');
    const { on, absent } = wantedBackends({ backends: ['process'] }, { backends: ['docker'], enabled: [] });
    expect([on, absent[0]]).toEqual([[], { backend: 'docker', why: 'the template names process only' }]);
  });

  it('where nothing is lacking', () => {
    const lacks = (backend: BackendName) => (backend === 'docker' ? ['No image.', 'No network.'] : []);
    const both = { on: ['process', 'docker'] as const, absent: [] };
    expect(possibleBackends(templateOf([]), both, lacks)).toEqual({
      on: ['process'],
      absent: [{ backend: 'docker', why: 'No image. No network.' }],
    });
  });
});

describe('the conformance of templates', () => {
  const same = (text: string) => text;
  const ink: Inks = { bold: same, dim: same, red: same, yellow: same, green: same };
  const reports = [
    aProof(),
    aProof({
      backend: 'docker',
      outcome: 'refused',
      runs: [proofRun('by-sql', { defects: [aDefect({ code: 'backends-differ' })] })],
    }),
    aProof({ template: 'a-village', outcome: 'kept' }),
    aProof({ template: 'a-village', backend: 'docker', outcome: 'skipped', why: 'no engine' }),
  ];

  it('is a table of templates and backends, where there are several', () => {
    expect(conformance(reports, ink).split('\n')).toEqual([
      '           process          docker',
      'a-town     ✓ proved         ✗ refused, 1 differ',
      'a-village  ✓ proved before  - skipped',
    ]);
    expect(conformance([aProof()], ink)).toBe('');
  });

  it('is counted', () => {
    expect(summary(reports)).toBe(
      '2 templates on 2 backends: 1 proved, 1 proved before, 1 refused, 1 skipped',
    );
    expect(summary([aProof()])).toBe('1 template: 1 proved');
  });
});
