/** All trainees of a program as a table. Written while it is computed: it holds a batch at a time, however many they are. */
import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import { z } from 'zod';
import type { TraineeProgress } from '../../programs/progress.ts';
import { type Column, columnsOf } from '../../programs/table.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { progressWire } from '../program-progress-wire.ts';
import { programParams } from './programs.ts';

export function programExportRoutes(api: Api, { programs }: AppDeps): void {
  api.route({
    method: 'GET',
    url: '/programs/:id/export',
    schema: {
      tags: ['programs'],
      summary: 'Everybody in a program, as CSV or JSON',
      description:
        'Instructors only. One row a trainee, by name; columns depend on the program alone. In CSV a text that a ' +
        'spreadsheet would compute begins with an apostrophe. JSON is a list of what GET progress gives.',
      params: programParams,
      querystring: z.strictObject({ format: z.enum(['csv', 'json']).default('csv') }),
      response: {
        200: {
          description: 'The table',
          content: {
            'text/csv': { schema: z.string() },
            'application/json': { schema: z.array(z.unknown()) },
          },
        },
        ...problems,
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const { format } = request.query;
      const { program, rows } = await programs.export(callerOf(request), id);
      reply
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
        .header('content-disposition', `attachment; filename="${program.id}.${format}"`);
      // A stream is sent as it is: no schema has anything to write.
      return reply.send(
        (format === 'csv' ? csv(columnsOf(program), rows) : Readable.from(json(rows))) as never,
      );
    },
  });
}

function csv(columns: readonly Column[], rows: AsyncIterable<TraineeProgress>): Readable {
  // Names and comments are people's own: none may become a formula where the table is opened.
  const table = stringify({ header: true, columns: columns.map((one) => one.name), escape_formulas: true });
  const lines = Readable.from(cells(columns, rows));
  lines.on('error', (error) => table.destroy(error));
  table.on('close', () => lines.destroy());
  return lines.pipe(table);
}

async function* cells(columns: readonly Column[], rows: AsyncIterable<TraineeProgress>) {
  for await (const one of rows) yield columns.map((column) => column.cell(one));
}

async function* json(rows: AsyncIterable<TraineeProgress>) {
  let before = '[\n';
  for await (const one of rows) {
    yield before + JSON.stringify(progressWire(one));
    before = ',\n';
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}
