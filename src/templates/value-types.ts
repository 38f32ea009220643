/** The types of what expressions and `{{ }}` see of parameters and components, known when a template is loaded. */
import type { ValueType } from '../grading/types.ts';
import type { ComponentSpec, Json, ParameterSpec } from './types.ts';

const dyn: ValueType = { is: 'dyn' };
const string: ValueType = { is: 'string' };
const number: ValueType = { is: 'number' };

export const object = (fields: Readonly<Record<string, ValueType>>): ValueType => ({ is: 'object', fields });

/** `access.<component>.<field>` by component kind: what `traineeFacts` of the core gives. */
const accessTypes: Readonly<Record<ComponentSpec['kind'], ValueType>> = {
  postgres: object({
    host: string,
    port: number,
    database: string,
    user: string,
    password: string,
    url: string,
    apiRole: string,
  }),
  'sample-api': object({ url: string, user: string, password: string, tenant: string, user_id: string }),
  service: object({ url: string, host: string, port: number }),
  redis: object({ url: string, host: string, port: number, password: string }),
  stub: object({ url: string, host: string, port: number }),
  traffic: object({}),
  shell: object({ path: string }),
  namespace: object({ namespace: string }),
};

/** Fields of `access` that hold a password; never shown in messages and hints. */
const secretFields: Readonly<Record<ComponentSpec['kind'], readonly string[]>> = {
  postgres: ['password', 'url'],
  'sample-api': ['password'],
  service: [],
  redis: ['password', 'url'],
  stub: [],
  traffic: [],
  shell: [],
  namespace: [],
};

/** The facts of a component; `dyn` for one whose kind could not be read. */
export const accessType = (kind: ComponentSpec['kind'] | null): ValueType =>
  kind === null ? dyn : accessTypes[kind];

export const isSecretField = (kind: ComponentSpec['kind'], field: string): boolean =>
  secretFields[kind].includes(field);

/** The type of the drawn value. */
export function parameterType(spec: ParameterSpec): ValueType {
  switch (spec.draw) {
    case 'fixed':
      return jsonType(spec.value);
    case 'choice': {
      const types = spec.of.map(jsonType);
      const first = types[0] ?? dyn;
      return types.every((type) => type.is === first.is) ? first : dyn;
    }
    case 'int':
    case 'decimal':
      return number;
    case 'row':
      return spec.column === null ? { is: 'map', of: dyn } : dyn;
    default:
      return string;
  }
}

function jsonType(value: Json): ValueType {
  if (value === null) return { is: 'null' };
  if (typeof value === 'string') return string;
  if (typeof value === 'number') return number;
  if (typeof value === 'boolean') return { is: 'bool' };
  return Array.isArray(value) ? { is: 'list', of: dyn } : { is: 'map', of: dyn };
}
