/** Parameters, observations, questions and files that nothing uses. */
import { manifestFiles } from './manifests.ts';
import type { Scene } from './scene.ts';
import { textsIn } from './tree.ts';
import type { ComponentSpec } from './types.ts';

export function lintUnused(scene: Scene): void {
  const { authored, files } = scene;
  const texts = [...textsIn(scene.declared)];
  const everything = texts.map(({ text }) => text).join('\n');
  const markdown = [...files]
    .filter(([path]) => path.endsWith('.md'))
    .map(([, bytes]) => new TextDecoder().decode(bytes))
    .join('\n');
  const warn = (path: readonly (string | number)[], message: string) =>
    scene.report(path, 'style', message, { what: 'key', severity: 'warning' });
  const named = (text: string, word: string) => new RegExp(`(?<![\\w.])${word}(?!\\w)`).test(text);

  const filled = filledFiles(scene).join('\n');
  for (const name of Object.keys(authored.parameters ?? {})) {
    const used = new RegExp(`\\bparams\\.${name}\\b`).test(`${everything}\n${markdown}\n${filled}`);
    if (!used && !new RegExp(`:(['"]?)${name}\\b\\1`).test(filled)) {
      warn(['parameters', name], `nothing uses the parameter "${name}"`);
    }
  }
  const judged = (authored.checks ?? []).map((check) => JSON.stringify(check.expect));
  for (const name of Object.keys(authored.observations ?? {})) {
    if (!judged.some((text) => named(text, name)))
      warn(['observations', name], `no check uses the observation "${name}"`);
  }
  for (const [index, check] of (authored.checks ?? []).entries()) {
    for (const name of Object.keys(check.observe)) {
      if (!named(judged[index] ?? '', name)) {
        warn(['checks', index, 'observe', name], `the check never uses the observation "${name}"`);
      }
    }
  }
  const words = new Set(texts.map(({ text }) => text));
  for (const [index, { id }] of (authored.questions ?? []).entries()) {
    const asked = texts.some(({ path, text }) => path.at(-1) === 'question' && text === id);
    if (!asked) warn(['questions', index, 'id'], `nothing reads the answer to "${id}"`);
  }
  // Folders are written with a slash at their end, but that of a component may lack it.
  const folders = [...words].filter((word) => word.endsWith('/'));
  for (const one of Object.values(authored.components ?? {})) {
    if ((one.kind === 'shell' || one.kind === 'service') && one.files !== null) folders.push(one.files);
    if (one.kind === 'namespace' && one.objects !== null) folders.push(one.objects);
  }
  for (const file of files.keys()) {
    if (file === 'lab.yaml' || words.has(file) || markdown.includes(file)) continue;
    if (folders.some((folder) => file.startsWith(folder))) continue;
    scene.report([], 'style', `nothing uses the file "${file}"`, { severity: 'warning' });
  }
}

/** Files that parameters are filled into: of databases, partners, loads and namespaces. */
function filledFiles(scene: Scene): readonly string[] {
  const { authored, files } = scene;
  const components: readonly ComponentSpec[] = Object.values(authored.components ?? {});
  const applied = [...textsIn(scene.authored)]
    .filter(({ path }) => path.at(-1) === 'apply')
    .map(({ text }) => text);
  const names = components.flatMap((one) => {
    if (one.kind === 'postgres') return one.overlay;
    if (one.kind === 'namespace') return one.objects === null ? [] : manifestFiles(files.keys(), one.objects);
    return one.kind === 'stub' || one.kind === 'traffic' ? [one.file] : [];
  });
  return [...names, ...applied].map((name) => new TextDecoder().decode(files.get(name)));
}
