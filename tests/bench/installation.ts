import pg from 'pg';

/** What an installation calls itself, from its control database. */
export async function installationOf(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>('select id from installation');
    return rows[0]?.id ?? '';
  } finally {
    await client.end();
  }
}
