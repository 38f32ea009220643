import { Command, CommanderError, Option } from 'commander';
import { productVersion } from '../config.ts';
import { registerAttempt } from './attempt/attempt.ts';
import { registerAudit } from './audit.ts';
import { registerClass } from './class/class.ts';
import type { Cli } from './cli.ts';
import { type ErrorReport, reportOf } from './cli-error.ts';
import { registerDoctor } from './doctor.ts';
import { exitCodes } from './exit-codes.ts';
import { createInterrupts } from './interrupts.ts';
import { registerLab } from './lab/lab.ts';
import { registerMigrate } from './migrate.ts';
import { registerProgram } from './program/program.ts';
import { registerRegrade } from './regrade/regrade.ts';
import { registerServe } from './serve.ts';
import { registerTemplate } from './template/template.ts';
import { createTerminal, type Look, type Terminal } from './terminal.ts';
import { registerToken } from './token/token.ts';
import { registerTry } from './try/try.ts';

/** What a shell gives a command that Ctrl-C has ended. */
const interruptedCode = 130;

/** Runs one command line; gives the exit code. Never throws. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const terminal = createTerminal(lookOf(argv));
  const cli: Cli = { terminal, interrupts: createInterrupts() };
  try {
    await buildProgram(cli, argv).parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? exitCodes.ok.code);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok.code;
    if (cli.interrupts.happened()) return interruptedCode;
    const report = error instanceof CommanderError ? usageReport(error) : reportOf(error);
    showError(terminal, report);
    if (terminal.debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    return report.exitCode;
  }
}

/** The whole command tree; a command's own code is loaded when it runs. */
function buildProgram(cli: Cli, argv: readonly string[]): Command {
  const program = new Command('labwright')
    .description('Hands-on labs on demand: an isolated lab for each trainee, graded by its end state.')
    .helpOption('-h, --help', 'show this help')
    .addOption(new Option('--json', 'answer in JSON on stdout; errors are problem objects on stderr'))
    .addOption(new Option('--no-color', 'no colours (also NO_COLOR)'))
    .addOption(new Option('--debug', 'say where an error came from'))
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText('after', () => helpFooter(cli.terminal));
  // Options of the program are known after any command too, where `--version` may be that of a template.
  if (argv.every((one) => one.startsWith('-'))) {
    program.version(productVersion(), '--version', 'show the version');
  }
  registerServe(program, cli);
  registerTry(program, cli);
  registerLab(program, cli);
  registerTemplate(program, cli);
  registerProgram(program, cli);
  registerClass(program, cli);
  registerAttempt(program, cli);
  registerRegrade(program, cli);
  registerAudit(program, cli);
  registerToken(program, cli);
  registerMigrate(program, cli);
  registerDoctor(program, cli);
  return program;
}

/** Known before the command line is parsed, so that also a wrong one is answered as asked. */
function lookOf(argv: readonly string[]): Look {
  const end = argv.indexOf('--');
  const options = new Set(end === -1 ? argv : argv.slice(0, end));
  return {
    json: options.has('--json') && !/\.json$/.test(argv[argv.indexOf('--json') + 1] ?? ''),
    debug: options.has('--debug'),
    colour: !options.has('--no-color'),
  };
}

function helpFooter({ colour }: Terminal): string {
  const codes = Object.values(exitCodes).map(({ code, meaning }) => `  ${code}  ${meaning}`);
  return `
${colour.bold('First steps')}
  labwright serve                     everything on this machine, nothing to install
  labwright try dm-setup              one lab without a server; press Enter to be graded
  labwright lab create <template>     a lab on the server that runs
  labwright doctor                    what is missing here, and how to get it

${colour.bold('Exit codes')}
${codes.join('\n')}
`;
}

function usageReport(error: CommanderError): ErrorReport {
  if (error.code === 'commander.help')
    return { ...reportOf(error), exitCode: exitCodes.usage.code, message: '' };
  const text = error.message.replace(/^error: /, '');
  const message = `${text.charAt(0).toUpperCase()}${text.slice(1)}`.trim();
  return {
    exitCode: exitCodes.usage.code,
    message: `${message}\nSee \`labwright --help\`, or --help after a command.`,
    problem: { type: 'about:blank', title: 'bad usage', status: 400, code: 'bad_usage', detail: message },
  };
}

function showError(terminal: Terminal, { message, problem }: ErrorReport): void {
  if (terminal.json) {
    process.stderr.write(`${JSON.stringify(problem, null, 2)}\n`);
    return;
  }
  if (message === '') return;
  const [first, ...rest] = message.split('\n');
  const lines = [`${terminal.noteColour.red('✗')} ${first}`, ...rest.map((line) => `  ${line}`)];
  process.stderr.write(`${lines.join('\n')}\n`);
}
