/** Which images a lab's components need, and how to get one that is not there. */
import type { ComponentKind, ComponentSpec } from '../../templates/types.ts';
import type { ContainerImages } from '../containers/types.ts';
import type { LocalImages } from './images.ts';

export interface ImageNeeds {
  /** A sentence for each image of ours that labs with such components need and the engine has not. */
  missing(specs: readonly ComponentSpec[]): readonly string[];
}

const imageOf: Readonly<Record<Exclude<ComponentKind, 'namespace'>, keyof ContainerImages>> = {
  postgres: 'postgres',
  'sample-api': 'labwright',
  service: 'workspace',
  redis: 'redis',
  stub: 'labwright',
  traffic: 'labwright',
  shell: 'workspace',
};

export function createImageNeeds(images: ContainerImages, local: LocalImages): ImageNeeds {
  const howToGet: Readonly<Record<keyof ContainerImages, string>> = {
    labwright: `docker build -t ${images.labwright} .`,
    workspace: `docker build -t ${images.workspace} --target workspace .`,
    postgres: `docker pull ${images.postgres}`,
    redis: `docker pull ${images.redis}`,
  };
  return {
    missing(specs) {
      // A service may bring an image of its own; its part tells of that.
      const own = specs.filter((spec) => spec.kind !== 'service' || spec.image === null);
      // Every lab has a gateway, which is ours.
      const needed = new Set<keyof ContainerImages>([
        'labwright',
        ...own.flatMap(({ kind }) => (kind === 'namespace' ? [] : [imageOf[kind]])),
      ]);
      return [...needed]
        .filter((name) => !local.has(images[name]))
        .map((name) => `The Docker Engine has no image ${images[name]}; get it by: ${howToGet[name]}`);
    },
  };
}
