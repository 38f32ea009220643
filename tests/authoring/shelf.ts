/** A small template in a folder of its own that tests edit as an author does. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const lab = `labwright: 1
id: shelf
title: Put a book on the shelf
summary: A database with one table, for tests.
level: foundation
minutes: 5
lifetime: { ttl: 1h, max: 4h }
backends: [process]
grading: { deadline: 30s, onDemand: { every: 0s } }
parameters:
  book: { draw: { pattern: "[a-z]{12}" } }
components:
  database:  { postgres: { seed: [schema.sql], trainee: { role: read-write } } }
  workspace: { shell: { files: workspace/, tools: [] } }
instructions: README.md
tasks:
  - { id: all, title: All of it, checks: [there, alone, kept] }
observations:
  books: { sql: { component: database, query: "select title, pages from books order by title" } }
  other: { sql: { component: database, query: "select count(*)::float8 as n from books" } }
trials:
  - id: another
    on: { fork: [database] }
    draws: { title: { pattern: "[A-Z]{12}" } }
    steps:
      - sql: { component: database, as: trainee, statement: "insert into books values ($1, 7)", args: ["{{attempt.title}}"] }
      - observe:
          after: { sql: { component: database, query: "select title from books where title = $1", args: ["{{attempt.title}}"] } }
checks:
  - id: there
    title: The book is on the shelf
    points: 10
    expect:
      - that: books.rows.exists(b, b.title == params.book)
        points: 6
        else: "There is no book {{params.book}}."
      - that: books.rows[0].pages >= 100
        else: The first book is thin.
  - id: alone
    title: There is one book
    points: 5
    needs: [there]
    observe:
      count: { sql: { component: database, query: "select count(*)::float8 as n from books" } }
    expect:
      - that: count.rows[0].n == 1 && other.rows[0].n == 1
        else: The books are more than one.
  - id: kept
    title: Another book can be put beside it
    points: 5
    trial: another
    expect:
      - that: after.rows.size() == 1 && after.rows[0].title == attempt.title
        else: It did not stay.
solutions:
  by-sql:
    - { id: put, sql: { component: database, as: trainee, statement: "insert into books values ($1, 120) returning title", args: ["{{params.book}}"] }, save: { title: "rows[0].title" } }
    - { id: turn, sql: { component: database, as: trainee, statement: "update books set pages = 130 where title = $1", args: ["{{saved.title}}"] } }
wrong:
  - id: wrote-another
    from: by-sql
    steps: { replace: { put: { sql: { component: database, as: trainee, statement: "insert into books values ('other', 120) returning title", save: { title: "rows[0].title" } } } } }
    fails: { there: fail }
`;

export interface Shelf {
  /** For TEMPLATES_DIR. */
  readonly root: string;
  readonly folder: string;
  /** Saves a file as editors do that write beside it and move it into place. */
  save(path: string, text: string): void;
  /** Saves `lab.yaml` with this instead of that; throws when that is not in it. */
  replace(that: string, by: string): void;
  remove(): void;
}

export function makeShelf(): Shelf {
  const root = mkdtempSync(join(tmpdir(), 'labwright-shelf-'));
  chmodSync(root, 0o755);
  const folder = join(root, 'shelf');
  mkdirSync(join(folder, 'workspace'), { recursive: true });
  const save = (path: string, text: string) => {
    writeFileSync(join(root, 'draft'), text);
    renameSync(join(root, 'draft'), join(folder, path));
  };
  save('lab.yaml', lab);
  save('README.md', '# The shelf\n');
  save('schema.sql', 'create table books (title text primary key, pages int not null);\n');
  save('workspace/note.txt', 'Books go upright.\n');
  return {
    root,
    folder,
    save,
    replace(that, by) {
      const before = readFileSync(join(folder, 'lab.yaml'), 'utf8');
      if (!before.includes(that)) throw new Error(`lab.yaml has no ${that}`);
      save('lab.yaml', before.replace(that, by));
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
