import type { Command } from 'commander';
import type { ProgramWire } from '../../http/program-wire.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { programPath } from './program.ts';

export function registerProgramShow(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('show')
    .description('Shows a program: sessions, labs, assessments, and what its certificate asks for.')
    .argument('<program>', 'its id');
  withServerOptions(command).action(async (id: string, options: ServerOptions) => {
    const program = await connect(options).call<ProgramWire>('GET', programPath(id));
    terminal.answer(program, () => render(program));
  });

  function render(program: ProgramWire): string {
    const { colour } = terminal;
    const known = new Map(program.labs.map((lab) => [lab.id, lab]));
    const sessions = program.sessions.map((session) => {
      const hours = session.hours === 0 ? '' : `, ${session.hours} h`;
      const modules = session.modules.map((lab) =>
        known.get(lab)?.available === true ? `  ${lab}` : `  ${colour.dim(`${lab} (planned)`)}`,
      );
      const assessments = session.assessments.map((one) => {
        const of = one.of === null ? '' : `, of ${one.of}`;
        return `  ${one.weight} %  ${one.title} (${session.id}/${one.id}; by ${one.by}${of}; passes with ${one.pass} %)`;
      });
      const title = colour.bold(`${session.id}  ${session.title}`);
      const attendance = session.attendance === 'required' ? ', attendance required' : '';
      return [`${title}${hours}${attendance}`, ...modules, ...assessments].join('\n');
    });
    const { certificate, review } = program;
    const overdue = review !== null && new Date(review.next) < new Date() ? colour.yellow(' (overdue)') : '';
    const reviewed =
      review === null ? [] : [`Reviewed every ${review.every}; next: ${review.next}${overdue}`];
    const end =
      certificate === null
        ? []
        : [
            [
              colour.bold(certificate.title),
              ...certificate.components.map((one) => `  ${one.weight} %  ${one.id}`),
              `  gates: ${certificate.gates.join(', ')}`,
              `  valid: ${certificate.valid ?? 'for ever'}`,
            ].join('\n'),
          ];
    return [
      colour.bold(program.title),
      ...(program.summary === null ? [] : [program.summary]),
      ...reviewed,
      ...sessions,
      ...end,
    ].join('\n\n');
  }
}
