/** SQL that reaches further than it should, or records more than anybody judges. */
import type { Path } from './problem.ts';
import type { Scene } from './scene.ts';
import { textsIn, valueAt } from './tree.ts';

const sections = ['observations', 'trials', 'watches', 'faults', 'checks', 'solutions', 'wrong'];

export function lintSql(scene: Scene): void {
  for (const section of sections) {
    for (const { path, text } of textsIn(valueAt(scene.written, [section]), [section])) {
      const key = path.at(-1);
      if (key !== 'query' && key !== 'statement') continue;
      const reset = text.search(/\bpg_stat_statements_reset\s*\(/i);
      if (reset >= 0) {
        const message = 'pg_stat_statements_reset() forgets the statistics of every lab on the server';
        scene.report(path, 'wrong_value', message, { offset: reset });
      }
      if (key === 'query') lintQuery(scene, path, text);
    }
  }
}

function lintQuery(scene: Scene, path: Path, text: string): void {
  const star = text.search(/\bselect\s+(\w+\.)?\*/i);
  if (star >= 0) {
    const message = 'select * records columns that nobody judges; name the columns';
    scene.report(path, 'style', message, { offset: star, severity: 'warning' });
  }
  const code = withoutTexts(text);
  const found = reads.test(code) ? writing.exec(code) : /\S+/.exec(code);
  if (found === null) return;
  const word = found[0].replace(/\s+/g, ' ').replace(/ ?\($/, '');
  const message = `a look only reads, and "${word}" does more; what is done to the lab goes into a trial`;
  scene.report(path, 'wrong_value', message, { offset: found.index });
}

const reads = /^\s*(?:\(\s*)*(?:select|with|table|values|show)\b/i;

/** What a reading transaction refuses anyhow, and what it lets through though others feel it. */
const writing = new RegExp(
  [
    String.raw`\binsert\s+into\b`,
    String.raw`\bupdate\s+[\w."]+\s+(?:as\s+\w+\s+)?set\b`,
    String.raw`\bdelete\s+from\b`,
    String.raw`\bmerge\s+into\b`,
    String.raw`\bfor\s+(?:no\s+key\s+update|update|key\s+share|share)\b`,
    String.raw`\b(?:nextval|setval|set_config|pg_notify|lo_\w+|pg_(?:terminate|cancel)_backend|pg_(?:try_)?advisory_\w+)\s*\(`,
  ].join('|'),
  'i',
);

/**
 * The same length, so that places stay: strings and comments hold no keywords. What is never closed goes on to the end,
 * or each of many openings would be followed there.
 */
function withoutTexts(sql: string): string {
  const texts = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'[^']*(?:''[^']*)*(?:'|$)|(\$\w*\$)[\s\S]*?(?:\1|$)/g;
  return sql.replace(texts, (text) => ' '.repeat(text.length));
}
