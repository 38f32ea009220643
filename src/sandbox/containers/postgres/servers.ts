/** What a backend that runs containers does for labs' servers: the rest is `postgres-part.ts`. */
import type { TemplateVersion } from '../../../templates/types.ts';
import type { ContainerSpec, FoundContainer } from '../types.ts';
import type { NewServer } from './server.ts';

/** What a server begins as a copy of. */
export type Original =
  | { readonly of: 'template'; readonly version: TemplateVersion; readonly component: string }
  /** Also one that does not run. */
  | { readonly of: 'server'; readonly found: FoundContainer };

export interface Servers {
  /**
   * Its container; `original` null: it is there, and is only started. Throws LabError `payload_too_large` where the
   * original has more than 2 GB.
   */
  container(server: NewServer, original: Original | null, signal: AbortSignal): Promise<ContainerSpec>;
  /**
   * Gives a container that runs the data that its server waits for, whole or not at all; nothing where it has them.
   * Absent: a container is made with its data. Throws LabError `payload_too_large`, `start_failed`.
   */
  fill?(
    found: FoundContainer,
    server: NewServer,
    original: {
      /** It is wanted, as far as we know: the container has just been made. */
      readonly isWanted: boolean;
      readonly find: () => Promise<Original>;
    },
    signal: AbortSignal,
  ): Promise<void>;
}

/** How much of a server's data is copied at most. */
export const mostCopiedBytes = 2 * 1024 ** 3;
