/**
 * Takes secrets out of text that people may read later. Works on the finished line, so that no field, message or
 * stack that someone adds later can carry one past it.
 */
const rules: readonly (readonly [RegExp, string])[] = [
  // A connection string, whatever its scheme: the credentials go, the host stays useful.
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s"'\\]*@/gi, '$1***@'],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, '$1 ***'],
  [/\blw_[A-Za-z0-9_-]{8,}/g, 'lw_***'],
  // A JSON web token.
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, '***'],
  [
    /("(?:[a-z0-9_]*(?:password|passwd|secret|token|apikey|api_key|installationkey)|authorization|cookie|set-cookie)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi,
    '$1"***"',
  ],
  [/\b(password|passwd|secret|token|pgpassword)=[^\s&"'\\]+/gi, '$1=***'],
];

/** The same text with every token, password and connection string's credentials replaced by `***`. */
export function mask(text: string): string {
  return rules.reduce((line, [pattern, by]) => line.replace(pattern, by), text);
}
