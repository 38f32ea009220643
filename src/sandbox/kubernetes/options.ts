import type { Log } from '../../lab/log.ts';
import type { ContainerImages } from '../containers/types.ts';
import type { Fill } from '../fill.ts';
import type { DeriveSecret } from '../secrets.ts';
import type { ClusterChoice } from './client-config.ts';

export interface KubernetesDriverOptions extends ClusterChoice {
  /** Marks all objects; those of others in the same cluster are left alone. */
  readonly installationId: string;
  readonly secrets: DeriveSecret;
  /** Nodes have them, or can pull them. */
  readonly images: ContainerImages;
  /** `auto`: direct where Labwright itself runs in the cluster. */
  readonly dial: 'auto' | 'direct' | 'port-forward';
  /** Of the data of databases and workspaces; null: it goes with its pod. */
  readonly storageClass: string | null;
  /** Folder of the nodes for trainees' volumes where there is no StorageClass; null: none. */
  readonly hostVolumes: string | null;
  /** Of pods that run what trainees wrote, such as `gvisor`; null: the cluster's usual one. */
  readonly runtimeClass: string | null;
  /** What trainees outside of the cluster call its API; null: as Labwright does. */
  readonly apiUrl: string | null;
  /** Where Labwright itself runs in the cluster, so that labs let it in; null: outside. */
  readonly own: OwnPlace | null;
  /** What all labs share goes when the driver is closed; absent: it is kept for the next ones. */
  readonly transient?: boolean;
  readonly sampleApi: {
    /** Folder of its sources, which a trainee's copy begins with. */
    readonly folder: string;
    /** Differs when the same seed number would give other data. */
    readonly generatorVersion: number | string;
  };
  /** Milliseconds after which a lab is looked at again for what was deleted by hand; absent: a minute. */
  readonly fencesEveryMs?: number;
  readonly fill: Fill;
  readonly log: Log;
}

export interface OwnPlace {
  readonly namespace: string;
  /** Labels that all of its pods have. */
  readonly podLabels: Readonly<Record<string, string>>;
}
