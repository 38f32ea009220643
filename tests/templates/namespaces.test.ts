/** Namespaces of a cluster in templates: what they become, and what is refused before there is a lab. */
import { describe, expect, it } from 'vitest';
import { readManifests } from '../../src/templates/manifests.ts';
import { bytes, changed, errorLines, type Files, fixture, parse, warningLines } from './support.ts';

const drill = 'dm-disaster-drill';

/** The drill with one more file. */
async function withFile(path: string, text: string): Promise<Files> {
  return new Map(await fixture(drill)).set(path, bytes(text));
}

describe('a template with namespaces', () => {
  it('has them as components, led to by workspaces and by traffic', async () => {
    const { template } = parse(await fixture(drill));
    const { production, vault, payments, workspace } = template?.components ?? {};
    expect(production).toEqual({
      kind: 'namespace',
      uses: [],
      custody: 'trainee',
      objects: 'objects/production/',
      rights: ['view', 'deploy', 'exec', 'logs', 'port-forward', 'read-secrets', 'jobs'],
      storage: {},
      pods: 20,
    });
    expect(vault).toMatchObject({ custody: 'platform', storage: { backups: 2048 } });
    expect(payments).toMatchObject({
      target: 'production',
      service: { name: 'dotmac-api', port: 8000 },
      uses: ['production'],
    });
    expect(workspace).toMatchObject({ kubeconfig: ['production', 'vault'], uses: ['production', 'vault'] });
  });

  it('has looks and steps in them', async () => {
    const { template } = parse(await fixture(drill));
    expect(template?.checks[0]?.observe.dump).toMatchObject({
      kind: 'file',
      spec: { volume: 'backups', glob: 'db-*.dump' },
    });
    expect(template?.faults[0]?.steps.map(({ spec }) => spec)).toMatchObject([
      { for: { from: 20_000 } },
      { component: 'production', deleteNamespace: true, within: 60_000 },
      { component: 'production', createNamespace: true },
    ]);
    expect(template?.solutions['cronjob-dump']?.[0]?.spec).toMatchObject({
      as: 'trainee',
      apply: expect.any(String),
    });
  });
});

