/**
 * The back office's jobs: look-ups all day, a work list that is asked for again and again, and two reports. Each job
 * names itself in a comment of its statement, so that whoever reads the statistics knows whom to ask.
 */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const { DATABASE_URL: connectionString, WORK_LIST: workList, HOST: host, PORT: port } = process.env;
const secondsBetweenRounds = 300;

const lists: Record<string, string> = {
  dunning: `select /* job: dunning */ id, number, customer_id, total_amount, due_at
    from invoices where status = 'overdue' order by due_at limit 50`,
  write_offs: `select /* job: write_offs */ id, number, customer_id, total_amount, issued_at
    from invoices where status = 'void' order by issued_at limit 50`,
  card_retry: `select /* job: card_retry */ id, invoice_id, customer_id, amount, paid_at
    from payments where status = 'failed' order by paid_at limit 50`,
};

/** Job → statement and how often a round asks it. The work list of the season comes on top. */
const jobs: readonly { readonly sql: string; readonly times: number; readonly perCustomer?: true }[] = [
  ...Object.values(lists).map((sql) => ({ sql, times: 1 })),
  { sql: 'select /* job: cash_flow */ * from cash_flow', times: 1 },
  { sql: 'select /* job: monthly_figures */ * from monthly_figures', times: 1 },
  { sql: 'select /* job: customer_page */ * from customers where id = $1', times: 250, perCustomer: true },
  {
    sql: `select /* job: portal */ number, total_amount, status from invoices
      where customer_id = $1 order by period_start desc limit 12`,
    times: 120,
    perCustomer: true,
  },
  {
    sql: `select /* job: helpdesk */ id, number, subject from tickets where status in ('open', 'in_progress') limit 25`,
    times: 15,
  },
];

const workListTimes = 40;
let rounds = 0;

async function round(): Promise<void> {
  const client = new pg.Client({ connectionString, application_name: 'backoffice' });
  // Whoever copies the database ends its sessions for a moment; the next round comes with a new one.
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query(
      'select /* job: day_start */ id from customers order by id limit 250',
    );
    const current = lists[workList ?? ''];
    if (current === undefined) throw new Error(`there is no work list "${workList}"`);
    // The list comes first: whoever looks in the middle of the first round sees it at the top already.
    for (let time = 0; time < workListTimes; time += 1) await client.query(current);
    for (const { sql, times, perCustomer } of jobs) {
      for (let time = 0; time < times; time += 1) {
        await client.query(sql, perCustomer ? [rows[time % rows.length]?.id] : []);
      }
    }
    rounds += 1;
  } finally {
    await client.end().catch(() => {});
  }
}

createServer((request, response) => {
  // 200 at /day: a whole round is behind us, and nothing asks the database until the next.
  const isOver = request.url !== '/day' || rounds > 0;
  response.writeHead(isOver ? 200 : 503).end(`${rounds} rounds\n`);
}).listen(Number(port), host);

for (;;) {
  try {
    await round();
    await sleep(secondsBetweenRounds * 1000);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    await sleep(1000);
  }
}
