/** The path of a request's URL, without its query: what may be logged and repeated. */
export function pathOf(url: string): string {
  const end = url.search(/[?#;]/);
  const path = end === -1 ? url : url.slice(0, end);
  return path.length > 300 ? `${path.slice(0, 300)}…` : path;
}