describe('the language refuses in namespaces', () => {
  const health = 'http: { component: production, service: dotmac-api, path: /health/ready }';
  const refusals: readonly (readonly [string, readonly [string, string], ...RegExp[]])[] = [
    [
      'another backend',
      ['backends: [kubernetes]', 'backends: [docker, kubernetes]'],
      /^lab\.yaml:11:12 "production" is a namespace, which only the backend kubernetes has; found "docker"$/,
      /"vault" is a namespace/,
    ],
    [
      'a right that there is not',
      ['trainee: [jobs, exec, pvc]', 'trainee: [job]'],
      /found "job"; allowed: view, .*did you mean "jobs"\?$/,
    ],
    ['storage without a unit', ['backups: 2Gi', 'backups: 2'], /storage\.backups: expected string, found 2$/],
    [
      'objects that are not there',
      ['objects: objects/vault/', 'objects: objects/vaults/'],
      /the folder has no files below "objects\/vaults\/"; did you mean/,
    ],
    [
      'a kubeconfig of what is none',
      ['kubeconfig: [production, vault]', 'kubeconfig: [payments]'],
      /"payments" is a traffic; a kubeconfig leads to a namespace$/,
    ],
    [
      'a kubeconfig of nobody',
      ['kubeconfig: [production, vault]', 'kubeconfig: [prod]'],
      /there is no component "prod"/,
    ],
    [
      'traffic into a namespace at large',
      ['target: { component: production, service: dotmac-api, port: 8000 }', 'target: production'],
      /"production" is a namespace; name what takes the traffic there: \{ component, service, port \}$/,
    ],
    [
      'traffic to a service of what has none',
      ['target: { component: production, service', 'target: { component: workspace, service'],
      /"workspace" is a shell; a "service" is named in a namespace$/,
    ],
    [
      'a look at a namespace at large',
      [health, 'http: { component: production, path: /health/ready }'],
      /"production" is a namespace; name what is looked at in it with "service"$/,
    ],
    [
      'a service of what has none',
      [health, 'http: { component: workspace, service: dotmac-api, path: / }'],
      /"workspace" is a shell; "service" is named in a namespace$/,
    ],
    [
      'an account of ours there',
      [health, health.replace(' }', ', auth: trainee }')],
      /auth: a program in a namespace knows no account of ours: expected auth none or bearer$/,
    ],
    [
      'a port of nothing',
      [health, 'http: { component: production, port: 80, path: / }'],
      /"port" goes with "service"$/,
    ],
    [
      'a database without a login',
      [
        'postgres, database: dotmac, user: dotmac, password: "{{params.dbPassword}}", query',
        'postgres, query',
      ],
      /a database in a namespace is named by service, database, user and password together$/,
    ],
    [
      'a volume that there is not',
      ['volume: backups, glob: "db-*.dump", newest: 2', 'volume: backup, glob: "db-*.dump", newest: 2'],
      /there is no volume in the storage of "vault" "backup"; known: backups; did you mean "backups"\?$/,
    ],
    [
      'a kind without its version',
      ['kind: CronJob, apiVersion: batch/v1', 'kind: Prometheus'],
      /no usual kind: name its "apiVersion" too, such as "batch\/v1"$/,
    ],
    [
      'how it was',
      [`api: { ${health}`, `api: { ${health.replace(' }', ', at: start }')}`],
      /how the namespace "production" was is not kept: leave "at" out; of a database in it "baseline" tells/,
    ],
    [
      'a checkpoint',
      ['title: The drill, ', 'title: The drill, checkpoint: true, '],
      /no checkpoint can be kept of a lab with a namespace \("production"\)/,
    ],
    [
      'two acts in one step',
      ['deleteNamespace: true, within', 'deleteNamespace: true, createNamespace: true, within'],
      /expected exactly one of apply, delete, scale/,
    ],
    [
      'a disaster by a trainee',
      [
        'kubernetes: { component: vault, apply: solution/backup-cronjob.yaml }',
        'kubernetes: { component: vault, deleteNamespace: true }',
      ],
      /"deleteNamespace" is done by our hand, which no trainee can/,
    ],
    [
      'a solution by our hand',
      ['component: vault, apply: solution', 'component: vault, as: grader, apply: solution'],
      /it is done as the grader, which no trainee can/,
    ],
    [
      'a manifest that is not there',
      ['apply: solution/backup-cronjob.yaml', 'apply: solution/backup.yaml'],
      /the folder has no file "solution\/backup\.yaml"$/,
    ],
  ];
  for (const [what, change, ...errors] of refusals) {
    it(what, async () => {
      const found = errorLines(await changed(drill, change));
      expect(found.length).toBeGreaterThanOrEqual(errors.length);
      for (const [index, error] of errors.entries()) expect(found[index]).toMatch(error);
    });
  }

  it('forks of one, named or used', async () => {
    const trial = (fork: string) =>
      changed(drill, [
        '\nfaults:',
        `\ntrials:\n  - { id: t, on: { fork: [${fork}] }, steps: [{ wait: { for: 1s } }] }\n\nfaults:`,
      ]);
    expect(errorLines(await trial('vault'))).toEqual([
      expect.stringMatching(
        /trials cannot fork the namespace component "vault"; use "live", or look at it directly$/,
      ),
    ]);
    // A copied workspace has no kubeconfig.
    expect(errorLines(await trial('workspace'))).toEqual([]);
    expect(errorLines(await trial('payments'))).toEqual([
      expect.stringMatching(
        /cannot fork the namespace component "production", which "payments" uses; use "live"/,
      ),
    ]);
  });

  it('nothing in a live trial that is undone', async () => {
    const scale = (replicas: number) =>
      `{ kubernetes: { component: production, scale: { kind: Deployment, name: dotmac-api, replicas: ${replicas} } } }`;
    const files = await changed(drill, [
      '\nfaults:',
      `\ntrials:\n  - { id: t, on: live, steps: [${scale(0)}, { observe: { d: { kubernetes: { component: production, kind: Pod } } } }], undo: [${scale(2)}] }\n\nfaults:`,
    ]);
    expect(errorLines(files)).toEqual([]);
  });

  it('warns of a kubeconfig without kubectl, and of a namespace that nothing leads to', async () => {
    expect(warningLines(await changed(drill, ['tools: [kubectl, ', 'tools: [']))).toContainEqual(
      expect.stringMatching(/"workspace" has a kubeconfig, and kubectl is not among its tools$/),
    );
    expect(
      warningLines(await changed(drill, ['kubeconfig: [production, vault]', 'kubeconfig: [production]'])),
    ).toContainEqual(expect.stringMatching(/no workspace has a kubeconfig for "vault"/));
  });
});

