/** The one entry point: `labwright <command>`. */
import { enableCompileCache } from 'node:module';

// Types are stripped and modules compiled once a version, not once a start.
enableCompileCache();
const { runCli } = await import('./cli/program.ts');
process.exitCode = await runCli(process.argv.slice(2));
