/** The template language with its looks, actions and expressions put in. */
import { jsonSchemaOf } from './json-schema.ts';
import { type ParsedTemplate, parseTemplate } from './parse.ts';
import type { CompileExpression } from './scene.ts';
import { type Registries, templateSchema } from './schema.ts';

export interface LanguageParts extends Registries {
  readonly compileExpression: CompileExpression;
}

export interface Language {
  /**
   * Reads a template from its folder's files. Never throws: `template` is null when `problems` hold an error, and all
   * problems, warnings too, come at once, by place.
   *
   * @param folder the folder's name, which must equal the template's id; null when it has none.
   */
  parseTemplate(files: ReadonlyMap<string, Uint8Array>, folder: string | null): ParsedTemplate;
  /** JSON Schema (2020-12) of `lab.yaml`, for editors. */
  jsonSchema(): Record<string, unknown>;
}

export function createLanguage({ compileExpression, ...registries }: LanguageParts): Language {
  const schema = templateSchema(registries);
  return {
    parseTemplate: (files, folder) =>
      parseTemplate(files, folder, { ...registries, schema, compile: compileExpression }),
    jsonSchema: () => jsonSchemaOf(schema),
  };
}
