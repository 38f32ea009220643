import type { ProgramService } from '../programs/service.ts';
import type { Log } from './log.ts';

/** Says in the log which programs are not served and why. Never throws: a server without a program is still one. */
export async function warnOfBrokenPrograms(
  programs: Pick<ProgramService, 'broken'>,
  log: Log,
): Promise<void> {
  try {
    for (const { file, problems } of await programs.broken()) {
      log.warn({ file, problems }, 'a program does not load and is not served');
    }
  } catch (err) {
    log.warn({ err }, 'programs could not be read');
  }
}
