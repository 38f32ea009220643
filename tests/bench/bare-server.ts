/**
 * The floor of a server: Fastify, pg and BullMQ with nothing of ours. Takes `POST /labs`, writes a row and a job, and
 * serves the jobs when it is told to. Started as a process of its own: `node bare-server.ts <url> <worker|no-worker>`.
 */
import { randomBytes } from 'node:crypto';
import { createPostgresBackend, isPgPool, runMigrations, withBackend } from 'bullmq';
import Fastify from 'fastify';
import pg from 'pg';

const [, , connectionString = '', role] = process.argv;

const rows = new pg.Pool({ connectionString, max: 12 });
await rows.query(`create table if not exists labs (
  id text primary key, trainee text not null, template text not null, phase text not null,
  created_at timestamptz not null default now(), expires_at timestamptz not null)`);
const jobs = new pg.Pool({ connectionString, max: 12, options: '-c search_path=bullmq' });
const client = await jobs.connect();
await runMigrations(client, 'bullmq').finally(() => client.release());
const connection: unknown = jobs;
if (!isPgPool(connection)) throw new Error('BullMQ does not take this pool');
const { Queue, Worker } = withBackend(createPostgresBackend);
const queue = new Queue<{ id: string }>('bare', {
  connection,
  defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
});
if (role === 'worker')
  new Worker<{ id: string }, void>('bare', async () => {}, { connection, concurrency: 4 });

interface Body {
  readonly template: string;
  readonly trainee: string;
}

const app = Fastify({ logger: false });
app.get('/healthz', async () => ({ status: 'ok' }));
app.post<{ Body: Body }>('/labs', async (request, reply) => {
  const id = `lab-${randomBytes(8).toString('hex')}`;
  const { rows: made } = await rows.query({
    name: 'create',
    text: `insert into labs (id, trainee, template, phase, expires_at)
           values ($1, $2, $3, 'requested', now() + interval '2 hours') returning *`,
    values: [id, request.body.trainee, request.body.template],
  });
  await queue.add('wake', { id });
  return reply.code(202).send(made[0]);
});
console.log(JSON.stringify({ url: await app.listen({ host: '127.0.0.1', port: 0 }) }));
