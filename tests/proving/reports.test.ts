import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toGithub, toSummary } from '../../src/proving/github.ts';
import { toJson } from '../../src/proving/json.ts';
import { toJunit } from '../../src/proving/junit.ts';
import type { ProofReport } from '../../src/proving/types.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { aCell, aDefect, aProof, aRun } from './example-proofs.ts';

const refused = aProof({
  template: 'a-village',
  outcome: 'refused',
  defects: [aDefect({ code: 'secret-told', message: 'a hint tells it', file: 'lab.yaml', line: 12 })],
  runs: [
    aRun('start', { kind: 'start' }),
    aRun('by-sql', {
      defects: [
        aDefect({ run: 'by-sql', check: 'city-right' }),
        aDefect({ run: 'by-sql', code: 'step-failed', message: 'permission denied' }),
      ],
    }),
    aRun('late', {
      kind: 'wrong',
      defects: [aDefect({ code: 'same-column', severity: 'warning', message: 'alike' })],
    }),
  ],
});

/** What text can do to a report that is made of it. */
const attacks = [
  'true',
  ']]>',
  '<!-- -->',
  '"/><testcase name="forged"/><x y="',
  "'&amp;<b>&#0;",
  'a\nb\r\nc\td',
  '\u0000\u0001\u001b[31m\u007f\u0085\u2028',
  '\ud800 alone',
  '\ufffe\uffff',
  '𝓌𝒾𝒹ℯ',
  '__proto__',
  '\n::error::forged',
  '::set-env name=PATH::/tmp',
  '%0A::add-mask::x',
  'a,line=1::b',
  '| a | b |\n|---|',
  '</details><script>alert(1)</script>',
  '[click](javascript:alert(1)) @everyone `code`',
];

function attacked(text: string) {
  return aProof({
    template: text,
    title: text,
    outcome: 'refused',
    defects: [
      aDefect({ message: text, file: text, line: 3 }),
      aDefect({ severity: 'warning', message: text }),
    ],
    runs: [
      aRun(text, {
        notes: [text],
        cells: [aCell('city-right', { message: text })],
        defects: [aDefect({ message: text, run: text, check: text })],
      }),
    ],
  });
}

/** PostgreSQL reads XML with libxml2: whatever it takes is well-formed. */
describe('the JUnit report', () => {
  let postgres: TestPostgres;
  let client: pg.Client;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    client = new pg.Client({ connectionString: postgres.adminUrl });
    await client.connect();
  });
  afterAll(async () => {
    await client?.end();
    await postgres?.stop();
  });

  /** Texts of nodes or values of attributes, as they were before they were written. */
  async function read(xml: string, path: string): Promise<readonly string[]> {
    const { rows } = await client.query<{ value: string }>(
      `select value from xmltable('${path}' passing xmlparse(document $1::text) columns value text path '.')`,
      [xml.replace(/^<\?xml[^>]*>\n/, '')],
    );
    return rows.map(({ value }) => value);
  }

  it('has a suite a proof, and a case a run beside one for the template', async () => {
    const xml = toJunit([aProof(), refused]);
    expect(await read(xml, '/testsuites/testsuite/@name')).toEqual([
      'a-town on process',
      'a-village on process',
    ]);
    expect(await read(xml, '//testcase/@name')).toEqual([
      ...['the template', 'by-sql'],
      ...['the template', 'start', 'by-sql', 'late'],
    ]);
    expect(await read(xml, '/testsuites/testsuite/@failures')).toEqual(['0', '2']);
    expect(await read(xml, '/testsuites/@tests')).toEqual(['6']);
    expect(await read(xml, '/testsuites/@time')).toEqual(['4.000']);
  });

  it('tells every error of a case in its failure, and no warning', async () => {
    const xml = toJunit([refused]);
    expect(await read(xml, '//failure')).toEqual([
      'secret-told: a hint tells it',
      'not-solved in by-sql of city-right: city-right: fail\nstep-failed in by-sql: permission denied',
    ]);
    expect(await read(xml, '//failure/@type')).toEqual(['secret-told', 'not-solved']);
    expect((await read(xml, '//testcase[@name="late"]/system-out')).join()).toBe('same-column: alike');
  });

  it('skips what was kept, and calls what was interrupted an error', async () => {
    const xml = toJunit([aProof({ outcome: 'kept', runs: [] }), aProof({ outcome: 'partial' })]);
    expect(await read(xml, '//skipped/@message')).toEqual(['it was proved before as it is']);
    expect(await read(xml, '//error/@message')).toEqual(['the proof was interrupted']);
    expect(await read(xml, '/testsuites/@skipped')).toEqual(['1']);
    expect(await read(xml, '/testsuites/@errors')).toEqual(['1']);
  });

  it('skips a backend that could not be had, and where that is no success there is an error', async () => {
    const absent = (outcome: 'skipped' | 'missing') =>
      aProof({ outcome, backend: 'docker', runs: [], why: 'no <engine> & "no" image' });
    const xml = toJunit([absent('skipped'), absent('missing')]);
    expect(await read(xml, '//skipped/@message')).toEqual(['no <engine> & "no" image']);
    expect(await read(xml, '//error/@message')).toEqual(['no <engine> & "no" image']);
  });

  it.each(attacks)('stays what it is whatever a text says: %j', async (text) => {
    const xml = toJunit([attacked(text)]);
    expect(await read(xml, '//testcase/@classname')).toHaveLength(2);
    expect(await read(xml, '//*[not(ancestor-or-self::testsuites)]')).toEqual([]);
    const [told] = await read(xml, '//testcase[1]/failure');
    expect(told).toBe(`not-solved: ${readable(text)}`);
  });

  it('is well-formed for any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), async (text) => {
        const [told] = await read(toJunit([attacked(text)]), '//testcase[1]/failure');
        expect(told).toBe(`not-solved: ${readable(text)}`);
      }),
      { numRuns: 200 },
    );
  });

  /** What XML can carry of a text: line breaks are one character, and what it cannot write is replaced. */
  function readable(text: string): string {
    return (
      text
        .toWellFormed()
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what the report must replace
        .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
        .replace(/\r\n?/g, '\n')
    );
  }
});

