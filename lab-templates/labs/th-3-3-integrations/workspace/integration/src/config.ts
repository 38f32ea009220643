/** What differs between your lab, the grader's copy of it and production. It comes from the environment and nowhere else. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  /** Where the partner is, without a slash at the end. */
  readonly partnerUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What the partner signs its events with. */
  readonly hookSecret: string;
}

export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const text = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === '') throw new Error(`${name} is not set`);
    return value;
  };
  return {
    host: env.HOST ?? '127.0.0.1',
    port: Number(text('PORT')),
    databaseUrl: text('DATABASE_URL'),
    partnerUrl: text('PARTNER_URL'),
    clientId: text('CLIENT_ID'),
    clientSecret: text('CLIENT_SECRET'),
    hookSecret: text('HOOK_SECRET'),
  };
}
