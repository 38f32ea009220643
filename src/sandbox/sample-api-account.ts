/** Who a trainee is to the sample API of their lab, on every backend. */
import type { ComponentAccess } from '../lab/ports.ts';
import type { ResourceRef } from './naming.ts';
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

/** The trainee's account, and the key of the API's tokens. */
export function sampleApiAccount(
  secrets: DeriveSecret,
  ref: ResourceRef,
): Pick<SampleApiAccess, 'account' | 'jwtSecret'> {
  return {
    account: { ...trainee, password: secrets(ref, 'api:trainee') },
    jwtSecret: secrets(ref, 'api:jwt'),
  };
}
