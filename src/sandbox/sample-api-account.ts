/** Who a trainee is to the sample API of their lab, and what it is started with, on every backend. */
import type { ComponentAccess } from '../lab/ports.ts';
import type { PostgresComponent, SampleApiComponent } from '../templates/types.ts';
import type { Environments } from './environment.ts';
import type { ResourceRef } from './naming.ts';
import { type Piece, pieceOfKind } from './part.ts';
import type { DeriveSecret } from './secrets.ts';

type SampleApiAccess = Extract<ComponentAccess, { readonly kind: 'sample-api' }>;

/** The same in every lab; only the password differs. */
const trainee = {
  id: '7a1e0000-0000-4000-8000-000000000001',
  email: 'trainee@dotmac.example',
  tenantId: '7e000000-0000-4000-8000-000000000001',
  permissions: [
    ...['tenant:read', 'user:read', 'customer:read', 'customer:write', 'service:read', 'service:write'],
    ...['plan:read', 'plan:write', 'invoice:read', 'invoice:write', 'payment:read', 'payment:write'],
    ...['ticket:read', 'ticket:write', 'usage:read', 'metrics:read', 'audit:read'],
  ],
} as const;

/** With the trainee's account, and the key of the API's tokens. */
export function sampleApiAccess(
  secrets: DeriveSecret,
  ref: ResourceRef,
  { host, port }: Pick<SampleApiAccess, 'host' | 'port'>,
): SampleApiAccess {
  return {
    kind: 'sample-api',
    url: `http://${host}:${port}`,
    host,
    port,
    account: { ...trainee, password: secrets(ref, 'api:trainee') },
    jwtSecret: secrets(ref, 'api:jwt'),
  };
}

/** @param more what its backend adds; the component's own variables win over all. */
export async function sampleApiEnvironment(
  piece: Piece<SampleApiComponent>,
  { host, port, account, jwtSecret }: SampleApiAccess,
  databases: { apiUrl(piece: Piece<PostgresComponent>): string },
  environments: Environments,
  more: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const { plan, spec } = piece;
  return {
    LANG: 'C.UTF-8',
    ...environments.facts(plan, spec.uses),
    DATABASE_URL: databases.apiUrl(pieceOfKind(plan, spec.database, 'postgres', 'database')),
    HOST: host,
    PORT: String(port),
    JWT_SECRET: jwtSecret,
    VARIANT: spec.variant,
    SEED: 'never',
    BOOTSTRAP_USER: JSON.stringify(account),
    POOL_SIZE: '4',
    ...more,
    ...(await environments.own(piece, spec.env)),
  };
}
