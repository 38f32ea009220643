import pc from 'picocolors';
import { expect, it } from 'vitest';
import { createProgress } from '../../src/cli/progress.ts';

/** What stands on the screen after all that was written: the moving line is drawn over itself. */
function screen() {
  let written = '';
  return {
    columns: 80,
    write(text: string) {
      written += text;
      return true;
    },
    lines: () =>
      written.split('\n').map((line) => line.slice(line.lastIndexOf('\x1b[2K') + 1).replace('[2K', '')),
  };
}

it('log lines stand above the moving line, on lines of their own', () => {
  const out = screen();
  const progress = createProgress(out, pc.createColors(false), 'line');
  progress.above('before\n');
  progress.say('starting');
  progress.above('12:00 info  one\n12:01 info  two\n');
  expect(out.lines().slice(0, 3)).toEqual(['before', '12:00 info  one', '12:01 info  two']);
  expect(out.lines()[3]).toMatch(/^. starting 0\.\d s$/);
  progress.clear();
  progress.above('after\n');
  expect(out.lines().slice(3)).toEqual(['after', '']);
});
