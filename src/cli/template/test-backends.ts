/** On which backends a template is proved, and why not on others that it names. */
import type { BackendName, Template, TemplateVersion } from '../../templates/types.ts';
import type { TestPlan } from './test-plan.ts';

export interface Absent {
  readonly backend: BackendName;
  readonly why: string;
}

export interface WantedBackends {
  /** The first proves everything, the others are compared with it. */
  readonly on: readonly BackendName[];
  readonly absent: readonly Absent[];
}

/** By what the template names and what was asked for. Pure. */
export function wantedBackends(
  { backends }: Pick<Template, 'backends'>,
  plan: Pick<TestPlan, 'backends' | 'enabled'>,
): WantedBackends {
  if (plan.backends === null) {
    const absent = backends.filter((one) => !plan.enabled.includes(one));
    return {
      on: backends.filter((one) => plan.enabled.includes(one)),
      absent: absent.map((backend) => ({
        backend,
        why: 'it is not enabled here: see BACKENDS and --backend',
      })),
    };
  }
  const on = plan.backends.filter((one) => backends.includes(one));
  if (on.length > 0) return { on, absent: [] };
  const why = `the template names ${backends.join(' and ')} only`;
  return { on, absent: plan.backends.map((backend) => ({ backend, why })) };
}

/** Less those that lack something for this template. @param lacks sentences of a backend that is there. */
export function possibleBackends(
  version: TemplateVersion,
  wanted: WantedBackends,
  lacks: (backend: BackendName, version: TemplateVersion) => readonly string[],
): WantedBackends {
  const found = wanted.on.map((backend) => ({ backend, why: lacks(backend, version).join(' ') }));
  return {
    on: found.filter(({ why }) => why === '').map(({ backend }) => backend),
    absent: [...wanted.absent, ...found.filter(({ why }) => why !== '')],
  };
}
