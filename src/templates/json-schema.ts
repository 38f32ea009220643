/** JSON Schema for editors: completion, descriptions and squiggles while a lab.yaml is written. */
import { z } from 'zod';
import type { TemplateSchema } from './schema.ts';

/** What an author may write (before defaults and durations are worked out). */
export function jsonSchemaOf(schema: TemplateSchema): Record<string, unknown> {
  const generated = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'ref' });
  return {
    ...generated,
    title: 'Labwright lab template',
  };
}