describe('the JSON report', () => {
  it('has a version, counts and everything that was found', () => {
    const told = JSON.parse(toJson([aProof(), refused]));
    expect(told).toMatchObject({ proof: 1, ok: false });
    expect(
      told.templates.map((one: { errors: number; warnings: number }) => [one.errors, one.warnings]),
    ).toEqual([
      [0, 0],
      [3, 1],
    ]);
    expect(told.templates[1].runs[1].defects[0]).toEqual({
      ...aDefect({ run: 'by-sql', check: 'city-right' }),
    });
    expect(told.templates[0].runs[0].cells).toEqual([aCell('city-right'), aCell('row-kept', { points: 5 })]);
  });

  it('is fine when all are proved, now or before', () => {
    const ok = (outcome: ProofReport['outcome']) => JSON.parse(toJson([aProof({ outcome })])).ok;
    expect([ok('proved'), ok('kept'), ok('skipped')]).toEqual([true, true, true]);
    expect([ok('partial'), ok('refused'), ok('missing')]).toEqual([false, false, false]);
  });

  it('has its fields in one order, and none that it does not promise', () => {
    const [name, value] = ['later', 'addition'];
    const more = { [name]: value, ...aProof({ runs: [{ [name]: value, ...aRun('by-sql') }] }) };
    expect(toJson([more])).toBe(toJson([aProof()]));
  });

  it.each(attacks)('keeps a text as it is: %j', (text) => {
    expect(JSON.parse(toJson([attacked(text)])).templates[0].defects[0].message).toBe(text);
  });
});

describe('annotations', () => {
  const folderOf = ({ template }: { readonly template: string }) => `labs/${template}/`;

  it('stand in the file, errors first', () => {
    expect(toGithub([refused], folderOf).split('\n')).toEqual([
      '::error file=labs/a-village/lab.yaml,line=12,title=a-village on process%3A secret-told::secret-told: a hint tells it',
      '::error file=labs/a-village/lab.yaml,title=a-village on process%3A not-solved::not-solved in by-sql of city-right: city-right: fail',
      '::error file=labs/a-village/lab.yaml,title=a-village on process%3A step-failed::step-failed in by-sql: permission denied',
      '::warning file=labs/a-village/lab.yaml,title=a-village on process%3A same-column::same-column: alike',
      '',
    ]);
  });

  it('say nothing where nothing is wrong', () => {
    expect(toGithub([aProof()], folderOf)).toBe('');
  });

  it.each(attacks)('stay one command a line, with the text in it: %j', (text) => {
    const lines = toGithub([attacked(text)], () => 'labs/x')
      .slice(0, -1)
      .split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).not.toMatch(/\r/);
      const parts = /^::(?:error|warning) ([^:]*)::(.*)$/su.exec(line);
      // A comma that is not escaped would begin another property.
      const names = (parts?.[1] ?? '').split(',').map((one) => one.split('=')[0]);
      expect([
        ['file', 'line', 'title'],
        ['file', 'title'],
      ]).toContainEqual(names);
      const said = (parts?.[2] ?? '').replace(/%0A/g, '\n').replace(/%0D/g, '\r').replace(/%25/g, '%');
      expect(said.endsWith(`: ${text}`)).toBe(true);
    }
  });
});

describe('the summary', () => {
  it('has a line a template, and the matrix of each that was run', () => {
    const text = toSummary([aProof(), refused, aProof({ template: 'a-city', outcome: 'kept', runs: [] })]);
    expect(text).toContain('| ❌ | a-village | process | 3 | 4 | 2.0 |');
    expect(text).toContain('| ☑️ | a-city | process | proved before | 0 | 2.0 |');
    expect(text).toContain('| by-sql | ✓ 10 | ✓ 5 | ❌ |');
    expect(text).toContain('| late | ✓ 10 | ✓ 5 | ⚠️ |');
    const skipped = aProof({ backend: 'docker', outcome: 'skipped', runs: [], why: 'no | engine' });
    expect(toSummary([skipped])).toContain('| ➖ | a-town | docker | no &#124; engine | 0 | 2.0 |');
    expect(text.match(/<details/g)).toHaveLength(2);
    expect(text.match(/<details open>/g)).toHaveLength(1);
  });

  it.each(attacks)('takes no markup from a text: %j', (text) => {
    const plain = toSummary([attacked('plain')]);
    const shown = toSummary([attacked(text)]);
    expect(shown.split('\n')).toHaveLength(plain.split('\n').length);
    for (const markup of ['|', '<', '`', '[', '@', '\n']) {
      expect(shown.split(markup).length, markup).toBe(plain.split(markup).length);
    }
  });

  it('stays below what GitHub takes, and says what it left out', () => {
    const long = (template: string) =>
      aProof({ template, defects: [aDefect({ message: 'x'.repeat(400_000) })] });
    const text = toSummary([long('a'), long('b'), long('c'), aProof()]);
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    expect(text).toContain('1 more are too long to be shown here.');
    expect(text).toContain('Name the town');
  });
});
