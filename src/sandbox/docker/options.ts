import type { Log } from '../../lab/log.ts';
import type { ContainerImages } from '../containers/types.ts';
import type { Fill } from '../fill.ts';
import type { DeriveSecret } from '../secrets.ts';

export interface DockerDriverOptions {
  /** Where the engine listens: `unix:///var/run/docker.sock`, `tcp://host:2375`, or `https://host:2376` with `tls`. */
  readonly host: string;
  /** Folder with ca.pem, cert.pem and key.pem; null: no TLS. */
  readonly tlsDir: string | null;
  /** Marks all resources; those of others in the same engine are left alone. */
  readonly installationId: string;
  readonly secrets: DeriveSecret;
  /** Every one must be in the engine already, nothing is ever pulled for a lab. */
  readonly images: ContainerImages;
  /** What labs' networks are cut from, such as `10.213.0.0/16`; each takes a /28 of it. */
  readonly subnets: string;
  readonly sampleApi: {
    /** Folder of its sources, which a trainee's copy begins with. */
    readonly folder: string;
    /** Differs when the same seed number would give other data. */
    readonly generatorVersion: number | string;
  };
  readonly fill: Fill;
  readonly log: Log;
}
