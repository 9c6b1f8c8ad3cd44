/**
 * A URL without what may be a secret in it: userinfo, query and fragment. For logs and error texts; what cannot be read as a
 * URL is cut at its first `?` or `#` and loses what stands before an `@`.
 */
export function redactUrl(text: string): string {
  const withoutQuery = text.replace(/[?#].*$/s, '?…');
  return withoutQuery.replace(/^([a-z][a-z0-9+.-]*:(?=\/))?(\/*)[^/]*@/i, '$1$2…@');
}
