import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { NewFiles } from '../../authoring/new-template.ts';
import { loadConfig, projectRoot } from '../../config.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  readonly from?: string;
  readonly title?: string;
  readonly list?: true;
  readonly templatesDir?: string;
}

const examplesFolder = join(projectRoot, 'lab-templates', 'labs');
const schemaFile = join(projectRoot, 'lab-templates', 'lab-template.schema.json');

export function registerTemplateNew(parent: Command, { terminal }: Cli): void {
  parent
    .command('new')
    .summary('begins a template: a small whole one, or another lab under a new name')
    .description(
      'Writes a template to start from: a small whole one, or with --from a lab of this checkout under a new id and\n' +
        'title. Either one loads, can be solved, and is proved by `labwright template test`.',
    )
    .argument('[id]', 'its id and folder, such as first-ticket')
    .option('--from <lab>', 'begin with all of this lab')
    .option('--title <text>', 'its title, with --from (default: the id in words)')
    .option('--list', 'show the labs that one can begin with')
    .option('--templates-dir <folder>', 'where its folder is made (TEMPLATES_DIR)')
    .action(async (id: string | undefined, options: Options) => {
      if (options.list === true) return listExamples(terminal);
      if (id === undefined) {
        throw new CliError('usage', 'bad_usage', 'Give an id such as first-ticket, or --list for examples.');
      }
      if (options.title !== undefined && options.from === undefined) {
        throw new CliError('usage', 'bad_usage', '--title goes with --from.');
      }
      const { templatesDir } = loadConfig(
        options.templatesDir === undefined ? {} : { templatesDir: options.templatesDir },
      );
      const folder = join(resolve(templatesDir), id);
      const files = await filesOf(id, folder, options);
      if (existsSync(folder)) {
        throw new CliError(
          'refused',
          'conflict',
          `${folder} is there already; give another id, or remove it first.`,
        );
      }
      for (const [path, { bytes, executable }] of files) {
        const file = join(folder, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, bytes, executable ? { mode: 0o755 } : {});
      }
      terminal.answer({ id, folder, files: [...files.keys()] }, () =>
        made(terminal, folder, files, nameOf(folder, id)),
      );
    });
}

async function filesOf(id: string, folder: string, { from, title }: Options): Promise<NewFiles> {
  const { filesLike, scaffoldFiles, titleOf, withSchema } = await import('../../authoring/new-template.ts');
  const schema = relative(folder, schemaFile);
  if (from === undefined) return withSchema(scaffoldFiles(id), schema);
  const known = readdirSync(examplesFolder).filter((name) =>
    existsSync(join(examplesFolder, name, 'lab.yaml')),
  );
  if (!known.includes(from)) {
    const { didYouMean } = await import('../../templates/suggest.ts');
    const hint = didYouMean(from, known) || `; known: ${known.join(', ')}.`;
    throw new CliError('notFound', 'template_not_found', `There is no lab "${from}" to begin with${hint}`, {
      known,
    });
  }
  return withSchema(await filesLike(join(examplesFolder, from), id, title ?? titleOf(id)), schema);
}

async function listExamples(terminal: Terminal): Promise<void> {
  const { createVocabulary } = await import('../../compose/language.ts');
  const { openTemplates } = await import('../../compose/templates.ts');
  const examples = await openTemplates(examplesFolder, createVocabulary().language).list();
  const items = examples.map(({ template }) => ({
    id: template.id,
    title: template.title,
    level: template.level,
    components: [...new Set(Object.values(template.components).map(({ kind }) => kind))],
    shows: [
      ...(template.trials.length > 0 ? ['trials'] : []),
      ...(template.faults.length > 0 ? ['faults'] : []),
      ...(template.watches.length > 0 ? ['watches'] : []),
      ...(template.questions.length > 0 ? ['questions'] : []),
      ...(template.checks.some(({ rubric }) => rubric !== null) ? ['rubrics'] : []),
    ],
  }));
  terminal.answer({ items }, () => {
    const columns = [
      { title: 'Lab' },
      { title: 'Title', wraps: true },
      { title: 'Level' },
      { title: 'Components', wraps: true },
      { title: 'Shows', wraps: true },
    ];
    const rows = items.map((one) => [
      terminal.colour.bold(one.id),
      one.title,
      one.level,
      one.components.join(', '),
      one.shows.join(', '),
    ]);
    return table(terminal, columns, rows);
  });
}

/** What was written, and the commands with which one goes on. */
function made({ colour }: Terminal, folder: string, files: NewFiles, name: string): string {
  const next = [
    [`template dev ${name}`, 'edit it with a live lab at hand'],
    [`template test ${name}`, 'prove it'],
    [`try ${name}`, 'take it as a trainee does'],
  ].map(([command = '', why = '']) => `  ${colour.cyan(`labwright ${command}`)}  ${colour.dim(why)}`);
  const written = [...files.keys()].map((path) => `  ${relative(process.cwd(), join(folder, path))}`);
  return [...written, '', 'Next:', ...next].join('\n');
}

/** What names it in other commands: its id where they look for templates, else its folder. */
function nameOf(folder: string, id: string): string {
  if (dirname(folder) === resolve(loadConfig().templatesDir)) return id;
  const here = relative(process.cwd(), folder);
  return here.startsWith('..') ? folder : `./${here}`;
}
