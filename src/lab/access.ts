/**
 * What a trainee may know about each component. The same facts are `access.<component>.<field>` in expressions and
 * `{{ }}`, so that a check can never rely on something that the trainee could not see.
 */
import type { Json } from '../templates/types.ts';
import type { ComponentAccess } from './ports.ts';

/** Connection facts of one component for its trainee; holds the trainee's own secrets, none of the platform's. */
export function traineeFacts(access: ComponentAccess): Readonly<Record<string, Json>> {
  switch (access.kind) {
    case 'postgres': {
      const { host, port, database, apiRole } = access;
      const { user, password } = access.trainee;
      const url = `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
      // Whose statements and sessions are the API's: pg_roles tells everybody who there is.
      return { host, port, database, user, password, url, apiRole };
    }
    case 'sample-api':
      return {
        url: access.url,
        user: access.account.email,
        password: access.account.password,
        tenant: access.account.tenantId,
        user_id: access.account.id,
      };
    case 'service':
    case 'stub':
      return { url: access.url, host: access.host, port: access.port };
    case 'redis':
      return { url: access.url, host: access.host, port: access.port, password: access.password };
    case 'traffic':
      return {};
    case 'shell':
      return { path: access.path };
    case 'namespace':
      return { namespace: access.namespace };
  }
}