describe('objects of a namespace', () => {
  const securityContext =
    '{ runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: [ALL] }, seccompProfile: { type: RuntimeDefault } }';
  const pod = (spec: string) => `apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec: { ${spec} }`;
  const container = (more: string) => pod(`containers: [{ name: c, image: i, ${more} }]`);
  const good = `securityContext: ${securityContext}`;

  it('may hold pods that Pod Security takes', async () => {
    expect(errorLines(await withFile('objects/vault/pod.yaml', container(good)))).toEqual([]);
  });

  const refusals: readonly (readonly [string, string, RegExp])[] = [
    [
      'what is no manifest',
      'kind: Pod',
      /^objects\/vault\/x\.yaml:1:1 expected the text apiVersion of an object; it is missing$/,
    ],
    [
      'an object without a name',
      'apiVersion: v1\nkind: Pod',
      /expected the text metadata\.name of an object/,
    ],
    ['what is no YAML', 'a: [', /is not valid YAML/],
    [
      'braces without quotes',
      'apiVersion: v1\nkind: Pod\nmetadata: { name: {{params.incident}} }',
      /:3:1 .*write \{\{ \}\} in quotes$/,
    ],
    [
      'a parameter that there is not',
      'apiVersion: v1\nkind: Pod\nmetadata: { name: "{{params.x}}" }',
      /\{\{params\.x\}\}: params has no "x"/,
    ],
    ['nothing', '# later', /there is no object in this file$/],
    [
      'the same twice',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: notes }',
      /ConfigMap notes is also in objects\/vault\/notes\.yaml$/,
    ],
    [
      'what belongs to the cluster',
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: x }',
      /Namespace x: a Namespace belongs to no namespace/,
    ],
    [
      'what is ours',
      'apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: x }',
      /is not for templates to make: "limits" and "pods"/,
    ],
    [
      'rights',
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: { name: x }',
      /"trainee" of the component says what the trainee may do$/,
    ],
    [
      'a policy of ours',
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: x }',
      /a NetworkPolicy is ours/,
    ],
    [
      'another namespace',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x, namespace: y }',
      /metadata\.namespace is filled in by us/,
    ],
    [
      'a privileged container',
      container(good.replace('{ run', '{ privileged: true, run')),
      /spec\.containers\[0\]\.securityContext\.privileged must not be true \(Pod Security restricted\)$/,
    ],
    ['escalation', container(good.replace('false', 'true')), /allowPrivilegeEscalation must be false/],
    [
      'capabilities that stay',
      container(good.replace('[ALL]', '[NET_RAW]')),
      /capabilities\.drop must be \[ALL\]/,
    ],
    [
      'root',
      container(good.replace('runAsNonRoot: true, ', '')),
      /runAsNonRoot must be true, here or of the pod/,
    ],
    [
      'no seccomp profile',
      container(good.replace('RuntimeDefault', 'Unconfined')),
      /seccompProfile\.type must be RuntimeDefault/,
    ],
    [
      'a port of the node',
      container(`${good}, ports: [{ containerPort: 1, hostPort: 2 }]`),
      /ports\[0\]\.hostPort must be left out/,
    ],
    [
      'the network of the node',
      pod('hostNetwork: true, containers: []'),
      /spec\.hostNetwork must not be true/,
    ],
    [
      'a folder of the node',
      pod('containers: [], volumes: [{ name: v, hostPath: { path: / } }]'),
      /spec\.volumes\[0\]\.hostPath is no volume that is allowed/,
    ],
  ];
  for (const [what, text, error] of refusals) {
    it(`may not hold ${what}`, async () => {
      const found = errorLines(await withFile('objects/vault/x.yaml', text));
      expect(found[0]).toMatch(error);
    });
  }

  it('may not lie beside other files', async () => {
    expect(errorLines(await withFile('objects/vault/notes.txt', 'x'))).toEqual([
      expect.stringMatching(/"objects\/vault\/notes\.txt" is no manifest/),
    ]);
  });

  it('may be a policy where the trainee has a right to policies', async () => {
    const files = new Map(
      await changed(drill, ['trainee: [jobs, exec, pvc]', 'trainee: [jobs, exec, pvc, network-policies]']),
    );
    const policy = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: x }';
    expect(errorLines(files.set('objects/vault/x.yaml', bytes(policy)))).toEqual([]);
  });

  it('are read one by one, out of several documents and of lists', () => {
    const one = (name: string) => `{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name} } }`;
    const { manifests, problems } = readManifests(
      `${one('a')}\n---\n---\n{ kind: List, items: [${one('b')}, ${one('c')}] }\n`,
    );
    expect(problems).toEqual([]);
    expect(manifests.map(({ object, line }) => [JSON.stringify(object.metadata), line])).toEqual([
      ['{"name":"a"}', 1],
      ['{"name":"b"}', 4],
      ['{"name":"c"}', 4],
    ]);
  });

  it('that unfold without end are refused', () => {
    const bomb = [
      'a: &a [x, x, x, x, x, x, x, x, x]',
      ...'bcdefgh'.split('').map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[at]}`)}]`),
    ];
    expect(readManifests(bomb.join('\n')).problems).toMatchObject([
      { message: expect.stringContaining('no end') },
    ]);
  });
});
