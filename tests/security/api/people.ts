/** One person after what belongs to another. */
import { encodeCursor } from '../../../src/store/cursor.ts';
import { secretWords } from '../../http/sample-version.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { type ApiWorld, done, type More } from './world.ts';

type Request = readonly [method: string, path: string, more?: More];

/** Requests that are the same but for who sends them: what holds is who they are. */
function asOthers(
  name: string,
  defence: string,
  who: readonly ['eve' | 'teacher', 'teacher' | 'admin'],
  requests: (lab: string) => readonly Request[],
): Attack<ApiWorld> {
  const [weak, strong] = who;
  const send = async ({ call, tokens, lab }: ApiWorld, as: 'eve' | 'teacher' | 'admin') => {
    const answers: string[] = [];
    let through = false;
    for (const [method, path, more] of requests(lab)) {
      const answer = await call(tokens[as], method, `/api/v1${path}`, more);
      answers.push(`${method} ${path}: ${answer.status}`);
      through ||= done(answer) || answer.status >= 500;
    }
    return outcome(through, answers);
  };
  return attack<ApiWorld>({
    family: 'api',
    name,
    defence,
    off: `the same requests of ${strong === 'admin' ? 'an admin' : 'an instructor'}`,
    run: (world) => send(world, weak),
    control: (world) => send(world, strong),
  });
}

export const people: readonly Attack<ApiWorld>[] = [
  asOthers(
    'reading the lab of another trainee by its id',
    'another trainee’s lab is not found, whatever is asked of it',
    ['eve', 'teacher'],
    (lab) =>
      ['', '/access', '/guide', '/attempts', '/attempts/1', '/progress', '/solution', '/marks', '/help'].map(
        (part) => ['GET', `/labs/${lab}${part}`],
      ),
  ),
  asOthers(
    'changing the lab of another trainee by its id',
    'another trainee’s lab is not found, whatever is asked of it',
    ['eve', 'teacher'],
    (lab) => [
      ['POST', `/labs/${lab}/extend`, { body: { minutes: 1 } }],
      ['PUT', `/labs/${lab}/answers/why`, { body: { value: 'eve' } }],
      ['POST', `/labs/${lab}/help`, { body: { message: 'eve' } }],
      ['POST', `/labs/${lab}/checks/open/hints`, {}],
      ['POST', `/labs/${lab}/attempts`, { body: {} }],
    ],
  ),
  asOthers(
    'watching the events of another trainee’s lab',
    'a stream is opened after the lab was looked up as its reader',
    ['eve', 'teacher'],
    (lab) => [['GET', `/labs/${lab}/events`]],
  ),
  asOthers(
    'doing as an instructor does',
    'what needs a role asks for it, with the role of the token and no other',
    ['eve', 'teacher'],
    () => [
      ['POST', '/labs', { body: { template: 'first-steps', trainee: 'ann' } }],
      ['POST', '/labs', { body: { template: 'first-steps', seed: 'mine' } }],
      ['GET', '/labs?trainee=ann'],
      ['POST', '/tokens', { body: { subject: 'eve' } }],
      ['GET', '/tokens'],
      ['GET', '/help'],
      ['GET', '/audit'],
      ['GET', '/regrades'],
      ['GET', '/templates/first-steps/versions'],
      ['POST', '/templates/first-steps/stage', { body: {} }],
      ['PUT', '/classes/mine', { body: { title: 'x' } }],
    ],
  ),
  asOthers(
    'a role in a header that a proxy would set',
    'headers say nothing about who somebody is',
    ['eve', 'teacher'],
    () => {
      const headers = {
        'x-role': 'admin',
        'x-user': 'admin',
        'x-forwarded-user': 'admin',
        'x-remote-user': 'admin',
      };
      return [['GET', '/tokens', { headers }]];
    },
  ),
  asOthers(
    'an instructor who makes an admin',
    'tokens of higher roles are not made, seen or revoked from below',
    ['teacher', 'admin'],
    () => [['POST', '/tokens', { body: { subject: 'x', role: 'admin' } }]],
  ),
  attack<ApiWorld>({
    family: 'api',
    name: 'the key of somebody else’s request, sent again',
    defence: 'an Idempotency-Key counts for the caller who sent it',
    off: 'keys that all callers share',
    async run({ call, tokens }) {
      const sent = { body: { template: 'first-steps' }, headers: { 'idempotency-key': 'of-ann' } };
      const ann = await call(tokens.ann, 'POST', '/api/v1/labs', sent);
      const eve = await call(tokens.eve, 'POST', '/api/v1/labs', sent);
      const [hers, mine] = [ann, eve].map(({ text }) => (JSON.parse(text) as { id?: string }).id);
      return outcome(hers === mine || eve.headers.has('idempotency-replayed'), [ann.text, eve.text]);
    },
    async control({ http }) {
      const wish = (id: string, trainee: string) =>
        http.store.createLab({
          id,
          trainee,
          templateId: 'first-steps',
          templateHash: 'hash-of-first-steps',
          backend: 'process',
          seed: 'seed',
          ttlSeconds: 60,
          maxSeconds: 60,
          idempotency: { caller: 'everybody', key: 'one', bodyHash: 'same' },
          quota: { perTrainee: 9, global: 99 },
        });
      await wish('lab-shared-1', 'ann');
      const { lab } = await wish('lab-shared-2', 'eve');
      return outcome(lab.trainee === 'ann', lab);
    },
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'a cursor that was made up, to page into the labs of all',
    defence: 'a page is filtered by its reader, whatever its cursor says',
    off: 'the same cursor without the filter',
    async run({ call, tokens }) {
      const answer = await call(tokens.eve, 'GET', `/api/v1/labs?limit=100&cursor=${forged()}`);
      return outcome(answer.text.includes('"trainee":"ann"') || answer.status >= 500, answer.text);
    },
    async control({ http }) {
      const { items } = await http.store.listLabs({ limit: 100, cursor: forged() });
      return outcome(
        items.some(({ lab }) => lab.trainee === 'ann'),
        items.length,
      );
    },
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'looking for solutions and queries in what a template tells',
    defence: 'a template’s answers are written out field by field',
    off: 'the template as it was parsed',
    async run({ call, tokens, lab }) {
      const paths = ['/templates', '/templates/first-steps', '/templates/first-steps/instructions'];
      const all = [
        ...paths,
        `/labs/${lab}`,
        `/labs/${lab}/guide`,
        `/labs/${lab}/progress`,
        `/labs/${lab}/solution`,
      ];
      const texts: string[] = [];
      for (const path of all) texts.push((await call(tokens.ann, 'GET', `/api/v1${path}`)).text);
      const found = secretWords.filter((word) => word !== 'SECRET-PARAM' && texts.join('').includes(word));
      return outcome(found.length > 0, found);
    },
    async control({ http }) {
      const version = await http.deps.templates.load('first-steps');
      const text = JSON.stringify(version?.template);
      return outcome(text.includes('SOLUTION-TEXT') && text.includes('QUERY-TEXT'), text.length);
    },
  }),
];

const forged = () => encodeCursor({ createdAt: new Date('2100-01-01T00:00:00Z'), id: 'zzz' });
