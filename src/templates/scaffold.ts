/** `labwright template new`: a small whole lab to start from. It loads, lints clean and can be solved. */
import { LabError } from '../lab/errors.ts';
import { kebab } from './schema-parts.ts';

/** The files of a new template by path. Throws as `requireTemplateId`. */
export function scaffoldTemplate(id: string): ReadonlyMap<string, string> {
  requireTemplateId(id);
  return new Map([
    ['lab.yaml', lab.replace('{id}', id)],
    ['README.md', readme],
    ['tasks/1-open.md', openTask],
    ['tasks/2-resolve.md', resolveTask],
    ['workspace/token.sh', tokenScript],
  ]);
}

/** Throws LabError `validation_failed` when it is not kebab-case. */
export function requireTemplateId(id: string): void {
  if (kebab.safeParse(id).success) return;
  throw new LabError(
    'validation_failed',
    `"${id}" is no template id; expected kebab-case such as "first-ticket".`,
  );
}

const lab = `# yaml-language-server: $schema=../../lab-template.schema.json
labwright: 1
id: {id}
title: Open a ticket and see it through
summary: Record a customer's call as a ticket through the API, and resolve it.
level: foundation
competencies: [api.rest]
minutes: 20
lifetime: { ttl: 1h, max: 4h, warn: [15m, 5m] }
backends: [process]
grading: { deadline: 30s, onDemand: { every: 5s } }

# Drawn for each trainee from the lab's seed, so that answers cannot be passed on.
parameters:
  subject:  { draw: { pattern: "No connection since [2-9] o'clock \\\\(line [A-Z]{2}[0-9]{4}\\\\)" } }
  priority: { draw: { choice: [high, urgent] } }

components:
  database:  { postgres: { seed: { generator: sample-api, scale: S }, trainee: { role: read-only } } }
  api:       { sample-api: { uses: database, variant: stock } }
  workspace: { shell: { files: workspace/, tools: [curl, jq] } }

instructions: README.md
tasks:
  - { id: open,    title: Open the ticket, text: tasks/1-open.md,    checks: [ticket-opened, right-category, right-priority, through-the-api] }
  - { id: resolve, title: Resolve it,      text: tasks/2-resolve.md, checks: [resolved] }

# Shared by all checks: read once an attempt.
observations:
  ticket:
    sql:
      component: database
      # The newest first: who begins again is graded on what they did last.
      query: "select id::text as id, category, priority, status from tickets where subject = $1 order by created_at desc, id"
      args: ["{{params.subject}}"]

checks:
  - id: ticket-opened
    title: There is a ticket with the subject that you were given
    points: 20
    expect:
      - that: ticket.rows.size() >= 1
        else: "No ticket has the subject “{{params.subject}}”."
    hints:
      - { text: "The API describes itself: {{access.api.url}}/docs", penalty: 0 }
      - { text: POST /api/v1/tickets, penalty: 4 }

  - id: right-category
    title: It is about connectivity
    points: 10
    needs: [ticket-opened]
    expect:
      - that: ticket.rows[0].category == "connectivity"
        else: "The ticket is filed under {{ticket.rows[0].category}}. What does the customer miss?"
    hints: [{ text: "The categories are listed in the API's documentation of POST /api/v1/tickets.", penalty: 1 }]

  - id: right-priority
    title: It has the priority that was agreed
    points: 10
    needs: [ticket-opened]
    expect:
      - that: ticket.rows[0].priority == params.priority
        else: "The priority is {{ticket.rows[0].priority}}; {{params.priority}} was agreed."
    hints: [{ text: "PATCH /api/v1/tickets/{id} changes what is there.", penalty: 1 }]

  - id: through-the-api
    title: The audit trail shows that it was you
    points: 20
    needs: [ticket-opened]
    observe:
      trail:
        sql:
          component: database
          # The grader's own calls have an "act"; they are no evidence.
          query: "select a.action, a.actor from audit_trail a join tickets t on t.id = a.entity_id where t.subject = $1 and a.act is null"
          args: ["{{params.subject}}"]
    expect:
      - that: trail.rows.exists(t, t.action == "ticket.created" && t.actor == access.api.user)
        else: The ticket is there, but the audit trail does not say that you made it.
    hints: [{ text: "Log in with the account in the instructions, and send its token with every call.", penalty: 2 }]

  - id: resolved
    title: It is resolved, and the API says so too
    points: 20
    needs: [ticket-opened]
    observe:
      api: { http: { component: api, path: "/api/v1/tickets?q={{params.subject}}", auth: trainee } }
    expect:
      - that: ticket.rows[0].status == "resolved"
        points: 15
        else: "The ticket is {{ticket.rows[0].status}}."
      - that: api.status == 200 && api.json.items.exists(t, t.id == ticket.rows[0].id && t.status == "resolved")
        else: The API does not show the ticket as resolved.
    hints: [{ text: "A ticket that is done has the status resolved.", penalty: 2 }]

# Each solution must reach full points. Run as the trainee, with the trainee's rights.
solutions:
  by-api:
    - id: open
      http: { component: api, method: POST, path: /api/v1/tickets, auth: trainee, json: { subject: "{{params.subject}}", category: connectivity, priority: "{{params.priority}}" }, save: { ticket: json.id } }
    - id: resolve
      http: { component: api, method: PATCH, path: "/api/v1/tickets/{{saved.ticket}}", auth: trainee, json: { status: resolved } }

# What people really do wrong, and exactly which checks must then fall.
wrong:
  - id: left-open
    from: by-api
    steps: { drop: [resolve] }
    fails: { resolved: { verdict: fail, points: 0 } }
  - id: filed-it-anywhere
    from: by-api
    steps:
      replace:
        open:
          http: { component: api, method: POST, path: /api/v1/tickets, auth: trainee, json: { subject: "{{params.subject}}", category: general, priority: "{{params.priority}}" }, save: { ticket: json.id } }
    fails: { right-category: fail }
  - id: took-it-lightly
    from: by-api
    steps:
      replace:
        open:
          http: { component: api, method: POST, path: /api/v1/tickets, auth: trainee, json: { subject: "{{params.subject}}", category: connectivity, priority: low }, save: { ticket: json.id } }
    fails: { right-priority: fail }
`;

const readme = `# Open a ticket and see it through

A customer called. Record the call as a ticket, through the API, and resolve it.

| | |
|---|---|
| subject | {{params.subject}} |
| priority | {{params.priority}} |
| the API | {{access.api.url}} (its documentation is at \`/docs\`) |
| your account | \`{{access.api.user}}\`, password \`{{access.api.password}}\` |
| the database | read-only: \`{{access.database.url}}\` |
`;

const openTask = `## Open the ticket

Log in (\`POST /api/v1/auth/login\`; \`./token.sh\` in your workspace does it) and open one ticket with the subject
**{{params.subject}}**, in the category that fits, with the priority **{{params.priority}}**.
`;

const resolveTask = `## Resolve it

The line works again. Say so in the ticket: it is resolved now.
`;

const tokenScript = `#!/bin/sh
# Prints a token for the API; the address and the account are in the environment of this workspace.
curl -s "$API_URL/api/v1/auth/login" \\
  -H 'content-type: application/json' \\
  -d "{\\"email\\": \\"$API_USER\\", \\"password\\": \\"$API_PASSWORD\\"}" | jq -r .access_token
`;
