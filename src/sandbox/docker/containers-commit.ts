/** A container's layer as an image. */

import type { Containers } from '../containers/types.ts';
import type { Engine } from './engine.ts';
import { label } from './labels.ts';

/** A container's labels go on in its image, and must not: they say whose it is. */
const nobodys = { [label.component]: '', [label.generation]: '', [label.role]: '', [label.prepared]: '' };

export function createImageCommits(engine: Engine, installationId: string): Containers['commit'] {
  return async (id, as, signal) => {
    const Labels = {
      ...nobodys,
      [label.installation]: installationId,
      [label.sandbox]: 'owner' in as ? as.owner : '',
      [label.createdAt]: new Date().toISOString(),
      ...('tag' in as && as.labels),
    };
    const [repo, tag] = 'tag' in as ? splitTag(as.tag) : [undefined, undefined];
    const name = repo !== undefined && { repo, tag };
    const image: { Id: string } = await engine.ask(
      `copy container ${id}`,
      (docker, abortSignal) =>
        docker.getContainer(id).commit({
          _query: { container: id, pause: true, ...name },
          _body: { Labels },
          abortSignal,
        }),
      signal,
    );
    return image.Id;
  };
}

function splitTag(name: string): [string, string] {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? [name.slice(0, colon), name.slice(colon + 1)] : [name, 'latest'];
}
