/** What of a template a lab is made of: when that changes, the lab that is there is another template's. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { ComponentSpec, Template, TemplateVersion } from '../templates/types.ts';

type Content = Pick<TemplateVersion, 'template' | 'files'>;

/** Sections that the platform works with while a lab lives, from the version that it was made from. */
const sections = ['parameters', 'components', 'watches', 'faults', 'questions'] as const;

/** What differs, such as `components.database` and `schema.sql`; empty: a lab of the one serves the other. */
export function whatChanged(made: Content, now: Content): readonly string[] {
  const changed = sections.flatMap((section) => {
    const before = byName(made.template[section]);
    const after = byName(now.template[section]);
    return [...new Set([...before.keys(), ...after.keys()])]
      .filter((name) => !isDeepStrictEqual(before.get(name), after.get(name)))
      .map((name) => `${section}.${name}`);
  });
  const isOfLab = (path: string) => isLabFile(made.template, path) || isLabFile(now.template, path);
  const paths = [...new Set([...made.files.keys(), ...now.files.keys()])].filter(isOfLab);
  return [
    ...changed,
    ...paths.filter((path) => !isDeepStrictEqual(made.files.get(path), now.files.get(path))),
  ];
}

/** The edited template over a lab that was made before: what the lab is made of stays as it was made. */
export function onLab(made: TemplateVersion, now: Content): TemplateVersion {
  const { parameters, components, watches, faults, questions } = made.template;
  const files = new Map(now.files);
  for (const [path, bytes] of made.files) if (isLabFile(made.template, path)) files.set(path, bytes);
  const template = { ...now.template, parameters, components, watches, faults, questions };
  return { hash: made.hash, template, files };
}

function isLabFile({ components }: Template, path: string): boolean {
  return Object.values(components).some((spec) =>
    filesOf(spec).some((one) => one === path || (one.endsWith('/') && path.startsWith(one))),
  );
}

/** Files of the folder, and folders with a trailing slash. */
function filesOf(spec: ComponentSpec): readonly string[] {
  switch (spec.kind) {
    case 'postgres':
      return [...('files' in spec.seed ? spec.seed.files : []), ...spec.overlay];
    case 'shell':
    case 'service':
      return spec.files === null ? [] : [spec.files];
    case 'namespace':
      return spec.objects === null ? [] : [spec.objects];
    case 'stub':
    case 'traffic':
      return [spec.file];
    case 'redis':
    case 'sample-api':
      return [];
  }
}

function byName(section: Template[(typeof sections)[number]]): ReadonlyMap<string, unknown> {
  if (!Array.isArray(section)) return new Map(Object.entries(section));
  return new Map(section.map((one: { readonly id: string }) => [one.id, one]));
}
