/** `file`: one file by `path`, or several by `glob`, newest first; parsed when the spec asks for it. */
import { z } from 'zod';
import type { ObserverKind, ValueType } from '../grading/types.ts';
import { seeFiles } from './file-look.ts';
import { limits } from './limits.ts';
import { look } from './look.ts';
import {
  bool,
  bytesUpTo,
  componentName,
  dyn,
  list,
  map,
  number,
  object,
  relativePath,
  string,
  timestamp,
  upTo,
} from './spec-parts.ts';

const spec = z
  .strictObject({
    component: componentName,
    volume: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A volume of the `storage` of a namespace; needed where the component is one, and only there.',
      ),
    path: relativePath.optional(),
    glob: relativePath.optional(),
    newest: z.int().min(1).max(limits.files).optional().describe('Only so many of the newest.'),
    head: z.int().min(1).max(limits.fileHeadBytes).optional().describe('So many first bytes, as text.'),
    parse: z
      .enum(['text', 'lines', 'json', 'yaml', 'documents', 'csv'])
      .optional()
      .describe(
        '`path` alone is read as text; `glob` alone only finds. `documents`: a list of YAML documents.',
      ),
    max: bytesUpTo(limits.largestFileBytes)
      .default(limits.fileBytes)
      .describe('A file that is larger is `oversized`; a number of bytes, or such as 64KiB.'),
    timeout: upTo(limits.longestLookMs)
      .optional()
      .describe('Absent: 10s; of a volume 60s, as it must be reached first.'),
  })
  .refine(({ path, glob }) => (path === undefined) !== (glob === undefined), 'expected either path or glob')
  .refine(({ path, newest }) => path === undefined || newest === undefined, 'newest goes with glob')
  .refine(
    ({ path }) => path === undefined || !/[*?]/.test(path),
    'path names one file; use glob for patterns',
  );

export type FileSpec = z.infer<typeof spec>;

const contentTypes: Readonly<Record<string, ValueType>> = {
  text: string,
  lines: list(string),
  json: dyn,
  yaml: dyn,
  documents: list(dyn),
  csv: list(map(string)),
};

/** How the content is given: what `parse` says, else text for one file that is read whole. */
export function parseOf({ parse, path, head }: FileSpec): keyof typeof contentTypes | null {
  return parse ?? (path !== undefined && head === undefined ? 'text' : null);
}

export const fileObserver: ObserverKind<FileSpec> = {
  kind: 'file',
  spec,
  atReference: true,
  resultType(asked) {
    const parse = parseOf(asked);
    const content = {
      ...(asked.head === undefined ? {} : { head: string }),
      ...(parse === null ? {} : { [parse]: contentTypes[parse] ?? dyn }),
    };
    const file = object({ path: string, bytes: number, modified: timestamp, ...content });
    return object({ exists: bool, files: list(file), ...(asked.path === undefined ? {} : content) });
  },
  components: ({ component, volume }) => [
    volume === undefined
      ? { name: component, kinds: ['shell'] }
      : { name: component, kinds: ['namespace'], because: 'volume', volume },
  ],
  observe: (asked, context, signal) =>
    look(context, asked.timeout ?? defaultMs(asked), signal, (within) => seeFiles(asked, context, within)),
};

const defaultMs = ({ volume }: FileSpec): number => (volume === undefined ? limits.lookMs : limits.volumeMs);
