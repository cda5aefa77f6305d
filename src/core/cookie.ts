/**
 * The value of a cookie out of a `Cookie` field (RFC 6265, 5.4), as it stands there; `undefined` where it is
 * not there, or empty. Of several by one name it is the first, which is that of the most exact path.
 */
export function cookieValue(field: string | undefined, name: string): string | undefined {
  if (field === undefined) return undefined;
  for (const pair of field.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    return value === '' ? undefined : value;
  }
  return undefined;
}
