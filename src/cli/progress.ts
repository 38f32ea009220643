import type { WriteStream } from 'node:tty';
import type { Colours } from './terminal.ts';

/** What is being waited for. On a terminal one line that moves; elsewhere a line whenever the text changes. */
export interface Progress {
  say(text: string): void;
  /** Leaves a finished line with a tick and the seconds it took. */
  done(text: string): void;
  /** Takes the moving line away. */
  clear(): void;
  /** Writes whole lines, such as of the log, above the moving one. */
  above(lines: string): void;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export function createProgress(
  out: Pick<WriteStream, 'write' | 'columns'>,
  colour: Colours,
  mode: 'line' | 'log' | 'off',
): Progress {
  let text = '';
  let since = performance.now();
  /** Nothing is waited for: the next wait is counted from its beginning. */
  let rests = true;
  let frame = 0;
  let timer: NodeJS.Timeout | null = null;

  const seconds = () => `${((performance.now() - since) / 1000).toFixed(1)} s`;
  const draw = () => {
    frame = (frame + 1) % frames.length;
    const line = `${frames[frame]} ${text} `;
    const room = Math.max(20, (out.columns ?? 80) - 8);
    out.write(`\r\x1b[2K${colour.cyan(line.slice(0, room))}${colour.dim(seconds())}`);
  };
  const clear = () => {
    rests = true;
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    text = '';
    out.write('\r\x1b[2K');
  };

  return {
    say(next) {
      if (mode === 'off' || next === text) return;
      text = next;
      if (rests) since = performance.now();
      rests = false;
      if (mode === 'log') {
        out.write(`${text}\n`);
        return;
      }
      if (timer === null) {
        timer = setInterval(draw, 100);
        timer.unref();
      }
      draw();
    },
    done(final) {
      if (mode === 'off') return;
      const took = seconds();
      clear();
      out.write(`${colour.green('✓')} ${final} ${colour.dim(took)}\n`);
      text = '';
      since = performance.now();
    },
    clear,
    above(lines) {
      if (timer !== null) out.write('\r\x1b[2K');
      out.write(lines);
      if (timer !== null) draw();
    },
  };
}
