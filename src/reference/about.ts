/** What each kind is for, in a sentence or two. The rest of its page is generated. */

export interface About {
  readonly components: Readonly<Record<string, string>>;
  readonly looks: Readonly<Record<string, string>>;
  readonly steps: Readonly<Record<string, string>>;
}

export const about: About = {
  components: {
    postgres:
      'A database of the lab’s own, cloned from a template that is seeded once. The trainee’s rights are chosen; the grader reads with a role that the trainee cannot reach.',
    'sample-api':
      'The platform that trainees practise on: customers, services, invoices, tickets, audit trail, tokens. `variant` plants faults; `source` runs the trainee’s copy instead of ours.',
    service: 'Any program: of the template, or from the trainee’s files with `source`.',
    redis: 'A Redis of the lab’s own. On `process` where the program is installed.',
    stub: 'A partner, as data: routes, tokens, moods, and a journal of what really happened that the trainee cannot reach.',
    traffic: 'A bounded load on another component, with a journal of what was sent and answered.',
    shell:
      'A workspace: a folder, tools, a command line. `kubeconfig` leads it to namespaces, with the trainee’s rights.',
    namespace:
      'A Kubernetes namespace of the trainee’s own; only on the backend kubernetes. `objects` are applied in the order of their files, and their texts may hold {{ }} in quotes; Pod Security `restricted` holds. `access.<component>.namespace` is its real name. Quota, policies and rights in it are ours. It is neither forked nor kept: trials go `live`, and there are no checkpoints.',
  },
  looks: {
    sql: 'Rows of a query, in a read-only transaction by an unprivileged role; with `explain` its plan. With `service` of a database that runs in a namespace, as the user that is named: it is the trainee’s own and what it says is their word.',
    schema: 'What tables, columns, indexes, constraints, views and functions there are.',
    http: 'One request and its answer; with `repeat` many, and how long they took.',
    exec: 'A program in the workspace. What it says is the trainee’s word.',
    file: 'A file of the workspace, or several; read without following links.',
    metric: 'Samples of a Prometheus page.',
    log: 'The last lines that a component’s program printed.',
    tcp: 'Whether a port is open, and what it says first.',
    dns: 'What a name resolves to.',
    answer: 'The trainee’s answer to a question.',
    watch: 'What a watch has seen over the lab’s life.',
    baseline:
      'What has changed against the start: schema, rows by key, files. The start of a database in a namespace is a namespace made anew from `objects`, within the deadline of the attempt.',
    mutants:
      'Whether the trainee’s tests pass on our reference and fail on our broken versions of it. Our tests never run beside the trainee’s code.',
    journal: 'What a partner was really asked, or what a load sent and was answered.',
    kubernetes: 'Objects in a namespace, as the cluster has them; none where there is none of that name.',
  },
  steps: {
    sql: 'Statements, with the trainee’s rights or with the grader’s.',
    http: 'A request; it fails unless its status is as expected, 2xx when nothing is said.',
    exec: 'A program in the workspace; it fails unless it ends with 0 or as expected.',
    file: 'Writes, patches or deletes a file of the workspace.',
    answer: 'Answers a question.',
    kubernetes:
      'Changes objects of a namespace with the trainee’s rights, waits for a rollout, or loses the whole namespace in a fault.',
    kill: 'Sends a signal to a component’s processes, and starts it again when told to.',
    statementStats: 'Forgets the statement statistics of this database, and of no other.',
    press: 'Presses a button, as the trainee.',
    mark: 'Gives an instructor’s mark; in proofs only.',
    stub: 'Changes a partner’s mood, or lets its tokens expire.',
    wait: 'Waits for a time, or until something holds.',
  },
};
