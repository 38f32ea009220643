/**
 * Your partner, from the outside:
 *   node partner.ts mood           which mood it is in
 *   node partner.ts mood storm     calm, busy or storm
 *   node partner.ts journal [20]   what it saw, the newest last
 * Its address is taken from PARTNER_URL; the lab's first page shows it.
 */
interface Journal {
  readonly entries: readonly {
    readonly at: string;
    readonly route: string;
    readonly status: number;
    readonly outcome: string;
    readonly key?: string;
    readonly json?: { readonly order?: string };
  }[];
  readonly effects: readonly { readonly count: number }[];
}

const url = process.env.PARTNER_URL;
const [what, value] = process.argv.slice(2);
if (url === undefined || (what !== 'mood' && what !== 'journal')) {
  console.error('usage: PARTNER_URL=http://… node partner.ts mood [calm|busy|storm] | journal [how many]');
  process.exit(2);
}
if (what === 'mood') {
  const change = {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mood: value }),
  };
  const answer = await fetch(`${url}/_stub/mood`, value === undefined ? {} : change);
  console.log(await answer.text());
} else {
  const answer = await fetch(`${url}/_stub/journal?last=${value ?? 20}`);
  const { entries, effects } = (await answer.json()) as Journal;
  for (const { at, route, status, outcome, key, json } of entries) {
    const about = [json?.order, key === undefined ? null : `key ${key}`].filter(Boolean).join(', ');
    console.log(
      `${at.slice(11, 23)}  ${route.padEnd(17)} ${String(status).padStart(3)} ${outcome.padEnd(12)} ${about}`,
    );
  }
  const twice = effects.filter(({ count }) => count > 1);
  console.log(`${effects.length} orders were charged, ${twice.length} of them more than once.`);
}
