/** A lab's database for a test: an owner-like trainee and a checker that may only read and a grader that may write. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { ComponentAccess } from '../../src/lab/ports.ts';
import { startTestPostgres } from './postgres.ts';

export interface LabDatabase {
  readonly access: ComponentAccess & { kind: 'postgres' };
  /** The server's own database, as the superuser: what is done to a database is done from another one. */
  readonly serverUrl: string;
  /** Runs statements as the superuser. */
  admin(sql: string): Promise<pg.QueryResult>;
  /** Runs statements as the trainee, who may create in schema public. */
  trainee(sql: string): Promise<pg.QueryResult>;
  stop(): Promise<void>;
}

export async function startLabDatabase(): Promise<LabDatabase> {
  const server = await startTestPostgres();
  const url = await server.createDatabase();
  const id = randomBytes(4).toString('hex');
  const trainee = { user: `t_${id}`, password: `secret-trainee-${id}` };
  const checker = { user: `c_${id}`, password: `secret-checker-${id}` };
  const grader = { user: `g_${id}`, password: `secret-grader-${id}` };
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  await owner.query(`
    create role ${trainee.user} login password '${trainee.password}';
    create role ${checker.user} login password '${checker.password}' connection limit 20;
    create role ${grader.user} login password '${grader.password}';
    grant pg_read_all_data, pg_write_all_data, ${trainee.user} to ${grader.user};
    grant create, usage on schema public to ${trainee.user};
    grant usage on schema public to ${checker.user};
    alter default privileges for role ${trainee.user} grant select on tables to ${checker.user};
  `);
  const { hostname: host, port, pathname } = new URL(url);
  const database = decodeURIComponent(pathname.slice(1));
  const asTrainee = new pg.Client({ host, port: Number(port), database, ...trainee });
  await asTrainee.connect();
  return {
    access: {
      kind: 'postgres',
      host,
      port: Number(port),
      database,
      trainee,
      checker,
      grader,
      apiRole: 'none',
    },
    serverUrl: Object.assign(new URL(url), { pathname: '/postgres' }).href,
    admin: (sql) => owner.query(sql),
    trainee: (sql) => asTrainee.query(sql),
    async stop() {
      await asTrainee.end();
      await owner.query(`
        reassign owned by ${trainee.user} to current_user;
        drop owned by ${trainee.user};
        drop owned by ${checker.user};
        drop owned by ${grader.user};
        drop role ${trainee.user}, ${checker.user}, ${grader.user};
      `);
      await owner.end();
      await server.stop();
    },
  };
}
