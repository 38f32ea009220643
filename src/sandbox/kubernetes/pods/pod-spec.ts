/** What of a container only a pod knows. */
import type { V1Container, V1Volume } from '@kubernetes/client-node';
import type { ContainerSpec } from '../../containers/types.ts';

export interface PodSpec extends ContainerSpec {
  /** True: it runs nothing of its own and is entered by others. */
  readonly idles?: boolean;
  /** Not to be entered before `Containers.open` was called for it; a program is not begun before it is ensured. */
  readonly unfilled?: boolean;
  /** What is kept longer than the container: on a volume where the installation has a StorageClass. */
  readonly data?: readonly DataFolder[];
  /** More in the same pod. */
  readonly beside?: readonly V1Container[];
  readonly volumes?: readonly V1Volume[];
}

export interface DataFolder {
  /** Of its volume in the pod. */
  readonly name: string;
  /** Null: the container itself does not have it. */
  readonly path: string | null;
  readonly megabytes: number;
}
