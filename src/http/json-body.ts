/** Bodies are JSON and nothing else. */
import { LabError } from '../lab/errors.ts';
import type { Api } from './api.ts';

/** Takes JSON bodies, and an empty one as none: many clients send the content type with nothing. */
export function acceptJson(api: Api): void {
  // `error`: a body with `__proto__` or `constructor.prototype` is refused, not cleaned.
  const parse = api.getDefaultJsonParser('error', 'error');
  api.removeContentTypeParser(['application/json', 'text/plain']);
  api.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = String(body);
    if (text === '') return done(null, undefined);
    parse(request, text, (error, value) => done(error === null ? null : malformed(text), value));
  });
}

function malformed(text: string): LabError {
  return new LabError('malformed_json', `The body cannot be read: ${reason(text)}.`);
}

/** The framework's parser does not say where; the language's own does. */
function reason(text: string): string {
  try {
    JSON.parse(text);
    return 'it names a property that belongs to the language, such as __proto__';
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : 'it is not JSON';
  }
}
